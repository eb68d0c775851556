import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Config } from '../config.js';
import { readCommits } from './commits.js';
import { readFileStates } from './fileStates.js';
import { lakeFolder } from './lake.js';
import { scanSource } from './scan.js';
import type { Source } from './source.js';
import { openDuckDB } from './warehouse.js';

/** Days after which Claude Code deletes a transcript that was not written to, and which file says so. */
export type CleanupDays = { readonly days: number; readonly origin: string };

/** What Claude Code takes where no settings file says otherwise (code.claude.com/docs/en/settings, 2026). */
const defaultDays = 30;
/** How long before it goes a session is worth a word. */
const soonDays = 7;
const dayMs = 86_400_000;

/** Where an organisation's settings lie; they win over a person's own. */
const managedFolders: Partial<Record<NodeJS.Platform, string>> = {
  linux: '/etc/claude-code',
  darwin: '/Library/Application Support/ClaudeCode',
  win32: 'C:\\ProgramData\\ClaudeCode',
};

/** Reads `cleanupPeriodDays` as Claude Code does: the organisation's settings first, then those of the home. */
export async function readCleanupDays(
  config: Pick<Config, 'claudeRoots'>,
  managed = managedFolders[process.platform] ?? '',
): Promise<CleanupDays> {
  const home = dirname(config.claudeRoots[0]?.path ?? '');
  const files = [
    join(managed, 'managed-settings.json'),
    join(home, 'settings.local.json'),
    join(home, 'settings.json'),
  ];
  for (const file of files) {
    const days = await cleanupDaysOf(file);
    if (days !== undefined) return { days, origin: file };
  }
  return { days: defaultDays, origin: 'default' };
}

/** Sessions with bytes that are not in the lake and that go within a week; `firstAt` in Unix milliseconds. */
export async function findLeaving(options: {
  config: Config;
  source: Source;
  days: number;
  now: Date;
}): Promise<{ sessions: number; firstAt: number }> {
  const { config, source, days, now } = options;
  const leaving = scanSource(source, config).files.filter(
    ({ mtimeMs }) => mtimeMs + days * dayMs < now.getTime() + soonDays * dayMs,
  );
  const read = leaving.length === 0 ? new Map<string, number>() : await readEnds(config, source.name);
  const missing = leaving.filter(({ path, size }) => (read.get(path) ?? 0) < size);
  const sessionOf = (path: string) =>
    source.sessions?.parentOfPath(path) ?? source.sessions?.ofPath(path) ?? path;
  return {
    sessions: new Set(missing.map(({ path }) => sessionOf(path))).size,
    firstAt: missing.reduce((first, { mtimeMs }) => Math.min(first, mtimeMs + days * dayMs), Infinity),
  };
}

/** When something was last read into the lake, as ISO time; null where nothing was. */
export async function lastCommitAt(config: Config): Promise<string | null> {
  return withCommits(config, async (connection) => {
    const reader = await connection.runAndReadAll("select max(committed_at) from commits where op = 'add'");
    const [row] = reader.getRows();
    return row?.[0] === null || row?.[0] === undefined ? null : String(row[0]);
  });
}

/** How far each file of a source was read, by its path; the newest generation counts. */
async function readEnds(config: Config, source: string): Promise<Map<string, number>> {
  return withCommits(config, async (connection) => {
    const { states } = await readFileStates(connection);
    const ours = states.filter((state) => state.source === source);
    ours.sort((left, right) => left.generation - right.generation);
    return new Map(ours.map(({ path, end }) => [path, end]));
  });
}

async function withCommits<T>(
  config: Config,
  work: (connection: Awaited<ReturnType<typeof openDuckDB>>['connection']) => Promise<T>,
): Promise<T> {
  const duckdb = await openDuckDB();
  try {
    await readCommits(duckdb.connection, lakeFolder(config));
    return await work(duckdb.connection);
  } finally {
    duckdb.close();
  }
}

async function cleanupDaysOf(file: string): Promise<number | undefined> {
  try {
    const settings: unknown = JSON.parse(await readFile(file, 'utf8'));
    const days = (settings as { cleanupPeriodDays?: unknown } | null)?.cleanupPeriodDays;
    return typeof days === 'number' && days >= 0 ? days : undefined;
  } catch {
    // Missing, or one that Claude Code cannot read either.
    return undefined;
  }
}
