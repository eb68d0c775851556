import type { DuckDBConnection, DuckDBListValue } from '@duckdb/node-api';
import { ruleOf } from './datasetRules.js';
import type { Column, Table } from './manifest.js';
import type { RowsTask, RowTask, RowVerdict } from './rowWorker.js';
import { identifier, tableRelation } from './warehouse.js';
import { type Pool, startPool } from './workers.js';

export type RowPool = Pool<RowsTask, RowVerdict[]>;

/** Threads that judge rows and count their tokens; a single worker is this thread, which need not start another. */
export async function startRowPool(workers: number): Promise<RowPool> {
  if (workers > 1) return startPool(new URL('./rowWorker.js', import.meta.url), workers);
  const { judgeTask } = await import('./rowWorker.js');
  return { run: async (task) => judgeTask(task), ready: async () => {}, close: async () => {} };
}

/** The dataset to look through: `where` and `refusal` are SQL over its columns. */
export type Inspection = {
  readonly connection: DuckDBConnection;
  readonly lake: string;
  readonly dataset: string;
  readonly table: Table;
  readonly where: string;
  /** Gives the reason why the profile cannot carry a row, or null. */
  readonly refusal: string;
  readonly pool: RowPool;
  readonly onRows: (rows: number) => void;
};

type Row = {
  readonly id: string;
  readonly split: string;
  readonly order: string;
  readonly bytes: number;
  /** Why the profile cannot carry it. */
  readonly refusal: string | null;
};
type Batch = { readonly row: Row; readonly task: RowTask }[];

/** One thread is given this many bytes of rows at a time. */
const batchBytes = 1 << 20;

/** Makes the table `verdicts` that inspectDataset fills; the macros of the sql folder must be loaded. */
export async function prepareVerdicts(connection: DuckDBConnection): Promise<void> {
  await connection.run(`create table verdicts (
    dataset varchar, day varchar, id varchar, split varchar, split_hash varchar, bytes bigint, tokens integer, refusal varchar)`);
}

/** Judges every row of a dataset, a day at a time, and notes for each its tokens or why it is refused. */
export async function inspectDataset(inspection: Inspection): Promise<void> {
  const { connection, dataset, table, pool, onRows } = inspection;
  const answers = new Set<Promise<void>>();
  const judged: { day: string; row: Row; verdict: RowVerdict }[] = [];
  let failure: unknown;
  const hand = (day: string, batch: Batch) => {
    const answer: Promise<void> = pool
      .run({ dataset, columns: table.columns, rows: batch.map(({ task }) => task) })
      .then((verdicts) => {
        for (const [index, verdict] of verdicts.entries()) {
          const row = batch[index]?.row;
          if (row) judged.push({ day, row, verdict });
        }
        onRows(batch.length);
      })
      .catch((error: unknown) => {
        failure ??= error;
      })
      .finally(() => answers.delete(answer));
    answers.add(answer);
  };
  const note = async () => {
    const appender = await connection.createAppender('verdicts');
    for (const { day, row, verdict } of judged.splice(0)) {
      for (const text of [dataset, day, row.id, row.split, row.order]) appender.appendVarchar(text);
      appender.appendBigInt(BigInt(row.bytes));
      appender.appendInteger(verdict.tokens);
      const refusal = verdict.refusal ?? row.refusal;
      if (refusal === null) appender.appendNull();
      else appender.appendVarchar(refusal);
      appender.endRow();
    }
    appender.closeSync();
  };
  for (const day of Object.keys(table.files).sort()) {
    for await (const batch of batchesOf(inspection, day)) {
      hand(day, batch);
      await pool.ready();
    }
    await note();
  }
  await Promise.all(answers);
  if (failure !== undefined) throw failure;
  await note();
}

async function* batchesOf(inspection: Inspection, day: string): AsyncGenerator<Batch> {
  const { connection, lake, dataset, table, where, refusal } = inspection;
  const rule = ruleOf(dataset, table.columns);
  const hasTools = table.columns.some(([name]) => name === 'tools');
  const selected = [
    'id',
    'split',
    'split_hash(group_id)',
    `(${bytesOf(table.columns)})::double`,
    refusal,
    hasTools ? 'tools' : 'null::varchar',
    ...[...rule.lists, ...rule.texts].map(identifier),
    ...rule.values.map((name) => `to_json(${identifier(name)})::varchar`),
  ];
  const relation = tableRelation(lake, table, day);
  const result = await connection.stream(`select ${selected.join(', ')} from (${relation}) where ${where}`);
  let batch: Batch = [];
  let bytes = 0;
  for await (const chunk of result) {
    const columns = selected.map((_, index) => chunk.getColumnVector(index));
    for (let index = 0; index < chunk.rowCount; index += 1) {
      const [id, split, order, size, refused, tools, ...rest] = columns.map((column) =>
        column.getItem(index),
      );
      const texts = rest.splice(rule.lists.length).map((text) => String(text ?? ''));
      const task: RowTask = {
        lists: rest.map((list) => [...((list as DuckDBListValue | null)?.items ?? [])].map(String)),
        texts: texts.slice(0, rule.texts.length),
        values: texts.slice(rule.texts.length).map((text) => (text === '' ? 'null' : text)),
        tools: optional(tools),
      };
      const row = { id: String(id), split: String(split), order: String(order), bytes: Number(size) };
      batch.push({ row: { ...row, refusal: optional(refused) }, task });
      bytes += Number(size);
      if (bytes < batchBytes) continue;
      yield batch;
      batch = [];
      bytes = 0;
    }
  }
  if (batch.length > 0) yield batch;
}

/** SQL: the bytes of a row's texts and lists, which decide the size of row groups and files. */
function bytesOf(columns: readonly Column[]): string {
  const sizes = columns.flatMap(([name, type]) => {
    const column = identifier(name);
    if (type === 'VARCHAR' || type === 'JSON') return `coalesce(strlen(${column}::varchar), 0)`;
    if (type !== 'VARCHAR[]' && type !== 'JSON[]') return [];
    return `coalesce(list_sum(list_transform(${column}, lambda item: strlen(item::varchar))), 0)`;
  });
  return ['0', ...sizes].join(' + ');
}

function optional(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}
