import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { sampleFiles } from './support/sampleWorld.js';

const samples = new URL('../../data/samples/', import.meta.url);

test('the recorded samples are what their generator writes', async () => {
  const files = sampleFiles();
  const committed = (await readdir(new URL('events/', samples))).map((name) => `events/${name}`);
  assert.deepEqual([...committed, 'seq_mem.jsonl'].toSorted(), [...files.keys()].toSorted());
  for (const [path, text] of files) {
    const same = (await readFile(new URL(path, samples), 'utf8')) === text;
    assert.ok(same, `data/samples/${path} differs; run node dist/test/support/writeSamples.js`);
  }
});
