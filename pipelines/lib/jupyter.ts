import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Config, carriedEnvironment, childEnvironment } from '../config.js';
import { exitCodes } from '../errors.js';

/** The folder of the committed notebooks; its `kernels/` is what Jupyter looks for. */
export const notebookFolder = fileURLToPath(new URL('../../../notebooks', import.meta.url));

const elsewhere =
  '`pip install jupyterlab` or `uv tool install jupyterlab --with-executables-from jupyter-core,nbconvert`, on a Mac `brew install jupyterlab`';
/** How to get what runs notebooks. */
export const installJupyter = `on Debian \`apt-get install --no-install-recommends jupyter-core jupyter-client jupyter-nbconvert\`, elsewhere ${elsewhere}`;
/** How to get what opens them, too. */
export const installLab = `on Debian \`apt-get install jupyter-notebook\`, elsewhere ${elsewhere}`;

/** The first of Jupyter's programs (`lab`, `nbconvert` …) that is on the PATH; undefined where none is. */
export async function findJupyter(...programs: string[]): Promise<string | undefined> {
  const folders = (childEnvironment({}).PATH ?? '').split(delimiter).filter(Boolean);
  for (const program of programs) {
    for (const folder of folders) {
      const path = join(folder, `jupyter-${program}`);
      const isThere = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (isThere) return path;
    }
  }
  return undefined;
}

/** Runs one of Jupyter's programs with our kernel and the lake of these settings; what it prints is handed back, or shown. */
export async function runJupyter(
  program: string,
  words: readonly string[],
  { config, show = false }: { config: Config; show?: boolean },
): Promise<{ code: number; stdout: string; stderr: string }> {
  const own = childEnvironment({}).JUPYTER_PATH ?? '';
  const child = spawn(program, words, {
    env: childEnvironment({
      // The kernel starts in our folder, so that relative paths would be others there.
      ...carriedEnvironment(config),
      JUPYTER_PATH: [notebookFolder, own].filter(Boolean).join(delimiter),
    }),
    stdio: show ? 'inherit' : ['ignore', 'pipe', 'pipe'],
  });
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.on('data', (chunk: Buffer) => chunks[name].push(chunk));
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve(status ?? exitCodes.failed));
  });
  const text = (name: 'stdout' | 'stderr') => Buffer.concat(chunks[name]).toString('utf8');
  return { code, stdout: text('stdout'), stderr: text('stderr') };
}
