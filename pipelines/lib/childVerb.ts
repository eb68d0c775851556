import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '../config.js';
import { errorWords, exitCodes } from '../errors.js';

const cli = fileURLToPath(new URL('../cli.js', import.meta.url));

/** How a verb ended; `stdout` is the JSON it printed, empty where its words went to the terminal. */
export type VerbEnd = { readonly code: number; readonly stdout: string; readonly stderr: string };
/** Runs one verb with its options. */
export type RunVerb = (words: readonly string[]) => Promise<VerbEnd>;

/** The end of what a verb says on stderr that is kept: an error with its stack. */
const keptWords = 16 << 10;

/** Runs a verb as the command line does, its words on this process's terminal, or handed back as JSON. */
async function runVerb(
  words: readonly string[],
  { environment = {}, json }: { environment?: Readonly<Record<string, string>>; json: boolean },
): Promise<VerbEnd> {
  return ended([...words, ...(json ? ['--json'] : [])], {
    env: childEnvironment(environment),
    stdio: ['ignore', json ? 'pipe' : 'inherit', 'inherit'],
  });
}

/** Runs a verb out of reach of the terminal's Ctrl-C, so that it ends by itself; nothing of it is printed. Never throws. */
export const runQuietly: RunVerb = (words) =>
  ended([...words, '--json'], { stdio: ['ignore', 'pipe', 'pipe'], detached: true }).catch(
    (error: unknown) => ({ code: exitCodes.failed, stdout: '', stderr: errorWords(error) }),
  );

/** Starts a verb that outlives this process, its words in an open file; gives its pid and its end. */
export function startVerb(words: readonly string[], log: number): { pid: number; exited: Promise<number> } {
  const child = spawn(process.execPath, [cli, ...words], { stdio: ['ignore', log, log], detached: true });
  child.unref();
  const exited = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (status) => resolve(status ?? exitCodes.failed));
  });
  return { pid: child.pid ?? 0, exited };
}

/** Runs verbs one after the other and stops at the first that fails; `results` holds their JSON where that was asked for. */
export async function runVerbs(
  verbs: readonly (readonly string[])[],
  options: {
    environment?: Readonly<Record<string, string>>;
    json: boolean;
    log: (line: string) => void;
  },
): Promise<{ code: number; failed: string | null; results: Record<string, unknown> }> {
  const results: Record<string, unknown> = {};
  for (const words of verbs) {
    const [verb = ''] = words;
    options.log(`\n== ${words.join(' ')}`);
    const { code, stdout } = await runVerb(words, options);
    if (options.json && stdout !== '') results[verb] = JSON.parse(stdout);
    if (code !== exitCodes.ok) return { code, failed: verb, results };
  }
  return { code: exitCodes.ok, failed: null, results };
}

async function ended(words: readonly string[], options: object): Promise<VerbEnd> {
  const child = spawn(process.execPath, [cli, ...words], options);
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-keptWords);
  });
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve(status ?? exitCodes.failed));
  });
  return { code, stdout: stdout.trim(), stderr: stderr.trim() };
}
