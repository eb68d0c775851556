import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitCodes, UserError } from './errors.js';
import { type Kind, kinds } from './lib/redaction/finding.js';
import { databaseName, type SettingName, settings, type Values } from './lib/settings.js';

/** Where files of one kind lie; `prefix` stands before their relative paths in the lake. */
export type Root = { readonly path: string; readonly prefix: string };

/** Where the warehouse is; `url`, without user, password and database, is null: embedded in this process. */
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
  /** JSON file of what a million tokens cost, by model and date. */
  readonly prices: string;
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
    // The rest of it may hold a token.
    clickhouseUrl: config.clickhouse.url === null ? 'embedded' : new URL(config.clickhouse.url).origin,
    clickhouseUser: config.clickhouse.user,
    clickhousePassword: config.clickhouse.password === '' ? undefined : '(set)',
    clickhouseDatabase: config.clickhouse.database,
    clickhouseCluster: config.clickhouse.cluster ?? undefined,
  };
  return String(values[name] ?? 'unset');
}

/** Whether to write colours: on a terminal, unless NO_COLOR (no-color.org) or FORCE_COLOR says otherwise. */
export function wantsColor(isTerminal: boolean, env: NodeJS.ProcessEnv = process.env): boolean {
  if ((env.NO_COLOR ?? '') !== '') return false;
  if ((env.FORCE_COLOR ?? '') !== '') return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  return isTerminal && env.TERM !== 'dumb';
}

/** The environment a verb run as a child process gets: this one's, with some keys set. */
export function childEnvironment(keys: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...keys };
}

/**
 * The settings in force as environment keys, for a process that begins elsewhere: paths absolute, the data folder always,
 * nothing of ClickHouse and nothing that is for tests only.
 */
export function carriedEnvironment(
  config: Config,
  env: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const carried: Record<string, string> = { TRACEMILL_DATA: config.data };
  for (const [name, { schema }] of Object.entries(settings)) {
    const key = config.origins[name as SettingName];
    const text = env[key];
    if (text === undefined || name.startsWith('clickhouse') || name === 'crashAt') continue;
    const value: unknown = schema.parse(text);
    carried[key] = typeof value === 'string' ? value : text;
  }
  return carried;
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
    clickhouse: clickhouse(values, origins),
    prices: values.prices ?? fileURLToPath(new URL('../../data/prices.json', import.meta.url)),
    redact: values.redact ?? kinds,
    redactFile: values.redactFile ?? null,
    crashAt: values.crashAt ?? null,
    origins,
  };
}

/** As the client reads a URL: the user, password and database it holds are stronger than the settings beside it. */
function clickhouse(values: Values, origins: Record<SettingName, string>): ClickhouseSettings {
  const url = values.clickhouseUrl === undefined ? null : new URL(values.clickhouseUrl);
  const inUrl = (part: 'username' | 'password' | 'pathname', setting: SettingName) => {
    const text = decoded(url?.[part].replace(/^\//, '') ?? '');
    if (text === '') return undefined;
    origins[setting] = 'CLICKHOUSE_URL';
    return text;
  };
  const user = inUrl('username', 'clickhouseUser') ?? values.clickhouseUser ?? 'default';
  const password = inUrl('password', 'clickhousePassword') ?? values.clickhousePassword ?? '';
  const database = inUrl('pathname', 'clickhouseDatabase') ?? values.clickhouseDatabase ?? 'tracemill';
  if (!databaseName.safeParse(database).success) {
    throw new UserError(
      'CLICKHOUSE_URL: its path is no name of a database; write https://host:8443/name, and ?pathname= for the path of a proxy',
      { exitCode: exitCodes.usage },
    );
  }
  if (url !== null) Object.assign(url, { username: '', password: '', pathname: '' });
  return { url: url?.href ?? null, user, password, database, cluster: values.clickhouseCluster ?? null };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw new UserError('CLICKHOUSE_URL: a % in it is no %XX; write it as %25', {
      cause: error,
      exitCode: exitCodes.usage,
    });
  }
}
