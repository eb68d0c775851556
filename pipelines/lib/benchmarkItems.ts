import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { UserError } from '../errors.js';
import { quotePath } from './quotePath.js';
import { identifier, quote } from './warehouse.js';

/** One text of a benchmark; `item` is its file's name and the number of its line, element, paragraph or row. */
type BenchmarkText = { readonly item: string; readonly text: string };

/**
 * Fills the temp table `benchmark_texts(item, text)` from benchmark files: every string of each line of .jsonl, of each element
 * of a .json array, each paragraph of .txt and .md, each text column of each row of .parquet.
 */
export async function readBenchmarks(connection: DuckDBConnection, paths: readonly string[]): Promise<void> {
  await connection.run('create or replace temp table benchmark_texts (item varchar, text varchar)');
  for (const path of paths) {
    if (extname(path) === '.parquet') await readParquet(connection, path);
    else await appendTexts(connection, await readTexts(path));
    const counted = await connection.runAndReadAll(
      `select count(*) from benchmark_texts where starts_with(item, ${quote(`${basename(path)}:`)})`,
    );
    if (Number(counted.getRows()[0]?.[0]) === 0)
      throw new UserError(`${path}: holds no text; name a file of benchmark items`);
  }
}

async function readParquet(connection: DuckDBConnection, path: string): Promise<void> {
  const file = quotePath(path);
  try {
    const described = await connection.runAndReadAll(`describe from read_parquet(${file})`);
    const columns = described.getRowsJS().filter(([, type]) => type === 'VARCHAR' || type === 'JSON');
    for (const [name] of columns) {
      const column = identifier(String(name));
      await connection.run(
        `insert into benchmark_texts
         select ${quote(`${basename(path)}:`)} || (file_row_number + 1), ${column}
         from read_parquet(${file}, file_row_number = true) where ${column} is not null`,
      );
    }
  } catch (cause) {
    throw new UserError(`${path}: cannot be read as Parquet; name a file of benchmark items`, { cause });
  }
}

async function readTexts(path: string): Promise<BenchmarkText[]> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new UserError(`${path}: cannot be read; name a file of benchmark items`, { cause });
  });
  const name = basename(path);
  const ofValues = (values: readonly unknown[]) =>
    values.flatMap((value, index) =>
      stringsIn(value).map((string) => ({ item: `${name}:${index + 1}`, text: string })),
    );
  const parse = (json: string, line: number): unknown => {
    try {
      return JSON.parse(json);
    } catch (cause) {
      throw new UserError(`${path}: line ${line} is not JSON; correct it or name it .txt`, { cause });
    }
  };
  switch (extname(path)) {
    case '.jsonl':
      return ofValues(
        text.split('\n').map((line, index) => (line.trim() === '' ? null : parse(line, index + 1))),
      );
    case '.json': {
      const value = parse(text, 1);
      return ofValues(Array.isArray(value) ? value : [value]);
    }
    default:
      return ofValues(text.split(/\n\s*\n/));
  }
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return value.trim() === '' ? [] : [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}

async function appendTexts(connection: DuckDBConnection, texts: readonly BenchmarkText[]): Promise<void> {
  const appender = await connection.createAppender('benchmark_texts');
  for (const { item, text } of texts) {
    appender.appendVarchar(item);
    appender.appendVarchar(text);
    appender.endRow();
  }
  appender.closeSync();
}
