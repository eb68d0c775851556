import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createClient } from '@clickhouse/client';
import { readConfig } from '../pipelines/config.js';
import { exportDatasets } from '../pipelines/export.js';
import { profiles } from '../pipelines/formats/all.js';
import { loadChdb } from '../pipelines/lib/chdb.js';
import { silentProgress } from '../pipelines/lib/progress.js';
import { type DuckDB, openWarehouse } from '../pipelines/lib/warehouse.js';
import { canaryDay, watchedCanaries, writeCanaries } from './support/canaries/world.js';
import { canaryKinds, type Plants, planter } from './support/canaries.js';
import { canarySettings, run, type Said, watchOnce } from './support/canaryJob.js';
import {
  clickhouseTexts,
  fileTexts,
  type Placed,
  type PlacedTexts,
  parquetTexts,
  zvecTexts,
} from './support/decoded.js';
import { formsOf, jsonTexts, searchFor } from './support/leaks.js';
import { differences, isRedacted, placesIn } from './support/redactedLake.js';

let folder: string;
let plants: Plants;
/** Data folders of the lake as it is made, and of one that was told to redact nothing. */
let [clean, open]: [string, string] = ['', ''];
const said: Said[] = [];
let seqBytes = 0;
const find = searchFor(canaryKinds.map(({ value, text }) => ({ name: value, value, text })));

const settings = (data: string) => canarySettings(folder, data);
const tell = (env: NodeJS.ProcessEnv, ...words: string[]) => {
  const result = run(env, ...words);
  said.push(result);
  return result;
};
const does = (env: NodeJS.ProcessEnv, ...words: string[]) => {
  const result = tell(env, ...words);
  assert.equal(result.status, 0, `${result.verb}: ${result.stderr}`);
  return result;
};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tracemill-canary-'));
  plants = await writeCanaries(folder);
  [clean, open] = [join(folder, 'clean'), join(folder, 'open')];
  for (const data of [clean, open]) {
    await mkdir(data);
    await cp(join(folder, 'seq_mem.jsonl'), join(data, 'seq_mem.jsonl'));
  }
  const bare = { ...settings(open), TRACEMILL_REDACT: 'none' };
  for (const verb of ['ingest', 'build']) assert.equal(run(bare, verb).status, 0);

  const env = settings(clean);
  for (const verb of ['ingest', 'build']) does(env, verb);
  seqBytes = (await stat(join(clean, 'seq_mem.jsonl'))).size;
  said.push(
    ...(await watchOnce(env, '2026-03-05T00:00:00Z', () => watchedCanaries(folder, planter(0, plants)))),
  );
  for (const verb of ['build', 'load', 'handoff', 'index']) does(env, verb);
  does(env, 'export', '--jsonl');
  for (const profile of profiles.slice(1)) {
    await exportDatasets({
      ...{ config: readConfig(env), progress: silentProgress, now: new Date(), filters: {} },
      datasets: null,
      ...{ profile: profile.name, jsonl: true, out: join(clean, 'exports') },
    });
  }
  for (const words of [
    'status --json',
    'search found token',
    'search --json password',
    'doctor',
    'doctor --json',
  ]) {
    does(env, ...words.split(' '));
  }
  for (const words of ['router-audit', 'signal-summary', 'export --profile trl --dataset sft --json']) {
    tell(env, ...words.split(' '));
  }
});
after(() => rm(folder, { recursive: true, force: true }));

test('the raw lake holds every canary at every place, and verifies byte for byte', async () => {
  const verified = does(settings(clean), 'verify', '--json');
  assert.ok(JSON.parse(verified.stdout).ranges > 100, verified.stdout);
  const missing = new Map([...plants].map(([place, kinds]) => [place, new Set(kinds)]));
  const forms = new Set<string>();
  const found = new Set<string>();
  for await (const batch of parquetTexts(join(clean, 'lake', 'raw'))) {
    const texts = batch.map(({ text }) => text);
    for (const { name, form } of texts.flatMap(find)) {
      found.add(name);
      forms.add(form);
    }
    const all = texts.flatMap((text) => [text, ...jsonTexts(text)]);
    for (const { place, kind, content } of placesIn(all.flatMap(withDecoded))) {
      if (!missing.get(place)?.has(kind)) continue;
      const { value = ' ' } = canaryKinds[kind] ?? {};
      const shown = content.replaceAll('\n', '');
      if (formsOf(value).some(([, form]) => shown.includes(form))) missing.get(place)?.delete(kind);
    }
  }
  assert.deepEqual(named(missing), []);
  assert.deepEqual(
    [...new Set(canaryKinds.map(({ value }) => value))].filter((value) => !found.has(value)),
    [],
  );
  for (const form of ['plain', 'JSON', 'JSON in JSON', 'base64 0', 'base64 1', 'base64 2'])
    assert.ok(forms.has(form), form);
});

/** A text, and what it says in base64: images and encrypted reasoning hold canaries, too. */
function withDecoded(text: string): string[] {
  const base64 = /^(?:data:image\/png;base64,)?([A-Za-z0-9+/]{80,}={0,2})$/.exec(text)?.[1];
  return base64 === undefined ? [text] : [text, Buffer.from(base64, 'base64').toString()];
}

/** Places with kinds left over, in words. */
function named(places: ReadonlyMap<string, ReadonlySet<number>>): string[] {
  return [...places]
    .filter(([, kinds]) => kinds.size > 0)
    .map(([place, kinds]) => `${place}: ${[...kinds].map((kind) => canaryKinds[kind]?.kind).join(', ')}`);
}

test('none is found anywhere else', async () => {
  const leaks = new Map<string, string[]>();
  let texts = 0;
  const seen = new Set<string>();
  const look = ({ where, text }: Placed) => {
    texts++;
    if (seen.has(text)) return;
    seen.add(text);
    const found = find(text).map(({ name, form, around }) => `${name} (${form}) in …${around}…`);
    if (found.length > 0) leaks.set(where, [...(leaks.get(where) ?? []), ...found]);
  };
  const search = async (placed: PlacedTexts) => {
    for await (const batch of placed) batch.forEach(look);
  };
  // What is kept as it was read, for its owner alone: the lines, the log of which file they are from, and the pieces of
  // lines that were no records (decision 33).
  const archive = /^lake\/(?:raw|commits|staging\/(?:repaired_lines|rejects))\/|^seq_mem\.jsonl$/;
  const isArchive = (path: string) => archive.test(path);
  await search(parquetTexts(clean, (path) => !isArchive(path)));
  // The words of zvec's own files are those of its documents; ClickHouse's are compressed.
  const isTables = (path: string) => /^(?:handoff\/zvec\/collection|lake\/clickhouse)\//.test(path);
  await search(fileTexts(clean, (path) => !isArchive(path) && !isTables(path)));
  const rows = (await readFile(join(clean, 'seq_mem.jsonl'))).subarray(seqBytes).toString().split('\n');
  assert.ok(rows.length > 100, `${rows.length} rows in seq_mem.jsonl`);
  for (const text of rows) look({ where: 'seq_mem.jsonl', text });
  await search(zvecTexts(join(clean, 'handoff', 'zvec', 'collection')));
  const { createChdbConnection } = await loadChdb();
  const client = createClient({
    connection: createChdbConnection({ path: join(clean, 'lake', 'clickhouse') }),
  });
  await search(clickhouseTexts(client)).finally(() => client.close());
  for (const { verb, stdout, stderr } of said) {
    const lines = `${stdout}\n${stderr}`.split('\n');
    for (const text of lines) look({ where: `what ${verb} prints`, text });
  }
  assert.ok(texts > 100_000, `${texts} texts`);
  const list = [...leaks].map(([where, found]) => `${where}: ${found.length} leaks, ${found[0]}`);
  assert.equal(leaks.size, 0, `${leaks.size} places\n${list.slice(0, 60).join('\n')}`);
});

test('each that a model reads stands there as a placeholder', async () => {
  const isDerived = (path: string) => /^(?:core|events|datasets)\//.test(path);
  const marksIn = async function* (data: string) {
    const seen = new Set<string>();
    for await (const batch of parquetTexts(join(data, 'lake'), isDerived)) {
      const texts = new Set(batch.map(({ text }) => text).filter((text) => !seen.has(text)));
      for (const text of texts) seen.add(text);
      yield placesIn([...texts]);
    }
  };
  const expected = new Map<string, Set<number>>();
  for await (const marks of marksIn(open)) {
    for (const { place, kind } of marks) expected.set(place, (expected.get(place) ?? new Set()).add(kind));
  }
  const modelled = [...expected.values()].reduce((sum, kinds) => sum + kinds.size, 0);
  assert.ok(expected.size >= 250 && modelled >= 14_000, `${modelled} canaries at ${expected.size} places`);
  for await (const marks of marksIn(clean)) {
    for (const { place, kind } of marks.filter(isRedacted)) expected.get(place)?.delete(kind);
  }
  assert.deepEqual(named(expected), []);
});

test('redacting keeps structure, rows, calls and line breaks', async () => {
  const tables: Record<string, string> = {
    'staging.claude_records': 'file_key, byte_offset, record_no',
    'staging.codex_records': 'file_key, byte_offset, record_no',
    'staging.event_rows': 'file_key, byte_offset, record_no',
    'core.steps': 'step_id',
    'core.turns': 'turn_id',
    'core.tool_calls': 'step_id',
    'core.sessions': 'session_id',
    'core.signals': 'signal_id',
    'core.qa_pairs': 'qa_id',
  };
  const [one, other] = await Promise.all(
    [open, clean].map((data) => openWarehouse({ config: readConfig(settings(data)) })),
  );
  const rowsOf = async (of: DuckDB | undefined, table: string, key: string) => {
    const reader = await of?.connection.runAndReadAll(
      `select * from ${table} where day = '${canaryDay}' order by ${key}`,
    );
    return reader?.getRowObjectsJS() ?? [];
  };
  const found: string[] = [];
  let rows = 0;
  for (const [table, key] of Object.entries(tables)) {
    const before = await rowsOf(one, table, key);
    found.push(...differences(table, before, await rowsOf(other, table, key)));
    rows += before.length;
  }
  one?.close();
  other?.close();
  assert.ok(rows > 7_000, `${rows} rows`);
  assert.deepEqual(found.slice(0, 20), []);
});
