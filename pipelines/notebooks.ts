import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { exitCodes, UserError } from './errors.js';
import type { Command, Context, Outcome } from './lib/command.js';
import { executeNotebook } from './lib/executedNotebook.js';
import { findJupyter, installJupyter, notebookFolder } from './lib/jupyter.js';
import { publishedTables } from './lib/publishedTables.js';

/** `tracemill notebooks`. */
export const command: Command = {
  describe: 'Run the notebooks on the lake and write copies with their tables and pictures',
  example: 'tracemill notebooks 01',
  positionals: {
    names: {
      type: 'string',
      array: true,
      describe: 'How the names of those to run begin; all when none is named',
    },
  },
  options: {
    out: { type: 'string', describe: 'Folder of the copies (default: notebooks/ in the data folder)' },
  },
  run: async (args, context): Promise<Outcome> => {
    const { config } = context;
    const out = resolve(String(args.out ?? join(config.data, 'notebooks')));
    return runNotebooks([args.names ?? []].flat().map(String), out, context);
  },
};

async function runNotebooks(
  names: string[],
  out: string,
  { config, log, progress }: Context,
): Promise<Outcome> {
  await publishedTables(config.data);
  const nbconvert = await findJupyter('nbconvert');
  if (nbconvert === undefined) throw new UserError(`jupyter nbconvert: is not installed; ${installJupyter}`);
  const files = await chosen(names);
  const bar = progress('notebooks', files.length, 'items');
  const queue = [...files.keys()];
  const done: { notebook: string; file: string; cells: number }[] = [];
  const failures: UserError[] = [];
  const worker = async () => {
    for (let index = queue.shift(); index !== undefined; index = queue.shift()) {
      const notebook = files[index] ?? '';
      try {
        const file = join(notebookFolder, notebook);
        done[index] = { notebook, ...(await executeNotebook({ file, out, nbconvert, config })) };
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        log(error.message);
        failures.push(error);
      }
      bar.add(1);
    }
  };
  await Promise.all(Array.from({ length: config.workers }, worker));
  bar.end();
  const ran = done.filter(Boolean);
  return {
    summary: [
      ...ran.map(({ notebook, cells }) => `${notebook}: ${cells} cells ran`),
      `The copies with their tables and pictures are in ${out}`,
    ],
    json: { out, notebooks: ran, failures: failures.map(({ message }) => message) },
    ...(failures.length > 0 ? { exitCode: exitCodes.failed } : {}),
  };
}

/** The committed notebooks whose names begin with one of these. */
async function chosen(names: readonly string[]): Promise<string[]> {
  const all = (await readdir(notebookFolder)).filter((name) => name.endsWith('.ipynb')).sort();
  const unknown = names.find((name) => !all.some((notebook) => notebook.startsWith(name)));
  if (unknown !== undefined)
    throw new UserError(`${unknown}: no notebook begins so; there are ${all.join(', ')}`, {
      exitCode: exitCodes.usage,
    });
  return all.filter((notebook) => names.length === 0 || names.some((name) => notebook.startsWith(name)));
}
