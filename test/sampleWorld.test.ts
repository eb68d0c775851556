import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { eventLine } from '../pipelines/lib/event.js';
import { refNames } from '../pipelines/lib/eventSchemas.js';
import { sampleEvents, sampleFiles } from './support/sampleWorld.js';

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

test('the recorder would have written every sample line the same, but for its id, and refused the score of 11', () => {
  const { 'desk-6001-2b6d40aa': odd = [], ...programs } = sampleEvents();
  const recorded = (line: (typeof odd)[number]) =>
    eventLine({
      type: line.event_type,
      payload: line.payload,
      refs: Object.fromEntries(refNames.flatMap((name) => (name in line ? [[name, line[name]]] : []))),
      tags: line.tags,
      at: Date.parse(line.timestamp),
    }).line;
  for (const line of Object.values(programs).flat()) {
    assert.deepEqual({ ...JSON.parse(recorded(line)), id: line.id }, line);
  }
  const refused = odd.filter((line) => {
    try {
      recorded(line);
      return false;
    } catch {
      return true;
    }
  });
  // A newer version of artifact.scored is no version of this recorder's.
  assert.deepEqual(
    refused.map(({ schema_version, payload }) => [schema_version, payload.score]),
    [
      [2, undefined],
      [1, 11],
    ],
  );
});
