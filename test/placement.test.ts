import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeRows } from '../pipelines/lib/placement.js';
import { openDuckDB } from '../pipelines/lib/warehouse.js';

type Placed = {
  id: string;
  split_hash: string;
  bytes: number;
  shard: number;
  row_group: number;
  place: number;
};

/** Places rows of one split, whose sizes are SQL over the row's `number`. */
async function placed(rows: number, bytes: string): Promise<Placed[]> {
  const { connection, close } = await openDuckDB();
  await connection.run(`create table kept_rows as
    select 'sft' as dataset, '2026-01-01' as day, 'row ' || number as id, 'train' as split,
      sha256('family ' || (number // 3)) as split_hash, (${bytes})::bigint as bytes, 1 as tokens
    from range(${rows}) as numbers(number)`);
  await placeRows(connection);
  const reader = await connection.runAndReadAll(
    `select id, split_hash, placed_rows.bytes, shard, row_group, place from placed_rows join kept_rows using (id) order by place`,
  );
  close();
  return reader.getRowObjectsJS().map((row) => {
    const number = (name: string) => Number(row[name]);
    return {
      id: String(row.id),
      split_hash: String(row.split_hash),
      bytes: number('bytes'),
      shard: number('shard'),
      row_group: number('row_group'),
      place: number('place'),
    };
  });
}

const inHashOrder = (rows: readonly Placed[]) =>
  rows.toSorted((a, b) => (a.split_hash + a.id < b.split_hash + b.id ? -1 : 1));

test('rows stand in the order of split hash and id; only large ones give way at the head', async () => {
  const small = await placed(5000, '2000 + number');
  assert.deepEqual(small, inHashOrder(small));
  const mixed = await placed(2000, 'case when number % 4 = 0 then 1000 else 100_000 end');
  const [head, rest] = [mixed.slice(0, 100), mixed.slice(100)];
  assert.ok(head.every(({ bytes }) => bytes === 1000));
  assert.deepEqual(head, inHashOrder(head));
  assert.deepEqual(rest, inHashOrder(rest));
  assert.ok(
    rest.some(({ bytes }) => bytes === 1000),
    'small rows are not all at the front',
  );
});

test('where few rows are small the smallest of the others follow them', async () => {
  const rows = await placed(1000, 'case when number < 10 then 1000 else 100_000 + number end');
  const head = rows.slice(0, 100);
  assert.deepEqual(
    head.map(({ id }) => Number(id.slice(4))).toSorted((a, b) => a - b),
    Array.from({ length: 100 }, (_, number) => number),
  );
  assert.deepEqual(head, inHashOrder(head));
});

test('a file holds at most 200 MB, a row group 12 MB or 2,048 rows, each begun anew in the next file', async () => {
  const rows = await placed(9000, '100_000');
  const sizes = (key: 'shard' | 'row_group') => {
    const sums = new Map<number, { bytes: number; rows: number }>();
    for (const row of rows) {
      const { bytes, rows: count } = sums.get(row[key]) ?? { bytes: 0, rows: 0 };
      sums.set(row[key], { bytes: bytes + row.bytes, rows: count + 1 });
    }
    return [...sums.values()];
  };
  assert.deepEqual(
    sizes('shard').map(({ bytes }) => bytes),
    [200_000_000, 200_000_000, 200_000_000, 200_000_000, 100_000_000],
  );
  assert.ok(sizes('row_group').every(({ bytes }) => bytes <= 12_100_000));
  assert.ok(
    (await placed(5000, '10')).every(({ place, row_group: group }) => group === Math.ceil(place / 2048)),
  );
  const groups = new Map(rows.map(({ row_group: group, shard }) => [`${group} ${shard}`, shard]));
  assert.equal(groups.size, new Set(rows.map(({ row_group: group }) => group)).size);
});
