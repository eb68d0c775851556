import type { DuckDBConnection, DuckDBListValue } from '@duckdb/node-api';
import type { Table } from './manifest.js';
import type { RowRules } from './rowRules.js';
import type { RowsTask, RowTask, RowVerdict } from './rowWorker.js';
import { identifier, tableRelation } from './warehouse.js';
import { type Pool, startPool } from './workers.js';

export type RowPool = Pool<RowsTask, RowVerdict[]>;

/** Threads that judge rows and count their tokens. */
export function startRowPool(workers: number): RowPool {
  return startPool(new URL('./rowWorker.js', import.meta.url), workers);
}

/** The dataset to look through: `where` is SQL over its columns. */
export type Inspection = {
  readonly connection: DuckDBConnection;
  readonly lake: string;
  readonly dataset: string;
  readonly table: Table;
  readonly where: string;
  readonly rules: RowRules;
  readonly pool: RowPool;
  readonly onRows: (rows: number) => void;
};

type Row = { readonly id: string; readonly split: string; readonly order: string; readonly bytes: number };

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
  const hand = (day: string, batch: { row: Row; task: RowTask }[]) => {
    const answer: Promise<void> = pool
      .run({ rules: inspection.rules, rows: batch.map(({ task }) => task) })
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
      if (verdict.refusal === null) appender.appendNull();
      else appender.appendVarchar(verdict.refusal);
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

async function* batchesOf({ connection, lake, table, where }: Inspection, day: string) {
  const lists = table.columns.filter(([, type]) => type === 'JSON[]').map(([name]) => name);
  const has = (name: string) => table.columns.some(([column]) => column === name);
  const texts = lists.length === 0 ? ['text'].filter(has) : [];
  const selected = [
    'id',
    'split',
    'split_hash(group_id) as split_hash',
    has('tools') ? 'tools' : 'null::varchar as tools',
    ...[...lists, ...texts].map(identifier),
  ];
  const relation = tableRelation(lake, table, day);
  const result = await connection.stream(`select ${selected.join(', ')} from (${relation}) where ${where}`);
  let batch: { row: Row; task: RowTask }[] = [];
  let bytes = 0;
  for await (const chunk of result) {
    const columns = selected.map((_, index) => chunk.getColumnVector(index));
    for (let index = 0; index < chunk.rowCount; index += 1) {
      const [id, split, order, tools, ...values] = columns.map((column) => column.getItem(index));
      const task: RowTask = {
        lists: values
          .slice(0, lists.length)
          .map((list) => [...((list as DuckDBListValue | null)?.items ?? [])].map(String)),
        texts: values.slice(lists.length).map((text) => String(text ?? '')),
        tools: tools === null || tools === undefined ? null : String(tools),
      };
      const size = [...task.lists.flat(), ...task.texts, task.tools ?? ''].reduce(
        (sum, text) => sum + Buffer.byteLength(text),
        0,
      );
      batch.push({ row: { id: String(id), split: String(split), order: String(order), bytes: size }, task });
      bytes += size;
      if (bytes < batchBytes) continue;
      yield batch;
      batch = [];
      bytes = 0;
    }
  }
  if (batch.length > 0) yield batch;
}
