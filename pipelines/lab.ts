import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from './config.js';
import { exitCodes, UserError } from './errors.js';
import type { Command, Outcome } from './lib/command.js';
import { readNotebook, withoutOutputs } from './lib/executedNotebook.js';
import { findJupyter, installLab, notebookFolder, runJupyter } from './lib/jupyter.js';
import { makeFolder, writeAtomically } from './lib/lake.js';
import { publishedTables } from './lib/publishedTables.js';

/** `tracemill lab`. */
export const command: Command = {
  describe: 'Open Jupyter on copies of the notebooks that are yours to change',
  example: 'tracemill lab',
  options: {
    browser: { type: 'boolean', default: true, describe: 'Open a browser; --no-browser prints the address' },
    port: { type: 'number', describe: 'Port to listen on (default: 8888, or the next one free)' },
  },
  run: async (args, { config, log }): Promise<Outcome> => {
    await publishedTables(config.data);
    const program = await findJupyter('lab', 'notebook');
    if (program === undefined)
      throw new UserError(`jupyter lab: is not installed, nor is jupyter notebook; ${installLab}`);
    const { folder, copied } = await copyNotebooks(config);
    if (copied.length > 0) log(`${folder}: has copies of ${copied.join(', ')}; change them as you like`);
    const words = [
      ...(args.browser === false ? ['--no-browser'] : []),
      ...(args.port === undefined ? [] : [`--port=${Number(args.port)}`]),
      // Else it refuses to start in a container.
      ...(process.getuid?.() === 0 ? ['--allow-root'] : []),
      folder,
    ];
    const { code } = await runJupyter(program, words, { config, show: true });
    return {
      summary: [],
      json: { folder, copied },
      ...(code === 0 ? {} : { exitCode: exitCodes.failed }),
    };
  },
};

/**
 * Copies the notebooks that are not there yet. What is run in the copies shows your sessions: they are in the data folder,
 * which only you can read and git ignores.
 */
async function copyNotebooks(config: Config): Promise<{ folder: string; copied: string[] }> {
  const folder = join(config.data, 'lab');
  await makeFolder(folder);
  const there = await readdir(folder);
  const copied: string[] = [];
  for (const name of (await readdir(notebookFolder)).sort()) {
    if (!name.endsWith('.ipynb') || there.includes(name)) continue;
    const notebook = withoutOutputs(await readNotebook(join(notebookFolder, name)));
    await writeAtomically(join(folder, name), `${JSON.stringify(notebook, null, 1)}\n`);
    copied.push(name);
  }
  return { folder, copied };
}
