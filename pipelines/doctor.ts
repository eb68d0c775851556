import { access, constants, mkdir, stat, statfs } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import glob from 'fast-glob';
import { type Config, type Root, settingValue } from './config.js';
import { errorWords, exitCodes, UserError } from './errors.js';
import { readCapture } from './lib/captureState.js';
import { loadChdb } from './lib/chdb.js';
import { findLeaving, lastCommitAt, readCleanupDays } from './lib/cleanup.js';
import { pingServer } from './lib/clickhouseServer.js';
import type { Command, Outcome } from './lib/command.js';
import { readCrontab, takeOut } from './lib/crontab.js';
import { duckdbPackage } from './lib/duckdbPackage.js';
import { findJupyter, installJupyter, installLab } from './lib/jupyter.js';
import { openToOthers } from './lib/modes.js';
import { readHolder } from './lib/pidFile.js';
import { amount, duration, minute } from './lib/progress.js';
import { readPolicy } from './lib/redaction/policy.js';
import { type SettingName, settings } from './lib/settings.js';
import { zvecProblem } from './lib/zvec.js';
import { claude } from './sources/claude.js';

/** One thing looked at: `bad` is in the way of the job, `note` is worth knowing. */
type Finding = { readonly name: string; readonly state: 'ok' | 'note' | 'bad'; readonly text: string };

const tones = { ok: {}, note: { tone: 'warning' }, bad: { tone: 'failure' } } as const;

export const command: Command = {
  describe: 'Check this machine and print every setting, its value and where it came from',
  example: 'tracemill doctor',
  options: {},
  run: async (_args, { config, now }) => doctor(config, now()),
};

async function doctor(config: Config, now: Date): Promise<Outcome> {
  const findings = [
    nodeVersion(),
    await duckdb(),
    await dataFolder(config),
    await privacy(config),
    await warehouse(config),
    ...(await Promise.all(config.claudeRoots.map((root) => sessionFolder('Claude Code', root)))),
    ...(await Promise.all(config.codexRoots.map((root) => sessionFolder('Codex', root)))),
    await zvec(),
    await jupyter(),
    await inWords('redaction', redaction(config)),
    await inWords('cleanup', claudeCleanup(config, now)),
    await inWords('last ingest', lastIngest(config, now)),
    await unattended(config),
    justBinary(),
  ];
  const values = (Object.keys(settings) as SettingName[]).map((name) => ({
    keys: settings[name].keys.join(', '),
    value: settingValue(config, name),
    origin: config.origins[name],
    meaning: settings[name].meaning,
  }));
  const failed = findings.some((finding) => finding.state === 'bad');
  return {
    summary: [
      {
        header: [],
        rows: findings.map(({ name, state, text }) => [{ text: state, ...tones[state] }, name, text]),
        wraps: true,
      },
      '',
      {
        header: [],
        rows: values.map(({ keys, value, origin, meaning }) => [keys, `${value}  (${origin}; ${meaning})`]),
        wraps: true,
      },
    ],
    json: { findings, settings: values },
    ...(failed ? { exitCode: exitCodes.failed } : {}),
  };
}

function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const enough = major > 20 || (major === 20 && minor >= 19);
  return {
    name: 'Node.js',
    state: enough ? 'ok' : 'bad',
    text: enough ? process.versions.node : `${process.versions.node} is too old; install 20.19 or newer`,
  };
}

async function duckdb(): Promise<Finding> {
  try {
    const instance = await duckdbPackage.DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const reader = await connection.runAndReadAll('select version()');
    connection.closeSync();
    return { name: 'DuckDB', state: 'ok', text: String(reader.getRows()[0]?.[0]) };
  } catch (error) {
    return {
      name: 'DuckDB',
      state: 'bad',
      text: `does not load (${errorWords(error)}); run npm install again`,
    };
  }
}

async function dataFolder(config: Config): Promise<Finding> {
  try {
    await mkdir(config.data, { recursive: true, mode: 0o700 });
    await access(config.data, constants.W_OK);
    const { bavail, bsize } = await statfs(config.data);
    const free = bavail * bsize;
    const text = `${config.data}, ${amount(free, 'bytes')} free`;
    return { name: 'data folder', state: free < 1e9 ? 'note' : 'ok', text };
  } catch {
    return {
      name: 'data folder',
      state: 'bad',
      text: `${config.data} cannot be written; change its owner or set TRACEMILL_DATA`,
    };
  }
}

const shipped = ['samples', 'prices.json'].map((name) =>
  fileURLToPath(new URL(`../../data/${name}`, import.meta.url)),
);

/** What tracemill writes is for its owner only; the top folder is the user's, and what was copied there has the modes of the copy. */
async function privacy({ data, seqMem }: Config): Promise<Finding> {
  const name = 'privacy';
  // seq's memory log belongs to another program too; samples and prices came with tracemill.
  const open = await openToOthers(data, [seqMem, ...shipped]);
  if (open.length > 0) {
    const words =
      open.length === 1 ? 'file or folder can be read by others' : 'files and folders can be read by others';
    const text = `${amount(open.length, 'items')} ${words} (${open[0]}); close them with \`chmod -R go= ${data}\``;
    return { name, state: 'note', text };
  }
  const { mode } = await stat(data).catch(() => ({ mode: 0o700 }));
  const top = (mode & 0o077) === 0 ? '' : `; others can list ${data} itself, \`chmod go= ${data}\` closes it`;
  return { name, state: 'ok', text: `nothing below the data folder is readable by others${top}` };
}

/** Only looks: it makes no database, and does not open one that a load has open. */
async function warehouse(config: Config): Promise<Finding> {
  const { url } = config.clickhouse;
  try {
    if (url === null) await loadChdb();
    const text = url === null ? 'embedded, chdb is there' : await pingServer(config);
    // The password goes with every request.
    const isPlain = url !== null && /^http:\/\/(?!localhost\b|127\.|\[::1\])/.test(url);
    if (!isPlain) return { name: 'ClickHouse', state: 'ok', text };
    return {
      name: 'ClickHouse',
      state: 'note',
      text: `${text}; rows and password go there unencrypted, https keeps them`,
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { name: 'ClickHouse', state: url === null ? 'note' : 'bad', text: error.message };
  }
}

async function sessionFolder(name: string, root: Root): Promise<Finding> {
  let files = 0;
  const stream = glob.stream('**/*.{jsonl,jsonl.zst}', { cwd: root.path, suppressErrors: true });
  for await (const _ of stream) files += 1;
  const text =
    files > 0 ? `${root.path}, ${amount(files, 'items')} files` : `${root.path} has no session files`;
  return { name, state: files > 0 ? 'ok' : 'note', text };
}

async function zvec(): Promise<Finding> {
  const problem = await zvecProblem();
  const text = problem ?? 'loads; `tracemill index` and `tracemill search` use it';
  return { name: 'zvec', state: problem === undefined ? 'ok' : 'note', text };
}

async function jupyter(): Promise<Finding> {
  const name = 'Jupyter';
  if ((await findJupyter('nbconvert')) === undefined)
    return {
      name,
      state: 'note',
      text: `not installed, needed by \`tracemill notebooks\`; ${installJupyter}`,
    };
  const program = await findJupyter('lab', 'notebook');
  if (program !== undefined) return { name, state: 'ok', text: `${program}; \`tracemill lab\` opens it` };
  return { name, state: 'ok', text: `runs notebooks; \`tracemill lab\` needs more: ${installLab}` };
}

/** What a person can put right must not keep the other findings back. */
async function inWords(name: string, finding: Promise<Finding>): Promise<Finding> {
  return finding.catch((error: unknown): Finding => {
    if (error instanceof UserError) return { name, state: 'bad', text: error.message };
    throw error;
  });
}

/** What leaves the raw lake, and under which policy. */
async function redaction(config: Config): Promise<Finding> {
  const name = 'redaction';
  const { version, patterns } = await readPolicy(config);
  const kinds = config.redact.join(', ') || 'none of the known kinds';
  const own = patterns.length > 0 ? `, and ${patterns.length} patterns of your own` : '';
  const text = `looks for ${kinds}${own}; policy ${version}`;
  if (config.redact.length > 0) return { name, state: 'ok', text };
  return { name, state: 'note', text: `${text}; secrets in logs reach every table and export` };
}

/** Logs that go before they are read are lost for good. */
async function claudeCleanup(config: Config, now: Date): Promise<Finding> {
  const name = 'cleanup';
  const { days, origin } = await readCleanupDays(config);
  const rule = `Claude Code deletes transcripts ${days} days after their last line (${origin})`;
  const { sessions, firstAt } = await findLeaving({ config, source: claude, days, now });
  if (sessions === 0)
    return { name, state: 'ok', text: `${rule}; none that goes soon is missing in the lake` };
  const first = firstAt <= now.getTime() ? 'at its next start' : `from ${dayOf(firstAt)} on`;
  const words = sessions === 1 ? 'session not yet in the lake is' : 'sessions not yet in the lake are';
  const many = `${amount(sessions, 'items')} ${words} about to go, ${first}`;
  return { name, state: 'note', text: `${rule}; ${many}; run \`tracemill ingest\`` };
}

async function lastIngest(config: Config, now: Date): Promise<Finding> {
  const name = 'last ingest';
  const at = await lastCommitAt(config);
  if (at === null) return { name, state: 'note', text: 'nothing was read yet; run `tracemill ingest`' };
  const age = now.getTime() - Date.parse(at);
  // A run that finds nothing new leaves no commit.
  return { name, state: 'ok', text: `last read something ${duration(age)} ago, ${minute(at)}` };
}

async function unattended(config: Config): Promise<Finding> {
  const name = 'capture';
  const holder = await readHolder(config.pidFile).catch(() => undefined);
  const capture = await readCapture(config).catch(() => undefined);
  const text = await readCrontab().catch(() => '');
  const [line] = takeOut(text, config.data).taken;
  const cron = line === undefined ? [] : [`ingest by cron: ${line.split(/ (?:umask|PATH)\b/)[0]}`];
  if (holder !== undefined) return { name, state: 'ok', text: [`on, pid ${holder.pid}`, ...cron].join('; ') };
  if (capture !== undefined) {
    const words = 'not running, though it was not turned off; `tracemill capture on` goes on where it was';
    return { name, state: 'note', text: [words, ...cron].join('; ') };
  }
  if (line !== undefined) return { name, state: 'ok', text: ['off', ...cron].join('; ') };
  const words = 'off, and no ingest in your crontab: `tracemill capture on` or `tracemill schedule on`';
  return { name, state: 'note', text: words };
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function justBinary(): Finding {
  const name = `rust-just-${process.platform}-${process.arch}/bin/just${process.platform === 'win32' ? '.exe' : ''}`;
  try {
    return {
      name: 'just',
      state: 'ok',
      text: `${createRequire(import.meta.url).resolve(name)} (call this one from cron)`,
    };
  } catch {
    return {
      name: 'just',
      state: 'note',
      text: 'no binary for this platform; call the command line instead',
    };
  }
}
