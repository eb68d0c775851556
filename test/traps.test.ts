import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openProject, openTrap, readTraps } from './support/traps.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const traps = await readTraps(join(root, 'test', 'fixtures', 'traps'));
const rules = await readTraps(join(root, 'test', 'fixtures', 'rules'));
const project = await openProject(join(root, 'sql'));
after(project.close);

test('each of the 49 known traps of the log formats has its lines and what they must give', () => {
  const numbers = [...new Set(traps.map(({ trap }) => trap))].sort((one = 0, other = 0) => one - other);
  assert.deepEqual(
    numbers,
    Array.from({ length: 49 }, (_, index) => index + 1),
  );
  for (const { name, trap, rule, cases, test: file } of [...traps, ...rules]) {
    assert.match(rule ?? '', /\w+ \w+/, `${name}: trap.json says its rule in a sentence`);
    assert.ok(cases.length > 0 || file, `${name}: trap.json has a query, cases or the name of a test`);
    if (trap !== undefined)
      assert.equal(Number(name.slice(0, 2)), trap, `${name}: begins with its trap's number`);
  }
});

for (const trap of [...traps, ...rules]) {
  test(`${trap.trap === undefined ? 'rule' : 'trap'} ${trap.name}`, async () => {
    if (trap.test !== undefined) {
      const text = await readFile(join(root, 'test', trap.test), 'utf8');
      assert.match(text, new RegExp(`\\btrap ${trap.trap}\\b`), `test/${trap.test} names trap ${trap.trap}`);
    }
    if (trap.cases.length === 0) return;
    const run = await openTrap(project, trap);
    for (const [index, { query, rows, off }] of trap.cases.entries()) {
      const name = `${trap.name}, case ${index + 1}: ${trap.rule}`;
      assert.deepEqual(await run.rows(query), rows, name);
      const without = await run.rowsWith(query, [off].flat());
      assert.notDeepEqual(without, rows, `${name}: the rows are the same with the rule off`);
    }
  });
}
