import { createHash } from 'node:crypto';
import { cutAtWord, longestText } from './pairText.js';
import type { Fields } from './zvec.js';

/** A line of the handoff file as zvec can keep it; `fields` null: its pair was taken back. */
export type PairDocument = { readonly id: string; readonly fields: Fields | null };

/** Of a pair, what search shows and filters by; what a line leaves out is absent. */
export type PairMetadata = {
  readonly agent?: string;
  readonly session_id?: string;
  readonly project_path?: string;
  readonly source_path?: string;
  readonly offset?: number;
  readonly model?: string;
  readonly ts_ms?: number;
  readonly question_chars?: number;
  readonly truncated?: boolean;
};

/** Changes when the same line gives another document, so that a collection of the old kind is made anew. */
export const documentFormat = 1;

const texts = ['agent', 'session_id', 'project_path', 'source_path', 'model'] as const;
const numbers = ['offset', 'ts_ms', 'question_chars'] as const;
/** Longer than any path; another program's line may hold anything. */
const longestName = 8192;

/** Reads a line; undefined where it is no record, or one whose id zvec does not take. */
export function readDocument(line: Buffer): PairDocument | undefined {
  const record = parse(line);
  if (record === undefined) return undefined;
  const { id, text, deleted, metadata } = record;
  if (typeof id !== 'string' || !/^[a-zA-Z0-9_!@#$%+=.-]{1,64}$/.test(id)) return undefined;
  if (deleted === true) return { id, fields: null };
  if (typeof text !== 'string') return undefined;
  const kept = cutAtWord(text, longestText);
  const known = readMetadata(metadata, kept.length < text.length);
  return {
    id,
    fields: {
      text: kept,
      metadata: JSON.stringify(known),
      line: createHash('sha256').update(line).digest('hex').slice(0, 32),
      projects: known.project_path === undefined ? [] : projectNames(known.project_path),
      ...(known.agent === undefined ? {} : { agent: known.agent }),
      ...(known.ts_ms === undefined ? {} : { ts_ms: known.ts_ms }),
    },
  };
}

/**
 * What a project answers to: every run of whole names in its path, so that `~/work/shop` is found by itself, by `work`,
 * `shop` and `~/work`, as the filters of export find it. Hashed: zvec's filters have no way to quote every text.
 */
function projectNames(path: string): string[] {
  const names = path.split('/').slice(0, 32);
  const runs = names.flatMap((_, from) =>
    names.slice(from).map((_, more) => names.slice(from, from + more + 1)),
  );
  return [...new Set(runs.map((run) => projectName(run.join('/'))))];
}

/** How a project is named in a filter. */
export function projectName(project: string): string {
  return createHash('sha256').update(project).digest('hex').slice(0, 16);
}

function readMetadata(value: unknown, isCut: boolean): PairMetadata {
  const given = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const isText = (name: string) => typeof given[name] === 'string' && given[name].length <= longestName;
  return Object.fromEntries([
    ...texts.filter(isText).map((name) => [name, given[name]]),
    ...numbers.filter((name) => Number.isSafeInteger(given[name])).map((name) => [name, given[name]]),
    ...(given.truncated === true || isCut ? [['truncated', true]] : []),
  ]);
}

function parse(line: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line.toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
