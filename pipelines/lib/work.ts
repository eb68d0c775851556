import type { DuckDBConnection } from '@duckdb/node-api';
import type { Config } from '../config.js';
import { errorWords } from '../errors.js';
import { readFileStates, readKnownRanges } from './fileStates.js';
import { type Change, type Identified, identify } from './identity.js';
import { SourceFileError } from './lines.js';
import { assignDays, type Facts, readFacts, readSessionDays } from './partitionDay.js';
import { type FoundFile, scanSource, type Warning } from './scan.js';
import type { Source } from './source.js';

/** A file of which something is to be read or noted, and from where on. */
export type Work = Identified & {
  readonly sessionId: string | null;
  /** Null where each line has its own day. */
  readonly day: string | null;
  readonly offset: number;
  readonly line: number;
};

/** The files of one source by how they stand to the log. */
export type Census = { source: string; files: number; unchanged: number } & Record<Change, number>;

export type Plan = { readonly work: Work[]; readonly census: Census[]; readonly warnings: Warning[] };

/** What an ingest has to do, in the order it is best done: a day after the other; after readCommits. */
export async function planWork(options: {
  connection: DuckDBConnection;
  config: Config;
  sources: readonly Source[];
  settleMs: number;
  now: Date;
}): Promise<Plan> {
  const { connection, config, settleMs, now } = options;
  const known = await readFileStates(connection);
  const warnings: Warning[] = [];
  const census: Census[] = [];
  const identified: Identified[] = [];
  const onUnreadable = (file: FoundFile, error: unknown) => warnings.push(unreadable(file, error));
  const ranges = (fileKey: string) => readKnownRanges(connection, fileKey);
  for (const source of options.sources) {
    const scan = scanSource(source, config);
    warnings.push(...scan.warnings);
    const states = known.states.filter((state) => state.source === source.name);
    const found = await identify({
      files: scan.files,
      known: { ...known, states },
      settleMs,
      now,
      ranges,
      onUnreadable,
    });
    const count = (change: Change) => found.changed.filter((file) => file.change === change).length;
    census.push({
      source: source.name,
      files: scan.files.length,
      unchanged: found.unchanged,
      new: count('new'),
      grown: count('grown'),
      moved: count('moved'),
      generation: count('generation'),
      touched: count('touched'),
    });
    identified.push(...found.changed);
  }
  const dated = await addDays(identified, options, onUnreadable);
  return { work: inOrder(dated, options.sources), census, warnings };
}

/** In words: a file that cannot be read now. */
export function unreadable(file: FoundFile, error: unknown): Warning {
  const { code } = error as NodeJS.ErrnoException;
  const name = `${file.source.name}/${file.path}`;
  if (code === 'ENOENT') return `${name}: vanished while it was looked at; nothing of it was read`;
  if (code === 'EACCES' || code === 'EPERM') {
    return `${name}: cannot be read (${code}); give this user the right to read it, the next run takes it`;
  }
  const why = error instanceof SourceFileError ? error.message : errorWords(error);
  return `${name}: cannot be read further (${why}); the next run tries again`;
}

async function addDays(
  files: readonly Identified[],
  { connection, sources }: { connection: DuckDBConnection; sources: readonly Source[] },
  onUnreadable: (file: FoundFile, error: unknown) => void,
): Promise<Work[]> {
  const facts = new Map<Identified, Facts>();
  for (const identified of files) {
    const { file, state } = identified;
    if (file.source.sessions === undefined || (state?.day ?? null) !== null || file.size === 0) continue;
    try {
      facts.set(identified, await readFacts(file, file.source.sessions));
    } catch (error) {
      onUnreadable(file, error);
    }
  }
  const undated = [...facts].map(([{ file }, own]) => ({ file, facts: own }));
  const sessionDays = undated.length === 0 ? new Map() : await readSessionDays(connection, sources);
  const days = assignDays(undated, sessionDays);
  return files.flatMap((identified) => {
    const { file, state } = identified;
    const own = facts.get(identified);
    // Without facts the file could not be read, unless it has none or they are known.
    const needed = file.source.sessions !== undefined && (state?.day ?? null) === null && file.size > 0;
    if (needed && own === undefined) return [];
    return {
      ...identified,
      sessionId: state?.sessionId ?? own?.sessionId ?? null,
      day: state?.day ?? days.get(file) ?? null,
      offset: state?.resumeOffset ?? 0,
      line: state?.resumeLine ?? 1,
    };
  });
}

function inOrder(work: Work[], sources: readonly Source[]): Work[] {
  const rank = new Map(sources.map((source, index) => [source.name, index]));
  const key = ({ file, day }: Work) => [rank.get(file.source.name) ?? 0, day ?? '', file.path] as const;
  return work.sort((left, right) => {
    const [a, b] = [key(left), key(right)];
    return a[0] - b[0] || compare(a[1], b[1]) || compare(a[2], b[2]);
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
