// What a user would run instead, each as a process of its own: `node references.js <name> <folder> <draft folder>`.
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DuckDBInstance } from '@duckdb/node-api';
import glob from 'fast-glob';

const references: Record<string, (folder: string, drafts: string) => Promise<void>> = {
  /** DuckDB's own reader of lines, all cores, into zstd Parquet with the row groups of the lake. */
  duckdb: async (folder, drafts) => {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const pattern = join(folder, '**', '*.jsonl').replaceAll("'", "''");
    const target = join(drafts, 'reference.parquet').replaceAll("'", "''");
    await connection.run(
      `copy (select filename, json from read_ndjson_objects('${pattern}', filename = true, maximum_object_size = 400000000))
       to '${target}' (format parquet, compression zstd, row_group_size 4096)`,
    );
    connection.closeSync();
  },
  /** Every line through readline and JSON.parse. */
  readline: async (folder) => {
    let fields = 0;
    for (const path of await glob('**/*.jsonl', { cwd: folder, absolute: true })) {
      for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
        fields += Object.keys(JSON.parse(line) as object).length;
      }
    }
    process.stdout.write(`${fields}\n`);
  },
  /** Starting Node and loading the packages that ingest loads, and nothing else. */
  startup: async () => {
    await Promise.all([import('yargs'), import('zod'), import('@duckdb/node-api'), import('parquetjs-lite')]);
  },
};

const [name = '', folder = '', drafts = ''] = process.argv.slice(2);
const reference = references[name];
if (reference === undefined)
  throw new Error(`references: ${name} is unknown; name one of ${Object.keys(references)}`);
await reference(folder, drafts);
