import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Config } from '../config.js';
import { readExportRecords } from './exportRecord.js';
import type { Dataset } from './exportRows.js';
import { tellingChars } from './forgetTexts.js';
import { draftPath, lakeFolder, makeFolder, publishFile } from './lake.js';
import { identifier, quote, tableRelation, writeParquet } from './warehouse.js';

/** A version of an export that still lies there with rows of what was forgotten; null rows: it has no list of its rows. */
export type HoldingExport = { readonly version: string; readonly rows: number | null };

/** Notes which rows an export has, outside of it: by this a later `forget` finds them. After selectRows. */
export async function noteExportRows(options: {
  connection: DuckDBConnection;
  lake: string;
  datasets: readonly Dataset[];
  out: string;
  version: string;
}): Promise<void> {
  const { connection, out, version } = options;
  const selects = options.datasets.map(({ name, table }) => {
    const day = table.partitioned ? 'source.day' : `''`;
    const session = table.columns.some(([column]) => column === 'session_id') ? 'source.session_id' : 'null';
    return `select placed.dataset, placed.id, ${session} as session_id
      from (${tableRelation(options.lake, table)}) as source
      join (
        from placed_rows where dataset = ${quote(name)}
      ) as placed on placed.id = source.id and placed.day = ${day}`;
  });
  if (selects.length === 0) return;
  const draft = join(out, 'log', `.draft-${version}.parquet`);
  await makeFolder(join(out, 'log'));
  await writeParquet(connection, `${selects.join(' union all ')} order by all`, draft);
  await publishFile(draft, rowsFile(out, version));
}

/** Notes the rows of datasets that hold a forgotten text, for no session's id leads to them. After findTexts. */
export async function noteForgottenRows(options: {
  connection: DuckDBConnection;
  lake: string;
  /** Published tables `datasets.*`, as views. */
  tables: readonly string[];
  tombstone: string;
}): Promise<void> {
  const { connection, lake, tombstone } = options;
  const reader = await connection.runAndReadAll(
    'select distinct text from found_texts where has_words(text)',
  );
  const texts = reader.getRowsJson().map(([text]) => String(text).trim());
  await connection.run('create temp table needles (words varchar, is_telling boolean)');
  for (const text of texts) {
    for (const words of new Set([text, JSON.stringify(text).slice(1, -1)]))
      await connection.run(`insert into needles values (${quote(words)}, ${text.length >= tellingChars})`);
  }
  await connection.run('create temp table forgotten_rows (dataset varchar, id varchar)');
  for (const table of options.tables) {
    const columns = await connection.runAndReadAll(
      `select column_name from (describe ${table}) where column_type in ('VARCHAR', 'JSON', 'JSON[]', 'VARCHAR[]')`,
    );
    const words = columns.getRowsJson().map(([column]) => `${identifier(String(column))}::varchar`);
    await connection.run(`
      insert into forgotten_rows
      select distinct ${quote(table.replace('datasets.', ''))}, rows.id
      from (select id, session_id, concat_ws(chr(10), ${words.join(', ')}) as words from ${table}) as rows
      join needles on contains(rows.words, needles.words)
      where needles.is_telling or rows.session_id in (
        select steps.session_id from core.steps as steps
        join found_texts using (file_key, byte_offset)
      )`);
  }
  const draft = draftPath(lake, '.parquet');
  await makeFolder(join(lake, 'drafts'));
  await writeParquet(connection, 'from forgotten_rows order by all', draft);
  await publishFile(draft, join(lake, 'receipts', `${tombstone}.rows.parquet`));
}

/** The exports in the data folder that hold forgotten rows; after readCommits. `sessions` are forgotten since. */
export async function holdingExports(
  connection: DuckDBConnection,
  config: Pick<Config, 'data'>,
  sessions: readonly string[] = [],
): Promise<HoldingExport[]> {
  const out = join(config.data, 'exports');
  const records = (await readExportRecords(out)).filter(({ id }) => existsSync(join(out, id)));
  const receipts = join(lakeFolder(config), 'receipts');
  const noted = (await readdir(receipts).catch(() => [])).filter((name) => name.endsWith('.rows.parquet'));
  const named = [...sessions.map(quote)].join(', ');
  await connection.run(`
    create or replace temp table forgotten_ids as
    select session_id from commits where op = 'forget' and source = 'session'
    union
    select unnest([${named}]::varchar[])`);
  await connection.run(`
    create or replace temp table forgotten_dataset_rows as
    select null::varchar as dataset, null::varchar as id where false
    ${noted.map((name) => `union all from read_parquet(${quote(join(receipts, name))})`).join(' ')}`);
  const isAny = await connection.runAndReadAll(
    'select exists (from forgotten_ids) or exists (from forgotten_dataset_rows)',
  );
  if (isAny.getRowsJson()[0]?.[0] !== true) return [];
  const holding: HoldingExport[] = [];
  for (const { id } of records) {
    if (!existsSync(rowsFile(out, id))) {
      holding.push({ version: id, rows: null });
      continue;
    }
    const reader = await connection.runAndReadAll(`
      select count(*)::double from read_parquet(${quote(rowsFile(out, id))})
      where coalesce(session_id in (from forgotten_ids) or split_part(session_id, '/', 1) in (from forgotten_ids), false)
        or (dataset, id) in (select (dataset, id) from forgotten_dataset_rows)`);
    const rows = Number(reader.getRowsJson()[0]?.[0]);
    if (rows > 0) holding.push({ version: id, rows });
  }
  return holding;
}

/** What a person is told of them. */
export function describeHolding(exports: readonly HoldingExport[]): string[] {
  return exports.map(({ version, rows }) =>
    rows === null
      ? `! export ${version}: was made before exports kept a list of their rows, so it may hold some; remove its folder`
      : `! export ${version}: still holds ${rows} forgotten rows; remove its folder, and copies that you gave away`,
  );
}

function rowsFile(out: string, version: string): string {
  return join(out, 'log', `${version}.rows.parquet`);
}
