import { exitCodes } from '../errors.js';
import type { RunVerb } from './childVerb.js';
import { amount } from './progress.js';

/** What one pass did: lines and bytes read, pairs by what became of them, and files or pairs that wait for quiet. */
export type PassResult = {
  readonly lines: number;
  readonly bytes: number;
  readonly added: number;
  readonly changed: number;
  readonly deleted: number;
  readonly waiting: number;
  readonly warnings: readonly string[];
  /** What did not work though the pass went on, in words. */
  readonly failures: readonly string[];
};

/** `locked`: another run holds the lake, or the index; nothing of this pass is lost, the next one does it. */
export type PassEnd =
  | { readonly state: 'done'; readonly result: PassResult }
  | { readonly state: 'locked' | 'failed'; readonly words: string };

export type PassOptions = {
  readonly run: RunVerb;
  /** Pairs answered before it are not handed off; null for all. */
  readonly from: string | null;
  /** Bring the search index up to the handoff file too. */
  readonly indexes: boolean;
};

/** Brings new lines into the lake and their pairs out of it: the shortest way from a log to the handoff. */
export async function runPass({ run, from, indexes }: PassOptions): Promise<PassEnd> {
  const failures: string[] = [];
  const verbs: string[][] = [
    ['ingest'],
    ['build', '--select', '+core.qa_pairs'],
    ['handoff', ...(from === null ? [] : ['--from', from])],
    ...(indexes ? [['index']] : []),
  ];
  const found: Record<string, Json> = {};
  for (const words of verbs) {
    const [verb = ''] = words;
    const { code, stdout, stderr } = await run(words);
    if (code === exitCodes.locked) return { state: 'locked', words: lastLine(stderr) };
    if (code !== exitCodes.ok) {
      const failure = `${verb}: ${lastLine(stderr) || `ended with ${code}`}`;
      // A failed check holds back its day and keeps the last good table: the pairs of all others go on. So do they without
      // an index, which the next pass brings up to all that was handed off.
      if (code !== exitCodes.dataFailed && verb !== 'index') return { state: 'failed', words: failure };
      failures.push(failure);
    }
    found[verb] = parse(stdout);
  }
  const { ingest = {}, handoff = {} } = found;
  const unfinished = list(ingest.sources).reduce<number>(
    (sum, source) => sum + count((source as Json).waiting),
    0,
  );
  const result = {
    lines: count(ingest.lines),
    bytes: count(ingest.bytes),
    added: count(handoff.added),
    changed: count(handoff.changed),
    deleted: count(handoff.deleted),
    waiting: count(handoff.waiting) + unfinished,
    warnings: list(ingest.warnings).map(String),
    failures,
  };
  return { state: 'done', result };
}

/** True where the package is installed that makes the search index; whether its binary loads, index itself says. */
export function hasZvec(): boolean {
  try {
    return import.meta.resolve('@zvec/zvec') !== '';
  } catch {
    return false;
  }
}

/** One line for the log. */
export function describePass({ lines, bytes, added, changed, deleted, waiting }: PassResult): string {
  const counts = [
    [added, 'new'],
    [changed, 'changed'],
    [deleted, 'taken back'],
  ] as const;
  const handed = counts
    .filter(([value]) => value > 0)
    .map(([value, word]) => `${amount(value, 'items')} ${word}`);
  const pairs = handed.length === 0 ? 'no new pair' : `pairs handed off: ${handed.join(', ')}`;
  const later = waiting === 0 ? '' : `; ${amount(waiting, 'items')} not final yet`;
  return `read ${amount(lines, 'items')} lines, ${amount(bytes, 'bytes')}; ${pairs}${later}`;
}

type Json = Readonly<Record<string, unknown>>;

function parse(stdout: string): Json {
  const value: unknown = stdout === '' ? {} : JSON.parse(stdout);
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function count(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function lastLine(text: string): string {
  return text.split('\n').at(-1) ?? '';
}
