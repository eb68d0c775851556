import { basename } from 'node:path';
import { UserError } from '../errors.js';
import { findContamination } from './decontamination.js';
import { chooseEvents, prepareEvents } from './eventRange.js';
import { type Benchmark, hashFile } from './exportManifest.js';
import { type Dataset, type ExportTask, judgeRows } from './exportRows.js';
import { cleanRows, keepRows, readWithheld } from './leftOut.js';
import type { Manifest } from './manifest.js';
import { placeRows } from './placement.js';
import { identifier, quote, tableRelation } from './warehouse.js';

/** Bytes of rows that are searched for benchmarks at once: a list of their words takes fifty times as much. */
const searchedBytes = 16_000_000;

/** Decides which rows are written and where each of them stands, into the table `placed_rows`. */
export async function selectRows(
  task: ExportTask,
  { tables, benchmarks }: { tables: Manifest['tables']; benchmarks: readonly string[] },
): Promise<void> {
  const { connection, lake, filters } = task;
  await chooseEvents(connection, { lake, events: tables['events.training_events'], filters });
  await judgeRows(task);
  await readWithheld(connection, lake, tables['duplicates.withheld']);
  await cleanRows(connection);
  await connection.run('create table contaminated_rows (dataset varchar, id varchar, item varchar)');
  if (benchmarks.length > 0) await findContaminated(task, benchmarks);
  await keepRows(connection);
  await placeRows(connection);
  await prepareEvents(connection);
}

/** The benchmark files by name and content, as a manifest names them. */
export async function describeBenchmarks(paths: readonly string[]): Promise<Benchmark[]> {
  return Promise.all(
    paths.map(async (path) => {
      const sha256 = await hashFile(path).catch((cause: unknown) => {
        throw new UserError(`${path}: cannot be read; name a file of benchmark items`, { cause });
      });
      return { name: basename(path), sha256 };
    }),
  );
}

/** Fills `contaminated_rows`, some days of a dataset at a time: the search makes a list of each row's words. */
async function findContaminated(task: ExportTask, benchmarks: readonly string[]): Promise<void> {
  const { connection, lake, datasets } = task;
  for (const dataset of datasets) {
    const reader = await connection.runAndReadAll(
      `select day, sum(bytes) from clean_rows where dataset = ${quote(dataset.name)} group by day order by day`,
    );
    let days: string[] = [];
    let bytes = 0;
    const search = async () => {
      if (days.length === 0) return;
      await findContamination({ connection, benchmarks, rows: wordsOf(lake, dataset, days) });
      await connection.run('insert into contaminated_rows select dataset, id, item from contaminated');
      days = [];
      bytes = 0;
    };
    for (const [day, size] of reader.getRowsJS()) {
      if (bytes + Number(size) > searchedBytes) await search();
      days.push(String(day));
      bytes += Number(size);
    }
    await search();
  }
}

/** SQL: each clean row's dataset, id and all of its text, of some days. */
function wordsOf(lake: string, { name, table }: Dataset, days: readonly string[]): string {
  const words = table.columns.flatMap(([column, type]) => {
    if (type === 'JSON[]')
      return `array_to_string(list_transform(${identifier(column)}, lambda message: message_words(message)), chr(10))`;
    if (column === 'completions') return 'array_to_string(completions, chr(10))';
    return ['text', 'prompt'].includes(column) ? identifier(column) : [];
  });
  const day = table.partitioned ? 'source.day' : `''`;
  return `select ${quote(name)} as dataset, source.id, concat_ws(chr(10), ${["''", ...words].join(', ')}) as text
    from (${tableRelation(lake, table)}) as source
    join clean_rows on clean_rows.dataset = ${quote(name)} and clean_rows.id = source.id and clean_rows.day = ${day}
    where ${day} in (${days.map(quote).join(', ')})`;
}
