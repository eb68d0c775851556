import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { Config } from '../pipelines/config.js';
import { type Explanation, explainRows } from '../pipelines/lib/explanation.js';
import { type Project, readProject } from '../pipelines/lib/graph.js';
import type { Policy } from '../pipelines/lib/redaction/policy.js';
import { readLinks } from '../pipelines/lib/rowLinks.js';
import type { RowPlace } from '../pipelines/lib/rowOrigins.js';
import { openDuckDB, quote } from '../pipelines/lib/warehouse.js';
import { corpus, type Home, type Query, withLake } from './support/builtLake.js';
import { untraced } from './support/provenance.js';
import { notRemade, openModels } from './support/remade.js';
import { sampleConfig, sampleLake, samples } from './support/sampleLake.js';

type Row = Record<string, unknown>;
type Explained = { row: Row; explanation: Explanation };

/** Of the samples, made by the first test that asks. */
let explainedSamples: Record<string, Explained[]> | undefined;

test('every table that a model reads has a link to it, and no other', async () => {
  await withSampleProject(async (project, config) => {
    const duckdb = await openDuckDB();
    const links = await readLinks(duckdb.connection, config.sql).finally(() => duckdb.close());
    const read = project.nodes
      .filter(({ isCheck }) => !isCheck)
      .flatMap(({ name, inputs }) => inputs.map((input) => `${name} reads ${input}`))
      .filter((edge) => !edge.includes(' raw.'));
    const linked = links.map(({ made, source }) => `${made} reads ${source}`);
    assert.deepEqual([...new Set(linked)].sort(), read.sort());
  });
});

test('samples: fifty rows of every dataset lead to bytes of the logs that hold their text', async () => {
  const data = await sampleLake();
  const use = async (query: Query, policy: Policy) => {
    explainedSamples ??= await explainEach(query, sampleConfig(data));
    const explained = explainedSamples;
    for (const [dataset, rows] of Object.entries(explained)) {
      assert.ok(rows.length > 0, dataset);
      for (const one of rows) assertTraced(dataset, one, samples, policy);
      await assertNoWider(dataset, rows, query);
    }
    // Without its last line a row has text that is nowhere.
    const [one] = explained.qa_documents ?? [];
    assert.ok(one !== undefined && one.explanation.lines.length > 1);
    const last = one.explanation.lines.at(-1);
    const files = one.explanation.files.map((file) => ({
      ...file,
      ranges: file.ranges.map((range) => ({
        ...range,
        byteLength: range.byteLength - (last?.byteLength ?? 0),
      })),
    }));
    const shorter = { ...one, explanation: { ...one.explanation, files } };
    assert.throws(() => assertTraced('qa_documents', shorter, samples, policy));
  };
  await withLake(samples, use, data);
});

// TRACEMILL_CORPUS_DATA, if it is set, is the data folder of a lake that was built of the corpus before.
test('real logs: fifty rows of every dataset lead to bytes of the logs that hold their text', {
  skip: corpus === undefined ? 'TRACEMILL_CORPUS is not set' : false,
}, async () => {
  const home = corpus ?? samples;
  const use = async (query: Query, policy: Policy, config: Config) => {
    for (const [dataset, rows] of Object.entries(await explainEach(query, config))) {
      for (const one of rows) assertTraced(dataset, one, home, policy);
      await assertNoWider(dataset, rows, query);
    }
  };
  await withLake(home, use, process.env.TRACEMILL_CORPUS_DATA);
});

test('given the rows that are shown and nothing else, each model makes the row again', async () => {
  const data = await sampleLake();
  await withSampleProject(async (project, config) => {
    const use = async (query: Query, policy: Policy) => {
      const checked = new Map<string, number>();
      const models = await openModels(project, policy);
      explainedSamples ??= await explainEach(query, config);
      const explained = Object.values(explainedSamples).flat();
      // Rows of every kind: each rule of each dataset.
      const kinds = new Map(
        explained.map((one) => [`${one.explanation.table} ${one.explanation.about.rule}`, one.explanation]),
      );
      for (const { stages, day } of kinds.values()) {
        for (const stage of stages) {
          // A session's first lines say what its later ones do not repeat; and few of each table are enough.
          const isOfWhole = /^(staging|raw)\.|^core\.(claude|codex)_steps$/.test(stage.table);
          const times = checked.get(stage.table) ?? 0;
          if (isOfWhole || stage.beside > 0 || times >= 2) continue;
          checked.set(stage.table, times + 1);
          const missing = await notRemade(models, join(data, 'lake'), project, { stage, stages, day });
          assert.deepEqual(missing, [], `${stages[0]?.table} ${stages[0]?.keys[0]}: ${stage.table}`);
        }
      }
      models.close();
      assert.ok(checked.size > 20, [...checked.keys()].join(', '));
    };
    await withLake(samples, use, data);
  });
});

/** Fifty rows of each dataset, drawn by the hash of their ids, explained. */
async function explainEach(query: Query, config: Config): Promise<Record<string, Explained[]>> {
  const explained: Record<string, Explained[]> = {};
  const datasets = await query(`select distinct table_name as name from duckdb_columns()
    where schema_name = 'datasets' order by all`);
  for (const { name } of datasets) {
    const table = `datasets.${name}`;
    const rows = await query(`select * from ${table} order by sha256(id) limit 50`);
    const places = rows.map((row): RowPlace => ({ table, key: String(row.id), day: String(row.day) }));
    const explanations = await explainRows(config, places, { raw: true });
    explained[String(name)] = explanations.map((explanation, index) => ({
      row: rows[index] ?? {},
      explanation,
    }));
  }
  return explained;
}

/** The bytes of the original logs at the places that are named, read by the test itself, hold the text of the row. */
function assertTraced(dataset: string, { row, explanation }: Explained, home: Home, policy: Policy): void {
  const { files, lines, id } = explanation;
  assert.ok(lines.length > 0, `${dataset} ${id} has no line`);
  assert.deepEqual(
    lines.filter(({ state }) => state !== 'kept'),
    [],
  );
  // Archived sessions of Codex lie beside its sessions.
  const roots: Record<string, string[]> = {
    claude: [home.claude],
    codex: [home.codex, dirname(home.codex)],
    events: [home.events],
    seq: [dirname(home.seq)],
  };
  const sources = files.flatMap(({ path, ranges }) =>
    ranges.map(({ byteOffset, byteLength }) => ({
      source_path: path,
      byte_offset: byteOffset,
      byte_end: byteOffset + byteLength,
    })),
  );
  const folders = files.flatMap(({ source }) => roots[source] ?? []);
  const traced = { ...row, metadata: JSON.stringify({ sources }) };
  assert.deepEqual(untraced(traced, [...new Set(folders)], policy), [], `${dataset} ${id}`);
}

/** No step, event or decision is shown that the row does not name: of log rows, all steps of their turns and no other. */
async function assertNoWider(dataset: string, rows: readonly Explained[], query: Query): Promise<void> {
  for (const { row, explanation } of rows) {
    if (row.metadata === undefined) continue;
    const metadata = JSON.parse(String(row.metadata));
    const { turn_ids: turns, origin } = metadata;
    const shown = (table: string) =>
      explanation.stages.find((stage) => stage.table === table)?.keys.map((key) => key.join(' ')) ?? [];
    const name = `${dataset} ${row.id}`;
    if (origin === 'log') {
      const steps = await query(`
        with turns as (
          select unnest(${named(turns)}) as turn_id
          -- Of two answers to one question, the turns before it.
          union
          select unnest(turn_ids) from core.judged_messages
          where day = ${quote(String(row.day))} and list_contains(${named(turns)}, turn_id) and ${quote(dataset)} = 'preference'
        )
        select step_id from core.steps semi join turns using (turn_id) where day = ${quote(String(row.day))}
        -- Where a person said what they thought of it, the turn may be over.
        union
        select step_id from core.signals where list_contains(${named(shown('core.signals'))}, signal_id)`);
      assert.deepEqual(shown('core.steps'), steps.map(({ step_id }) => String(step_id)).sort(), name);
      const messages = [row.messages ?? []].flat();
      if (messages.length > 0) assert.equal(shown('core.messages').length, messages.length, name);
    } else {
      const events = new Set(shown('events.recorded_events'));
      assert.deepEqual(
        (row.source_events as string[]).filter((id) => !events.has(id)),
        [],
        name,
      );
      // What the row does not name is of its own attempts, artifacts or decisions, or of the lineage that was locked.
      const { attempt_id, attempt_ids = [attempt_id], artifact_id, answer_ids = [artifact_id] } = metadata;
      const others = await query(`
        select event_id from events.recorded_events
        where list_contains(${named([...events])}, event_id)
          and not list_contains(${named(row.source_events as string[])}, event_id)
          and not coalesce(list_contains(${named(attempt_ids)}, attempt_id), false)
          and not coalesce(list_contains(${named(answer_ids)}, artifact_id), false)
          and (payload ->> '$.decision_id') is distinct from ${quote(String(metadata.decision_id))}
          and not coalesce(list_contains(${named(shown('events.lineages'))}, lineage_id), false)`);
      assert.deepEqual(others, [], name);
    }
  }
}

function named(ids: readonly (string | null | undefined)[]): string {
  return `[${ids.map((id) => (typeof id === 'string' ? quote(id) : 'null')).join(', ')}]::varchar[]`;
}

async function withSampleProject(use: (project: Project, config: Config) => Promise<void>): Promise<void> {
  const data = await sampleLake();
  const config = sampleConfig(data);
  const duckdb = await openDuckDB();
  try {
    await use(await readProject(duckdb.connection, config, join(data, 'lake')), config);
  } finally {
    duckdb.close();
  }
}
