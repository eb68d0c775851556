import yargs from 'yargs';
import { readConfig } from '../../pipelines/config.js';
import { UserError } from '../../pipelines/errors.js';
import type { Command } from '../../pipelines/lib/command.js';
import { silentProgress } from '../../pipelines/lib/progress.js';
import { layOut } from '../../pipelines/lib/terminal.js';

/** What the command line would print and exit with. */
export type Here = { status: number; stdout: string; stderr: string; json: unknown };

/** Runs a verb within this process: most of a small run is the start of a process of its own. */
export async function verbHere(
  command: Command,
  words: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<Here> {
  const { _: given, ...options } = await yargs([...words])
    .options({ ...command.options, json: { type: 'boolean' } })
    .parserConfiguration({ 'parse-positional-numbers': false })
    .exitProcess(false)
    .parseAsync();
  const rest = given.map(String);
  const positionals = Object.entries(command.positionals ?? {}).map(([name, { array }]) => [
    name,
    array === true ? rest.splice(0) : rest.shift(),
  ]);
  let stderr = '';
  const log = (line: string) => {
    stderr += `${line}\n`;
  };
  try {
    const config = readConfig({ ...process.env, ...environment });
    const context = { config, log, progress: silentProgress, now: () => new Date() };
    const {
      summary,
      json,
      exitCode: status = 0,
    } = await command.run({ ...options, ...Object.fromEntries(positionals) }, context);
    const lines = options.json === true ? [JSON.stringify(json)] : layOut(summary);
    return { status, stdout: `${lines.join('\n')}\n`, stderr, json };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { status: error.exitCode, stdout: '', stderr: `${stderr}${error.message}\n`, json: null };
  }
}
