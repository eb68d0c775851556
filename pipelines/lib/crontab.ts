import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { childEnvironment } from '../config.js';
import { UserError } from '../errors.js';

/** This user's crontab, byte for byte (latin1, so that any bytes come back as they were); empty where there is none. */
export async function readCrontab(): Promise<string> {
  const { code, stdout, stderr } = await crontab(['-l']);
  // The words of cron and cronie, and of busybox. Anything else must not be taken for an empty one.
  if (code !== 0 && !/no crontab for|can't open .*No such file/i.test(stderr)) {
    throw new UserError(`crontab: cannot be read (${said(stderr, code)}); ask who runs this machine`);
  }
  return code === 0 ? stdout : '';
}

/** Puts it in the place of this user's crontab; cron itself refuses one it cannot read, and keeps the old one. */
export async function writeCrontab(text: string): Promise<void> {
  const { code, stderr } = await crontab(['-'], text);
  if (code !== 0) {
    throw new UserError(`crontab: cron refused the new one (${said(stderr, code)}); nothing was changed`);
  }
}

/** A word of a shell command as it stands in a crontab, where a bare % would end the line. */
export function crontabWord(text: string): string {
  const quoted = /^[\w@+:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
  return Buffer.from(quoted.replaceAll('%', '\\%')).toString('latin1');
}

/** A shell comment that ends the line: it tells the line of this data folder from all others. */
export function lineMarker(data: string): string {
  return `# tracemill ${createHash('sha256').update(data).digest('hex').slice(0, 12)}`;
}

/** The lines of this data folder, and the crontab without them. */
export function takeOut(text: string, data: string): { kept: string; taken: string[] } {
  const lines = text.split(/(?<=\n)/);
  const isOurs = (line: string) => line.trimEnd().endsWith(lineMarker(data)) && !/^\s*#/.test(line);
  return { kept: lines.filter((line) => !isOurs(line)).join(''), taken: lines.filter(isOurs) };
}

async function crontab(
  words: string[],
  input = '',
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn('crontab', words, { env: childEnvironment({ LC_ALL: 'C' }) });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // One that ends without reading says why in its exit code.
  child.stdin.on('error', () => {});
  child.stdin.end(input, 'latin1');
  const code = await new Promise<number>((resolve, reject) => {
    child.on('close', (status) => resolve(status ?? 1));
    child.on('error', (error: NodeJS.ErrnoException) => reject(noCrontab(error)));
  });
  return { code, stdout, stderr };
}

function noCrontab(error: NodeJS.ErrnoException): Error {
  if (error.code !== 'ENOENT') return error;
  const words = 'there is no such program here; install cron, or use `tracemill capture on` instead';
  return new UserError(`crontab: ${words}`, { cause: error });
}

function said(stderr: string, code: number): string {
  return stderr.trim().split('\n').at(-1) || `exit ${code}`;
}
