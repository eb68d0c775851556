import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { kinds } from './redaction/finding.js';

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
/** A name that ClickHouse needs no quotes for. */
export const databaseName = z.string().regex(/^\w+$/, 'write a name of letters, digits and _');
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
  seqMem: {
    keys: ['TRACEMILL_SEQ_MEM', 'SEQ_CH_MEM_PATH'],
    schema: path,
    meaning: 'seq_mem.jsonl to read and to append pairs to',
  },
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
    meaning: 'longest text of a pair that is handed on, in characters',
  },
  handoffText: {
    keys: ['SEQ_AGENT_QA_INCLUDE_TEXT'],
    schema: flag,
    meaning: 'hand on the text of pairs',
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
  prices: {
    keys: ['TRACEMILL_PRICES'],
    schema: path,
    meaning: 'prices of models by date, for the costs in ClickHouse',
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
/** What was set, as it was read. */
export type Values = { [K in SettingName]?: z.output<(typeof settings)[K]['schema']> };

/** Milliseconds of `90s`, `10m`, `1h`, `2d`; a bare number is seconds. */
export function milliseconds(text: string): number {
  const units: Record<string, number> = { ms: 1, s: 1e3, m: 60e3, h: 3600e3, d: 86400e3 };
  const [, digits = '0', unit = 's'] = /^(\d+)(ms|s|m|h|d)?$/.exec(text) ?? [];
  return Number(digits) * (units[unit] ?? 1e3);
}
