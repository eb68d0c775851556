import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../pipelines/config.js';
import { type Clickhouse, openClickhouse } from '../pipelines/lib/clickhouse.js';
import { clusterStatements, shardingKeys } from '../pipelines/lib/clusterDdl.js';
import { type DdlFile, readDdl } from '../pipelines/lib/ddl.js';
import { lakeTables } from '../pipelines/lib/loadPlan.js';
import { setSignals, signalLake } from './support/signalLake.js';
import { loadHere, runCli, startServer, temporary } from './support/warehouse.js';

const cluster = { cluster: 'mills', database: 'tracemill' };
let place: Awaited<ReturnType<typeof temporary>>;
let clickhouse: Clickhouse;
let files: DdlFile[];

before(async () => {
  place = await temporary();
  clickhouse = await openClickhouse(readConfig({ TRACEMILL_DATA: place.folder }));
  files = await readDdl(fileURLToPath(new URL('../../sql', import.meta.url)));
});

after(async () => {
  await clickhouse.close();
  await place.remove();
});

/** The engine's own parser: what it makes of a statement, a node a line. */
async function parse(sql: string): Promise<string[]> {
  // The FORMAT that the client would add becomes one of the explained statement.
  const { stream } = await clickhouse.client.exec({ query: `explain ast ${sql}` });
  const text = Buffer.concat(await stream.toArray()).toString();
  return text.split('\n').map((line) => line.replaceAll('"', '').trim());
}

const named = (nodes: readonly string[], kind: RegExp) =>
  nodes.map((node) => kind.exec(node)?.[1]).filter((name) => name !== undefined);
const columnsOf = (nodes: readonly string[]) => named(nodes, /^ColumnDeclaration (\w+)/);
/** The types, codecs and indices, as the engine writes them. */
async function columnText(sql: string): Promise<string> {
  const [row] = await clickhouse.rows<{ text: string }>(
    'select formatQuerySingleLine({sql:String}) as text',
    { sql },
  );
  return /\((.*)\) ENGINE/.exec(row?.text ?? '')?.[1] ?? '';
}

test('every numbered file is one statement that may run again, in the order of its number', async () => {
  const numbers = files.map(({ file }) => Number(file.slice(0, 3)));
  assert.deepEqual(
    numbers,
    [...new Set(numbers)].toSorted((a, b) => a - b),
  );
  for (const { file, sql } of files) {
    assert.match(sql, /^-- One row per /, file);
    await parse(sql);
    const repeatable =
      /^(create table if not exists|create or replace view|alter table \w+ (add|drop) \w+ if )/m;
    assert.match(sql, repeatable, file);
  }
});

test('on a cluster each table is a replicated one with the same columns, under a distributed one by session', async () => {
  const keys = shardingKeys(files);
  for (const { file, sql } of files) {
    const single = await parse(sql);
    const statements = clusterStatements(sql, cluster);
    const forms = await Promise.all(statements.map(parse));
    for (const statement of statements) assert.match(statement, /\bon cluster 'mills'/, file);
    const engines = forms.flatMap((nodes) => named(nodes, /^Function (\w*(?:MergeTree|Distributed))\b/));
    if (/create or replace view/.test(sql)) {
      assert.deepEqual(engines, [], file);
      continue;
    }
    assert.deepEqual(named(single, /^Function (\w*MergeTree)\b/), ['MergeTree'], file);
    assert.deepEqual(engines, ['ReplicatedMergeTree', 'Distributed'], file);
    const [local = '', over = ''] = statements;
    assert.deepEqual(columnsOf(forms[0] ?? []), columnsOf(single), file);
    assert.equal(await columnText(local), await columnText(sql), file);
    const table = /exists (\w+) \(/.exec(sql)?.[1] ?? '';
    assert.match(over, new RegExp(`exists ${table} on .* as ${table}_local\\n`), file);
    const key = columnsOf(single).includes('session_id') ? /session_id/ : /^cityHash64\(\w+\)$/;
    assert.match(keys.get(table) ?? '', key, file);
    assert.ok(over.endsWith(`'${table}_local', ${keys.get(table)})`), over);
  }
  assert.equal(keys.get('payload_blobs'), 'cityHash64(hash)');
});

test('every table of the lake has a day and is partitioned by it', async () => {
  for (const table of Object.keys(lakeTables)) {
    const file = files.find(({ sql }) => sql.includes(`exists ${table} (`));
    assert.ok(file, table);
    assert.match(file.sql, /^ {4}day LowCardinality\(String\),$[\s\S]*^partition by day$/m, table);
  }
});

// One node plays all of them (test/support/clickhouseServer.ts): what a real cluster would do with it is not tested.
test('with one node in place of a cluster, loads swap, drop and leave alone as they do without', async () => {
  const lake = await signalLake({ '2026-01-01': ['a'], '2026-01-02': ['b', 'c'] });
  const server = await startServer(join(lake.folder, 'server'), {
    user: 'u',
    password: 'p',
    mode: 'cluster',
  });
  const environment = {
    TRACEMILL_DATA: lake.config.data,
    CLICKHOUSE_URL: server.url.replace('//', '//u:p@'),
    CLICKHOUSE_CLUSTER: 'mills',
  };
  try {
    assert.equal((await loadHere(environment)).tables[0]?.loaded, 2);
    await setSignals(lake, { '2026-01-01': ['a'], '2026-01-03': ['d'] });
    const [{ loaded, dropped, current } = {}] = (await loadHere(environment)).tables;
    assert.deepEqual([loaded, dropped, current], [1, 1, 1]);
    const again = await loadHere(environment);
    assert.deepEqual(
      again.tables.map((table) => table.loaded + table.dropped),
      [0, 0, 0],
    );
    const { statements } = await server.fail(null);
    const changes = statements.filter((statement) => /^(create|alter|drop|exchange)\b/.test(statement));
    for (const statement of changes) {
      assert.match(statement, /\bon cluster 'mills'/);
      await parse(statement);
    }
    assert.ok(changes.some((statement) => /^alter table signals_local .* replace partition/.test(statement)));
    assert.ok(
      changes.some((statement) => /^exchange tables prices_local and stage_prices_local/.test(statement)),
    );
    const { status, stderr } = runCli(['load'], { ...environment, CLICKHOUSE_CLUSTER: '' });
    assert.equal(status, 2);
    assert.match(
      stderr,
      /^CLICKHOUSE_CLUSTER: database tracemill was made on cluster mills; set it so, or name another/,
    );
  } finally {
    await server.stop();
    await lake.remove();
  }
});
