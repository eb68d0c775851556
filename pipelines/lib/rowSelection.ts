import { basename } from 'node:path';
import { UserError } from '../errors.js';
import { findContamination } from './decontamination.js';
import { chooseEvents, prepareEvents } from './eventRange.js';
import { type Benchmark, hashFile } from './exportManifest.js';
import { type Dataset, type ExportTask, judgeRows } from './exportRows.js';
import { cleanRows, keepRows, readWithheld } from './leftOut.js';
import type { Manifest } from './manifest.js';
import { placeRows } from './placement.js';
import { quote, tableRelation } from './warehouse.js';

/** Decides which rows are written and where each of them stands, into the table `placed_rows`. */
export async function selectRows(
  task: ExportTask,
  { tables, benchmarks }: { tables: Manifest['tables']; benchmarks: readonly string[] },
): Promise<void> {
  const { connection, lake, filters, datasets } = task;
  await chooseEvents(connection, { lake, events: tables['events.training_events'], filters });
  await judgeRows(task);
  await readWithheld(connection, lake, tables['duplicates.withheld']);
  await cleanRows(connection);
  if (benchmarks.length > 0) {
    const rows = datasets.map((dataset) => wordsOf(lake, dataset)).join(' union all ');
    await findContamination({ connection, benchmarks, rows });
  } else {
    await connection.run('create table contaminated (dataset varchar, id varchar, item varchar)');
  }
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

/** SQL: each clean row's dataset, id and all of its text. */
function wordsOf(lake: string, { name, table }: Dataset): string {
  const words = table.columns.flatMap(([column, type]) => {
    if (type === 'JSON[]')
      return `array_to_string(list_transform("${column}", lambda message: message_words(message)), chr(10))`;
    if (column === 'completions') return `array_to_string(completions, chr(10))`;
    return ['text', 'prompt'].includes(column) ? `"${column}"` : [];
  });
  const day = table.partitioned ? 'source.day' : `''`;
  return `select ${quote(name)} as dataset, source.id, concat_ws(chr(10), ${["''", ...words].join(', ')}) as text
    from (${tableRelation(lake, table)}) as source
    join clean_rows on clean_rows.dataset = ${quote(name)} and clean_rows.id = source.id and clean_rows.day = ${day}`;
}
