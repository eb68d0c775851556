import type { Config } from '../config.js';
import { askHere, type Cell } from './ask.js';
import type { Manifest } from './manifest.js';
import type { DuckDB } from './warehouse.js';

/** A name in the logs that the models do not know, first used within the last 30 days (sql/reports/drift.sql). */
export type NewName = {
  readonly source: string;
  readonly kind: 'record type' | 'field' | 'version';
  /** Of a field: the type of the record that had it first; empty for the others. */
  readonly recordType: string;
  readonly name: string;
  readonly records: number;
  readonly firstAt: string | null;
  /** Log that used it first, below its root. */
  readonly sourcePath: string;
  /** Of a version: the newest one that the models were written for. */
  readonly knownTo: string | null;
};

/** A day of the last 30 on which far fewer questions than usual were answered (sql/reports/answer_cliffs.sql). */
export type AnswerCliff = {
  readonly agent: string;
  readonly day: string;
  readonly turns: number;
  readonly answered: number;
  /** Shares, 0 to 1; the usual one is the median of the days before. */
  readonly rate: number;
  readonly usualRate: number;
};

/** Null where its tables are not built yet. */
export type Drift = { readonly names: readonly NewName[]; readonly cliffs: readonly AnswerCliff[] } | null;

/** What is new counts as news for so long. */
const newsDays = 30;

/** What the logs of the last days hold that they never held before. */
export async function readDrift(
  duckdb: DuckDB,
  lake: { config: Config; manifest: Manifest },
  now: Date,
): Promise<Drift> {
  const { tables } = lake.manifest;
  if (tables['core.log_names'] === undefined || tables['core.answer_days'] === undefined) return null;
  const since = new Date(now.getTime() - newsDays * 86_400_000).toISOString().slice(0, -1);
  const names = await askHere(duckdb, lake, 'drift', { since });
  const cliffs = await askHere(duckdb, lake, 'answer_cliffs', { since });
  return { names: names.map(nameOf), cliffs: cliffs.map(cliffOf) };
}

type Row = Readonly<Record<string, Cell>>;

function nameOf({ first_at: firstAt, known_to: knownTo, ...row }: Row): NewName {
  return {
    source: String(row.source),
    kind: row.kind as NewName['kind'],
    recordType: String(row.record_type),
    name: String(row.name),
    records: Number(row.record_count),
    firstAt: firstAt instanceof Date ? firstAt.toISOString() : null,
    sourcePath: String(row.source_path),
    knownTo: knownTo === null ? null : String(knownTo),
  };
}

function cliffOf(row: Row): AnswerCliff {
  return {
    agent: String(row.agent),
    day: String(row.asked_on),
    turns: Number(row.turn_count),
    answered: Number(row.answered_count),
    rate: Number(row.rate),
    usualRate: Number(row.usual_rate),
  };
}
