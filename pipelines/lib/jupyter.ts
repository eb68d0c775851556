import { type StdioOptions, spawn } from 'node:child_process';
import { access, constants, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
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
  const env = childEnvironment({
    // The kernel starts in our folder, so that relative paths would be others there.
    ...carriedEnvironment(config),
    JUPYTER_PATH: [notebookFolder, own].filter(Boolean).join(delimiter),
  });
  if (show) return { code: await ended(program, words, env, 'inherit'), stdout: '', stderr: '' };
  // Into files: a kernel has the same stdout and stderr and, being Node, makes pipes non-blocking for all that write into
  // them. Python then throws away what does not fit into a pipe that is not read at once.
  const folder = await mkdtemp(join(tmpdir(), 'tracemill-jupyter-'));
  const [stdout, stderr] = [join(folder, 'stdout'), join(folder, 'stderr')];
  try {
    const files = await Promise.all([stdout, stderr].map((path) => open(path, 'w', 0o600)));
    const code = await ended(program, words, env, ['ignore', ...files.map(({ fd }) => fd)]).finally(() =>
      Promise.all(files.map((file) => file.close())),
    );
    return { code, stdout: await readFile(stdout, 'utf8'), stderr: await readFile(stderr, 'utf8') };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function ended(
  program: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv,
  stdio: StdioOptions,
): Promise<number> {
  const child = spawn(program, words, { env, stdio });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve(status ?? exitCodes.failed));
  });
}
