import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { brokenClaims } from './support/fuzz/fuzzLake.js';
import { bytesOf, casesOf } from './support/fuzz/worlds.js';
import { propertyRuns } from './support/propertyRuns.js';

const fixtures = fileURLToPath(new URL('../../test/fixtures/fuzz', import.meta.url));

// The long form is `just fuzz`, which draws other worlds and makes a failure small. What once broke a claim stands among the
// sessions of the one world: a lake more would take as long again.
test('sessions damaged in any way go through the whole job: nothing is lost, and every claim holds', async () => {
  const cases = casesOf(7, propertyRuns(20));
  const names = await readdir(fixtures, { recursive: true, withFileTypes: true });
  const paths = names.filter((name) => name.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const once = paths.map(async (path) => [path.slice(fixtures.length + 1), await readFile(path)] as const);
  const files = new Map([...bytesOf(cases, cases), ...(await Promise.all(once))]);
  assert.deepEqual(await brokenClaims(files, { again: true, halves: true }), []);
});
