import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { traceColumns } from '../pipelines/lib/columnLineage.js';
import { parseSelects } from '../pipelines/lib/syntax.js';
import { openDuckDB } from '../pipelines/lib/warehouse.js';

const duckdb = await openDuckDB();
after(duckdb.close);

const tables = new Map([
  ['core.a', ['id', 'x', 'y']],
  ['core.b', ['id', 'x', 'z']],
]);

/**
 * A line a column: `n = core.a.x` where it is passed on, `n < core.a.x, core.a.y` where it is computed, `if` before what
 * only decides, `?` where something of it is unknown; a last line `… ` for columns of no known name.
 */
async function trace(sql: string): Promise<string[]> {
  const [tree = {}] = await parseSelects(duckdb.connection, [{ sql, file: 'test' }]);
  const { columns, rest } = traceColumns(tree, tables);
  return [...columns, ...(rest ? [{ ...rest, name: '…' }] : [])].map((column) =>
    [
      column.name,
      column.isPassedOn ? '=' : '<',
      column.sources.join(', '),
      ...(column.conditions.length > 0 ? ['if', column.conditions.join(', ')] : []),
      ...(column.isUnknown ? ['?'] : []),
    ].join(' '),
  );
}

const cases: [what: string, sql: string, columns: string[]][] = [
  [
    'a column is passed on under its own name or another; an expression is computed; a count comes from no column',
    'select id, x as n, x + y as sum, 1 as one, null::integer as none, count(*) as many from core.a',
    ['id = core.a.id', 'n = core.a.x', 'sum < core.a.x, core.a.y', 'one < ', 'none = ', 'many < '],
  ],
  [
    'through common table expressions, with names of their own, and a relation named as a column',
    'with first(k, v) as (select id, x from core.a), second as (select * from first) select k, second.v, second as both from second',
    ['k = core.a.id', 'v = core.a.x', 'both < core.a.id, core.a.x'],
  ],
  [
    'a star leaves out, replaces and renames',
    'select * exclude (id) replace (x + 1 as x), a.* rename (y as w) from core.a as a',
    ['x < core.a.x', 'y = core.a.y', 'id = core.a.id', 'x = core.a.x', 'w = core.a.y'],
  ],
  [
    'using gives the left column, of a right join the right one, of a full one either; the star has it once',
    'select * from core.a join core.b as other using (id)',
    ['id = core.a.id', 'x = core.a.x', 'y = core.a.y', 'x = core.b.x', 'z = core.b.z'],
  ],
  ['… right', 'select id from core.a right join core.b using (id)', ['id = core.b.id']],
  ['… full', 'select id from core.a full join core.b using (id)', ['id = core.a.id, core.b.id']],
  [
    '… semi and anti joins give nothing of their right side; a natural join uses the shared names',
    'select * from core.a semi join core.b using (id) natural join (select id, z from core.b)',
    ['id = core.a.id', 'x = core.a.x', 'y = core.a.y', 'z = core.b.z'],
  ],
  [
    'a union is passed on where every branch is, or is null; by name what a branch lacks is null',
    'select id, x, y from core.a union all select id, x + 1, null from core.b',
    ['id = core.a.id, core.b.id', 'x < core.a.x, core.b.x', 'y = core.a.y'],
  ],
  [
    '… by name',
    'select x, y from core.a union all by name select z, x from core.b',
    ['x = core.a.x, core.b.x', 'y = core.a.y', 'z = core.b.z'],
  ],
  ['… of what is left', 'select x from core.a except select z from core.b', ['x = core.a.x']],
  [
    'recursion goes round until it finds no other column',
    `with recursive walk as (
        select id, x as seen, y as next from core.a
        union all select walk.id, walk.next, b.z from walk join core.b as b using (id)
    ) select * from walk`,
    ['id = core.a.id', 'seen = core.a.x, core.a.y, core.b.z', 'next = core.a.y, core.b.z'],
  ],
  [
    'what decides stands apart from what is the value',
    `select case when y > 0 then x end as c, sum(x) filter (where y > 0) as s, max_by(x, y) as m,
        row_number() over (partition by x order by y) as n, lag(id) over (order by y) as l from core.a`,
    [
      'c < core.a.x if core.a.y',
      's < core.a.x if core.a.y',
      'm < core.a.x if core.a.y',
      'n <  if core.a.x, core.a.y',
      'l < core.a.id if core.a.y',
    ],
  ],
  [
    'a lambda has names of its own; macros are what they are given',
    'select list_transform(list(x), lambda x, i: x + y + i) as l, redacted(x) as r from core.a group by y',
    ['l < core.a.x, core.a.y', 'r < core.a.x'],
  ],
  [
    'subqueries read their own tables and those around them',
    `select (select max(z) from core.b where b.id = a.id) as m, exists (select 1 from core.b where b.x = a.y) as e,
        x in (select z from core.b) as i from core.a`,
    ['m < core.b.z', 'e < core.b.x, core.a.y', 'i < core.a.x, core.b.z'],
  ],
  [
    'a column may read one named before it, and a lateral query what stands before it',
    'select x as k, k + 1 as n, l.w from core.a, lateral (select a.y + z as w from core.b) as l',
    ['k = core.a.x', 'n < core.a.x', 'w < core.a.y, core.b.z'],
  ],
  [
    'fields of a struct come from all of it; what unnest makes of one has names that only binding knows',
    'select s.field as f, k, unnest(y) from (select x as s, unnest(y, recursive := true) as w from core.a)',
    ['f < core.a.x', 'k < core.a.y', ' < core.a.y', '… < core.a.y'],
  ],
  [
    '… unless the other side of a union names them',
    'select id, x from core.a union all select unnest(z), id from core.b union all select id, z from core.b',
    ['id < core.a.id, core.b.z, core.b.id', 'x = core.a.x, core.b.id, core.b.z'],
  ],
  [
    '… two such sides are unknown',
    'select unnest(x), y from core.a union all select unnest(id), x from core.b',
    ['… < core.a.x, core.a.y, core.b.id, core.b.x ?'],
  ],
  [
    '… and so are the columns that a list of names is for',
    'with u(k, v) as (select unnest(x), y from core.a) select k, v from u',
    ['k < core.a.x, core.a.y ?', 'v < core.a.x, core.a.y ?'],
  ],
  [
    'values and functions in the place of a table',
    'select v.*, n, id from core.a, (values (1, 2)) as v(p, q), unnest(a.y) as u(n)',
    ['p < ', 'q < ', 'n < core.a.y', 'id = core.a.id'],
  ],
  ['a table or a name that is not there is unknown', 'select q, w from core.c, core.a', ['q <  ?', 'w <  ?']],
  ['… as are columns chosen by a condition', "select columns(name -> name <> 'x') from core.a", ['… <  ?']],
  ['… and what a pivot makes', "select p from (pivot core.a on x in ('p') using sum(y))", ['p <  ?']],
];

for (const [what, sql, columns] of cases) {
  test(what, async () => {
    assert.deepEqual(await trace(sql), columns);
  });
}
