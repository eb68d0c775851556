import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { exitCodes, UserError } from './errors.js';
import { type Kind, kinds } from './lib/redaction/finding.js';

const path = z
  .string()
  .min(1)
  .transform((value) => resolve(value.replace(/^~(?=\/|$)/, homedir())));
const duration = z
  .string()
  .regex(/^\d+(ms|s|m|h|d)?$/, 'write a duration as 0, 90s, 10m, 1h or 2d')
  .transform(milliseconds);
const flag = z
  .enum(['0', '1', 'true', 'false', 'yes', 'no'])
  .transform((value) => ['1', 'true', 'yes'].includes(value));
const count = z.coerce.number().int().positive();
const seconds = z.coerce.number().positive();
const databaseName = z.string().regex(/^\w+$/, 'write a name of letters, digits and _');
const redactedKinds = z
  .string()
  .transform((value) => (value === 'none' ? [] : value.split(',').map((kind) => kind.trim())))
  .pipe(z.array(z.enum(kinds, `write none, or some of ${kinds.join(', ')} separated by commas`)));
const crashPoint = z.string().regex(/^[a-z-]+:[1-9]\d*$/, 'write a place and a count as raw-renamed:1');

/** Every setting: the environment keys that give it (first one set wins), how it is read, what it means. */
export const settings = {
  data: { keys: ['TRACEMILL_DATA'], schema: path, meaning: 'data folder: lake, exports, handoff, spool' },
  claudeDir: { keys: ['SEQ_AGENT_QA_CLAUDE_DIR'], schema: path, meaning: 'Claude Code projects folder' },
  claudeHome: {
    keys: ['CLAUDE_CONFIG_DIR'],
    schema: path,
    meaning: 'Claude Code home, its projects/ is read',
  },
  codexDir: { keys: ['SEQ_AGENT_QA_CODEX_DIR'], schema: path, meaning: 'Codex sessions folder' },
  codexHome: { keys: ['CODEX_HOME'], schema: path, meaning: 'Codex home, its sessions/ is read' },
  seqMem: { keys: ['TRACEMILL_SEQ_MEM', 'SEQ_CH_MEM_PATH'], schema: path, meaning: 'seq_mem.jsonl to read' },
  spool: {
    keys: ['TRACEMILL_SPOOL'],
    schema: path,
    meaning: 'folder that recorded events are written to and read from',
  },
  settle: {
    keys: ['TRACEMILL_SETTLE'],
    schema: duration,
    meaning: 'quiet time after which a file counts as ended',
  },
  workers: {
    keys: ['TRACEMILL_WORKERS'],
    schema: count,
    meaning: 'DuckDB instances side by side, one thread each',
  },
  sql: { keys: ['TRACEMILL_SQL'], schema: path, meaning: 'folder of the SQL models' },
  handoff: { keys: ['SEQ_AGENT_QA_ZVEC_JSONL'], schema: path, meaning: 'zvec handoff file' },
  handoffMaxChars: {
    keys: ['SEQ_AGENT_QA_MAX_TEXT_CHARS'],
    schema: count,
    meaning: 'longest text of a handoff line, in characters',
  },
  handoffText: {
    keys: ['SEQ_AGENT_QA_INCLUDE_TEXT'],
    schema: flag,
    meaning: 'write the text into handoff lines',
  },
  state: {
    keys: ['SEQ_AGENT_QA_STATE'],
    schema: path.transform((value) => (value.endsWith('.json') ? dirname(value) : value)),
    meaning: 'state folder of watch; of a .json file the folder it lies in',
  },
  pidFile: { keys: ['SEQ_AGENT_QA_PIDFILE'], schema: path, meaning: 'file with the pid of watch' },
  watchLog: { keys: ['SEQ_AGENT_QA_LOG'], schema: path, meaning: 'log of watch in the background' },
  poll: {
    keys: ['SEQ_AGENT_QA_POLL_SECONDS'],
    schema: seconds,
    meaning: 'watch looks at the files it knows this often',
  },
  rescan: {
    keys: ['SEQ_AGENT_QA_RESCAN_SECONDS'],
    schema: seconds,
    meaning: 'watch looks for new files this often',
  },
  flushEvery: {
    keys: ['SEQ_AGENT_QA_FLUSH_EVERY'],
    schema: count,
    meaning: 'lines handed off in one durable write, at most',
  },
  clickhouseUrl: {
    keys: ['CLICKHOUSE_URL'],
    schema: z.url({ protocol: /^https?$/, error: 'write a URL as https://host:8443' }),
    meaning: 'ClickHouse server to load; unset: embedded, in the lake',
  },
  clickhouseUser: { keys: ['CLICKHOUSE_USER'], schema: z.string(), meaning: 'user of that server' },
  clickhousePassword: { keys: ['CLICKHOUSE_PASSWORD'], schema: z.string(), meaning: 'password of that user' },
  clickhouseDatabase: {
    keys: ['CLICKHOUSE_DATABASE'],
    schema: databaseName,
    meaning: 'database the tables are made in',
  },
  clickhouseCluster: {
    keys: ['CLICKHOUSE_CLUSTER'],
    schema: databaseName,
    meaning: 'cluster that the tables are replicated and distributed on',
  },
  redact: {
    keys: ['TRACEMILL_REDACT'],
    schema: redactedKinds,
    meaning: `what is redacted: ${kinds.join(', ')} (all of them by default), or none`,
  },
  redactFile: {
    keys: ['TRACEMILL_REDACT_FILE'],
    schema: path,
    meaning: 'JSON file of own patterns to redact and values to allow',
  },
  crashAt: {
    keys: ['TRACEMILL_CRASH_AT'],
    schema: crashPoint,
    meaning: 'tests only: end with SIGKILL at name:count',
  },
} as const;

export type SettingName = keyof typeof settings;
type Values = { [K in SettingName]?: z.output<(typeof settings)[K]['schema']> };

/** Where files of one kind lie; `prefix` stands before their relative paths in the lake. */
export type Root = { readonly path: string; readonly prefix: string };

/** Where the warehouse is; `url` null: embedded in this process. */
export type ClickhouseSettings = {
  readonly url: string | null;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly cluster: string | null;
};

export type Config = {
  /** Absolute path of the data folder. */
  readonly data: string;
  readonly claudeRoots: readonly Root[];
  readonly codexRoots: readonly Root[];
  readonly seqMem: string;
  /** Folder of recorded events, one JSON line each. */
  readonly spool: string;
  /** Milliseconds a file must be unchanged before its unfinished last line is read and its last turn is final. */
  readonly settleMs: number;
  readonly workers: number;
  /** Folder of the SQL models. */
  readonly sql: string;
  readonly handoff: string;
  readonly handoffMaxChars: number | null;
  readonly handoffText: boolean;
  /** Folder of what watch remembers. */
  readonly state: string;
  readonly pidFile: string;
  readonly watchLog: string;
  /** Milliseconds between looks at known files, and between looks for new ones. */
  readonly pollMs: number;
  readonly rescanMs: number;
  readonly flushEvery: number;
  readonly clickhouse: ClickhouseSettings;
  /** What is redacted; empty: nothing. */
  readonly redact: readonly Kind[];
  /** File of own patterns and allowed values. */
  readonly redactFile: string | null;
  /** Tests only: the place in the code, `name:count`, at which the process ends with SIGKILL. */
  readonly crashAt: string | null;
  /** Where each setting came from: the environment key, or `default`. */
  readonly origins: Readonly<Record<SettingName, string>>;
};

/** The one reader of the environment. Throws a UserError (exit 2) that names the key of a bad value. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const origins = {} as Record<SettingName, string>;
  const values = {} as Record<string, unknown>;
  for (const name of Object.keys(settings) as SettingName[]) {
    const setting = settings[name];
    const key = setting.keys.find((candidate) => (env[candidate] ?? '') !== '');
    origins[name] = key ?? 'default';
    if (key === undefined) continue;
    const read = setting.schema.safeParse(env[key]);
    if (!read.success) {
      const why = read.error.issues.map((issue) => issue.message).join(', ');
      throw new UserError(`${key}: ${why}; correct it or unset it`, { exitCode: exitCodes.usage });
    }
    values[name] = read.data;
  }
  return Object.freeze(derive(values as Values, origins));
}

/** The value in force of one setting, as text for a person. */
export function settingValue(config: Config, name: SettingName): string {
  const values: Record<SettingName, unknown> = {
    ...config,
    claudeDir: config.claudeRoots[0]?.path,
    claudeHome: config.claudeRoots[0]?.path,
    codexDir: config.codexRoots[0]?.path,
    codexHome: config.codexRoots[0]?.path,
    settle: `${config.settleMs / 1000}s`,
    handoffMaxChars: config.handoffMaxChars ?? 'no limit',
    redact: config.redact.length === 0 ? 'none' : config.redact.join(', '),
    poll: `${config.pollMs / 1000}s`,
    rescan: `${config.rescanMs / 1000}s`,
    clickhouseUrl: config.clickhouse.url ?? 'embedded',
    clickhouseUser: config.clickhouse.user,
    clickhousePassword: config.clickhouse.password === '' ? undefined : '(set)',
    clickhouseDatabase: config.clickhouse.database,
    clickhouseCluster: config.clickhouse.cluster ?? undefined,
  };
  return String(values[name] ?? 'unset');
}

/** The environment a verb run as a child process gets: this one's, with some keys set. */
export function childEnvironment(keys: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...keys };
}

/** Milliseconds of `90s`, `10m`, `1h`, `2d`; a bare number is seconds. */
export function milliseconds(text: string): number {
  const units: Record<string, number> = { ms: 1, s: 1e3, m: 60e3, h: 3600e3, d: 86400e3 };
  const [, digits = '0', unit = 's'] = /^(\d+)(ms|s|m|h|d)?$/.exec(text) ?? [];
  return Number(digits) * (units[unit] ?? 1e3);
}

// DuckDB reads these in a path as a pattern, and could then read a neighbour's lake as well.
function refusePattern(data: string): string {
  if (!/[*?[]/.test(data)) return data;
  throw new UserError(`${data}: a data folder's path cannot hold * ? or [; name another in TRACEMILL_DATA`, {
    exitCode: exitCodes.usage,
  });
}

function derive(values: Values, origins: Record<SettingName, string>): Config {
  const data = refusePattern(values.data ?? resolve('data'));
  const claude = values.claudeDir ?? join(values.claudeHome ?? join(homedir(), '.claude'), 'projects');
  const codex = values.codexDir ?? join(values.codexHome ?? join(homedir(), '.codex'), 'sessions');
  const codexRoots: Root[] = [{ path: codex, prefix: '' }];
  // Codex moves finished rollouts to archived_sessions/ beside sessions/ (session-formats 2.1).
  if (basename(codex) === 'sessions') {
    codexRoots.push({ path: join(dirname(codex), 'archived_sessions'), prefix: 'archived_sessions/' });
  }
  const state = values.state ?? join(data, 'state');
  return {
    data,
    claudeRoots: [{ path: claude, prefix: '' }],
    codexRoots,
    seqMem: values.seqMem ?? join(data, 'seq_mem.jsonl'),
    spool: values.spool ?? join(data, 'spool', 'events'),
    settleMs: values.settle ?? 3600e3,
    workers: values.workers ?? 2,
    sql: values.sql ?? fileURLToPath(new URL('../../sql', import.meta.url)),
    handoff: values.handoff ?? join(data, 'handoff', 'agent_qa.jsonl'),
    handoffMaxChars: values.handoffMaxChars ?? null,
    handoffText: values.handoffText ?? true,
    state,
    pidFile: values.pidFile ?? join(state, 'watch.pid'),
    watchLog: values.watchLog ?? join(state, 'watch.log'),
    pollMs: (values.poll ?? 5) * 1e3,
    rescanMs: (values.rescan ?? 60) * 1e3,
    flushEvery: values.flushEvery ?? 100,
    clickhouse: {
      url: values.clickhouseUrl ?? null,
      user: values.clickhouseUser ?? 'default',
      password: values.clickhousePassword ?? '',
      database: values.clickhouseDatabase ?? 'tracemill',
      cluster: values.clickhouseCluster ?? null,
    },
    redact: values.redact ?? kinds,
    redactFile: values.redactFile ?? null,
    crashAt: values.crashAt ?? null,
    origins,
  };
}
