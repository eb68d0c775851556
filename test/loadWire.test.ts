import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readConfig } from '../pipelines/config.js';
import { command as doctorCommand } from '../pipelines/doctor.js';
import { openClickhouse } from '../pipelines/lib/clickhouse.js';
import { command as loadCommand } from '../pipelines/load.js';
import type { TestLake } from './support/lake.js';
import { setSignals, signalLake } from './support/signalLake.js';
import { verbHere } from './support/verbHere.js';
import { loadHere, type Server, startServer } from './support/warehouse.js';

const user = 'miller';
const password = 'flour & water';
let lake: TestLake;
let server: Server;
let environment: Record<string, string>;

before(async () => {
  lake = await signalLake({ '2026-01-01': ['a', 'b'], '2026-01-02': ['c'] });
  server = await startServer(join(lake.folder, 'server'), { user, password });
  environment = {
    TRACEMILL_DATA: lake.config.data,
    CLICKHOUSE_URL: server.url,
    CLICKHOUSE_USER: user,
    CLICKHOUSE_PASSWORD: password,
  };
});

after(async () => {
  await server.stop();
  await lake.remove();
});

const ids = async () => {
  const clickhouse = await openClickhouse(readConfig(environment));
  const rows = await clickhouse.rows<{ day: string; ids: string[] }>(
    'select day, arraySort(groupArray(signal_id)) as ids from signals group by day order by day',
  );
  await clickhouse.close();
  return Object.fromEntries(rows.map((row) => [row.day, row.ids]));
};

/** A load that must fail: its exit code and words. */
async function refusal(more: Record<string, string> = {}): Promise<string> {
  const { status, stderr, stdout } = await verbHere(loadCommand, [], { ...environment, ...more });
  assert.equal(stdout, '');
  assert.doesNotMatch(stderr, /flour|\n./, 'one line, without the password');
  return `${status} ${stderr.trimEnd().replace(server.url, '<server>')}`;
}

test('over HTTP the Parquet is streamed, replies are gzip, and the rows are those of the lake', async () => {
  const { gzipRequests, bodyBytes } = await server.fail(null);
  const result = await loadHere(environment);
  assert.equal(result.warehouse, server.url);
  assert.deepEqual(await ids(), { '2026-01-01': ['a', 'b'], '2026-01-02': ['c'] });
  const seen = await server.fail(null);
  assert.equal(seen.gzipRequests, gzipRequests);
  assert.ok(seen.gzipResponses > 0);
  const moved = result.tables.find(({ table }) => table === 'signals')?.bytes ?? 0;
  assert.equal(seen.bodyBytes - bodyBytes, moved, 'each byte of the Parquet once, and as it is');
  assert.deepEqual(
    (await loadHere(environment)).tables.map(({ loaded }) => loaded),
    [0, 0, 0],
  );
});

test('user, password, database and options may stand in the URL; requests are zipped where it says so', async () => {
  const url = new URL(server.url);
  url.username = user;
  url.password = encodeURIComponent(password);
  url.pathname = 'another';
  url.search = '?compression_request=true';
  const before = await server.fail(null);
  const result = await loadHere({ TRACEMILL_DATA: lake.config.data, CLICKHOUSE_URL: url.href });
  assert.deepEqual([result.database, result.warehouse], ['another', server.url]);
  assert.ok((await server.fail(null)).gzipRequests > before.gzipRequests);
});

test('what is wrong with server or URL is told in a line that says what to do', async () => {
  assert.match(
    await refusal({ CLICKHOUSE_PASSWORD: 'water' }),
    /^1 CLICKHOUSE_URL <server>: refuses this user or password; set/,
  );
  assert.match(
    await refusal({ CLICKHOUSE_URL: 'http://127.0.0.1:1' }),
    /^1 CLICKHOUSE_URL http:\/\/127\.0\.0\.1:1: nothing listens there; start/,
  );
  assert.match(
    await refusal({ CLICKHOUSE_URL: 'http://nowhere.invalid:8123' }),
    /^1 .*: no such host; correct the URL/,
  );
  assert.match(
    await refusal({ CLICKHOUSE_URL: server.url.replace('http', 'https') }),
    /^1 .*: does not speak TLS there; /,
  );
  assert.match(
    await refusal({ CLICKHOUSE_URL: 'clickhouse://host' }),
    /^2 CLICKHOUSE_URL: write a URL as https:/,
  );
  assert.match(
    await refusal({ CLICKHOUSE_URL: `${server.url}?speed=high` }),
    /^2 CLICKHOUSE_URL: Unknown URL parameters: speed/,
  );
  const website = createServer((_, response) => response.end('<html>It works!</html>'));
  await new Promise<void>((resolve) => website.listen(0, '127.0.0.1', resolve));
  const { port } = website.address() as AddressInfo;
  const config = readConfig({ ...environment, CLICKHOUSE_URL: `http://127.0.0.1:${port}` });
  await assert.rejects(
    openClickhouse(config),
    /: something answers, but it is not ClickHouse; correct the URL$/,
  );
  website.close();
  assert.match(
    (await verbHere(doctorCommand, [], { ...environment, CLICKHOUSE_PASSWORD: 'water' })).stdout,
    /^bad +ClickHouse +CLICKHOUSE_URL .*: refuses this user or password/m,
  );
  assert.match(
    (await verbHere(doctorCommand, [], environment)).stdout,
    /^ok +ClickHouse +http:.*, ClickHouse \d+\./m,
  );
});

test('a server that goes away, falls silent or fills its disk half-way leaves whole days, and the next load goes on', async () => {
  const old = { '2026-01-01': ['a', 'b'], '2026-01-02': ['c'] };
  const fresh = { '2026-01-01': ['a', 'b', 'x'], '2026-01-02': ['c', 'y'] };
  const halfway = { ...old, '2026-01-01': ['a', 'b', 'x'] };
  await setSignals(lake, fresh);
  const insert = '^insert into stage_signals';
  const swap = '^alter table signals replace partition';
  const slow = { CLICKHOUSE_URL: `${server.url}?request_timeout=700` };
  const cases = [
    [
      { on: insert, what: 'hang up', after: 1 },
      {},
      /went away half-way; look after the server, then run/,
      old,
    ],
    [
      { on: insert, what: 'disk full', after: 1 },
      {},
      /has no space left on its disk; free some space and/,
      old,
    ],
    [{ on: insert, what: 'silence', after: 1 }, slow, /does not answer in time; look after the server/, old],
    [{ on: 'from stage_signals', what: 'cut off' }, {}, /went away half-way/, old],
    [{ on: swap, what: 'disk full', after: 1 }, {}, /has no space left on its disk/, halfway],
  ] as const;
  for (const [fault, more, words, left] of cases) {
    await server.fail({ ...fault });
    assert.match(await refusal(more), words, JSON.stringify(fault));
    await server.fail(null);
    assert.deepEqual(await ids(), left, JSON.stringify(fault));
  }
  // Both again: the first was swapped, but the run ended before its note.
  assert.equal((await loadHere(environment)).tables[0]?.loaded, 2);
  assert.deepEqual(await ids(), fresh);
});

test('a cluster that the server does not know is told', async () => {
  assert.match(
    await refusal({ CLICKHOUSE_CLUSTER: 'mills' }),
    /^1 CLICKHOUSE_URL <server>: knows no such cluster; correct CLICKHOUSE_CLUSTER$/,
  );
});
