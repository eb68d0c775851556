// What a user would run instead, each as a process of its own: `node references.js <name> <folder> <draft folder>`.
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DuckDBInstance } from '@duckdb/node-api';
import glob from 'fast-glob';

const references: Record<string, (folder: string, drafts: string) => Promise<void>> = {
  /** DuckDB's own reader of lines, all cores, into zstd Parquet with the row groups of the lake. */
  duckdb: async (folder, drafts) => {
    await duckdb(
      `copy (select filename, json from ${linesOf(folder)})
       to ${text(join(drafts, 'reference.parquet'))} (format parquet, compression zstd, row_group_size 4096)`,
    );
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
  /** Answered human turns a day, of the lake. */
  askLake: async (data) => {
    const { readConfig } = await import('../../pipelines/config.js');
    const { openWarehouse } = await import('../../pipelines/lib/warehouse.js');
    const config = { ...readConfig(), data };
    const { connection, close } = await openWarehouse({ config, tables: ['core.turns'] });
    const reader = await connection.runAndReadAll(
      `select cast(cast(started_at as date) as varchar), count(*) from core.turns
       where is_human and end_reason = 'answered' group by all order by all`,
    );
    process.stdout.write(`${answer(reader.getRows())}\n`);
    close();
  },
  /** The same of the logs, as one would ask it who knows both formats and that these are whole sessions without copies. */
  askLogs: async (folder) => {
    const rows = await duckdb(
      `with claude as (
           select
               filename,
               json_extract_string(json, '$.timestamp') as written_at,
               json_type(json, '$.message.content') = 'VARCHAR' and json_extract_string(json, '$.type') = 'user' as is_prompt,
               json_extract_string(json, '$.message.content[#-1].type') = 'text' as is_answer,
               json_extract_string(json, '$.message.content[#-1].type') = 'tool_use' as is_call,
               row_number() over () as position,
           from ${linesOf(join(folder, 'claude'))}
       ),
       codex as (
           select
               filename,
               json_extract_string(json, '$.timestamp') as written_at,
               json_extract_string(json, '$.payload.type') = 'user_message' as is_prompt,
               json_extract_string(json, '$.payload.type') = 'agent_message' as is_answer,
               json_extract_string(json, '$.payload.type') = 'function_call' as is_call,
               row_number() over () as position,
           from ${linesOf(join(folder, 'codex'))}
       ),
       numbered as (
           select *, count(*) filter (is_prompt) over (partition by filename order by position) as turn_no
           from (select 'claude' as agent, * from claude union all select 'codex', * from codex)
       ),
       turns as (
           select
               agent,
               min(written_at) filter (is_prompt) as started_at,
               coalesce(max(position) filter (is_answer), 0) > coalesce(max(position) filter (is_call), 0)
                   as is_answered,
           from numbered
           where turn_no > 0
           group by agent, filename, turn_no
       )
       select left(started_at, 10), count(*) from turns where is_answered group by all order by all`,
    );
    process.stdout.write(`${answer(rows)}\n`);
  },
};

const [name = '', folder = '', drafts = ''] = process.argv.slice(2);
const reference = references[name];
if (reference === undefined)
  throw new Error(`references: ${name} is unknown; name one of ${Object.keys(references)}`);
await reference(folder, drafts);

async function duckdb(sql: string): Promise<unknown[][]> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const rows = (await connection.runAndReadAll(sql)).getRows();
  connection.closeSync();
  return rows;
}

function linesOf(folder: string): string {
  const pattern = text(join(folder, '**', '*.jsonl'));
  return `read_ndjson_objects(${pattern}, filename = true, maximum_object_size = 400000000)`;
}

function text(words: string): string {
  return `'${words.replaceAll("'", "''")}'`;
}

function answer(rows: readonly unknown[][]): string {
  return rows.map(([day, count]) => `${day} ${count}`).join(', ');
}
