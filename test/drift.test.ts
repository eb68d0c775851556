import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Drift, readDrift } from '../pipelines/lib/drift.js';
import { readManifest } from '../pipelines/lib/manifest.js';
import { openDuckDB } from '../pipelines/lib/warehouse.js';
import { makeLake, type TestLake } from './support/lake.js';
import { sampleConfig, sampleLake } from './support/sampleLake.js';

const sql = fileURLToPath(new URL('../../sql', import.meta.url));
const today = new Date('2026-06-30T12:00Z');
// Put together here, so that no scanner takes this file for a leak.
const token = `gh${'p_'}${'k7Qz2LmX9vB4nRt8'.repeat(3).slice(0, 36)}`;

let lake: TestLake;
before(async () => {
  lake = await makeLake();
  const macros = (await readdir(join(sql, 'macros'))).map((file) => `macros/${file}`);
  const real = [
    ...macros,
    ...['staging/repaired_lines', 'staging/log_names', 'core/log_names', 'core/answer_days'],
    ...['reports/drift', 'reports/answer_cliffs'],
  ].map((name) => name.replace('.sql', ''));
  const texts = await Promise.all(real.map((name) => readFile(join(sql, `${name}.sql`), 'utf8')));
  await lake.sql({
    ...Object.fromEntries(real.map((name, index) => [name, texts[index] ?? ''])),
    // Turns as they are told in a log of their own: [agent, day, answered, others].
    'core/turns': `-- One row per turn.
-- @key turn_id
with told as (
    select json_extract_string(line, '$.turns[*]') as parts from raw.claude_files
)
select unnest(range(parts[3]::integer + parts[4]::integer)) || '|' || parts[1] || '|' || parts[2] as turn_id,
    parts[1] as agent, true as is_human, split_part(turn_id, '|', 3)::timestamp as started_at,
    if(split_part(turn_id, '|', 1)::integer < parts[3]::integer, 'answered', 'open') as end_reason,
from told
order by turn_id`,
  });
});
after(() => lake.remove());

type Records = readonly Record<string, unknown>[];

/** What status says of logs with these records, on a day. */
async function driftOf(logs: { claude?: Records; codex?: Records; turns?: Records }, now = today) {
  const sources = { claude: logs.claude, codex: logs.codex, claude_files: logs.turns };
  for (const [source, records = []] of Object.entries(sources)) {
    const lines = records.map((record) => JSON.stringify(record));
    await lake.raw(`${source}.jsonl`, lines, { source });
  }
  const { failures } = await lake.build();
  assert.deepEqual(failures, []);
  return readHere(lake.config, now);
}

async function readHere(config: TestLake['config'], now: Date): Promise<NonNullable<Drift>> {
  const manifest = await readManifest(join(config.data, 'lake'));
  const duckdb = await openDuckDB();
  const drift = await readDrift(duckdb, { config, manifest }, now).finally(duckdb.close);
  assert.ok(drift !== null);
  return drift;
}

const user = (day: string, more: object = {}) => ({
  type: 'user',
  timestamp: `${day}T10:00:00.000Z`,
  version: '2.1.232',
  message: { role: 'user', content: 'hello' },
  ...more,
});
const codex = (day: string, type: string, payload: object) => ({
  timestamp: `${day}T10:00:00.000Z`,
  type,
  payload,
});
const told = ({ names }: NonNullable<Drift>) =>
  names.map(({ source, kind, recordType, name }) => [source, kind, recordType, name].join(' ')).sort();

test('a type, a part, a subtype and a field that the models do not know are told on the day they arrive', async () => {
  const claude = [
    user('2026-06-30'),
    user('2026-06-30', { mood: 'good' }),
    user('2026-06-30', { type: 'assistant', mood: 'good', message: { content: [{ type: 'hologram' }] } }),
    { type: 'system', subtype: 'tide', timestamp: '2026-06-30T10:00:00.000Z' },
    // Of an unknown type neither fields nor parts are told beside it.
    user('2026-06-30', { type: 'vision', colour: 'red', message: { content: [{ type: 'text' }] } }),
    // A type without a time of its own.
    { type: 'untimed' },
  ];
  const found = await driftOf({
    claude,
    codex: [
      codex('2026-06-30', 'response_item', { type: 'message', role: 'user' }),
      codex('2026-06-30', 'response_item', { type: 'dance', tempo: 3 }),
      codex('2026-06-30', 'event_msg', { type: 'user_message', mood: 'good' }),
      codex('2026-06-30', 'event_msg', { type: 'item_completed', item: { type: 'Poem' } }),
    ],
  });
  assert.deepEqual(told(found), [
    'claude field assistant mood',
    'claude record type  assistant/hologram',
    'claude record type  system/tide',
    'claude record type  untimed',
    'claude record type  vision',
    'codex field event_msg/user_message mood',
    'codex record type  event_msg/item_completed/Poem',
    'codex record type  response_item/dance',
  ]);
  const mood = found.names.find(({ source, name }) => source === 'claude' && name === 'mood');
  assert.deepEqual(
    [mood?.records, mood?.firstAt, mood?.sourcePath],
    [2, '2026-06-30T10:00:00.000Z', 'claude.jsonl'],
  );
  // Thirty days later they are no news, though they are still used.
  assert.equal((await readHere(lake.config, new Date('2026-07-30T09:00Z'))).names.length, 8);
  const later = await driftOf(
    { claude: [...claude, user('2026-07-30', { mood: 'good' })] },
    new Date('2026-07-30T11:00Z'),
  );
  assert.deepEqual(told(later), []);
});

test('of the versions beyond those known the newest is told, with how far the models go', async () => {
  const versions = ['2.1.232', '2.1.233', '2.2.0-beta.1', '2.1.99', '1.9.999'];
  const found = await driftOf({
    claude: versions.map((version) => user('2026-06-29', { version })),
    codex: ['0.146.0', '1.19.2'].map((cli_version) => codex('2026-06-29', 'session_meta', { cli_version })),
  });
  assert.deepEqual(told(found), ['claude version  2.2.0-beta.1']);
  assert.deepEqual([found.names[0]?.knownTo, found.names[0]?.records], ['2.1.232', 2]);
  const newer = await driftOf({
    claude: [user('2026-06-29')],
    codex: [codex('2026-06-29', 'session_meta', { cli_version: '1.20.0' })],
  });
  assert.deepEqual(told(newer), ['codex version  1.20.0']);
});

/** Fourteen days of turns, so many answered and so many not, and one more day. */
function turnsOf(agent: string, usual: [number, number], last: [number, number], days = 14): Records {
  const day = (index: number, [answered, others]: [number, number]) => ({
    turns: [agent, `2026-06-${10 + index}`, String(answered), String(others)],
  });
  return [...Array.from({ length: days }, (_, index) => day(index, usual)), day(days, last)];
}

test('a day whose answered rate fell off a cliff is told; a bad hour, a bad month and a new agent are not', async () => {
  const turns = [
    ...turnsOf('30 points', [9, 1], [5, 5]),
    ...turnsOf('half', [4, 6], [2, 10]),
    ...turnsOf('five days', [9, 1], [0, 10], 5),
    ...turnsOf('four days', [9, 1], [0, 10], 4),
    ...turnsOf('few turns', [9, 1], [0, 9]),
    ...turnsOf('a little less', [9, 1], [7, 3]),
    ...turnsOf('seldom answered', [4, 6], [3, 9]),
  ];
  const { cliffs } = await driftOf({ turns });
  assert.deepEqual(
    cliffs.map(({ agent, day, turns: many, answered, rate, usualRate }) =>
      [agent, day, many, answered, rate, usualRate].join(' '),
    ),
    [
      '30 points 2026-06-24 10 5 0.5 0.9',
      `half 2026-06-24 12 2 ${2 / 12} 0.4`,
      'five days 2026-06-15 10 0 0 0.9',
    ],
  );
  assert.deepEqual((await readHere(lake.config, new Date('2026-08-01'))).cliffs, []);
});

test('whatever name in a log is a secret, none is in the tables of names', async () => {
  await driftOf({
    claude: [
      user('2026-06-30', { [token]: 1 }),
      user('2026-06-30', { type: token }),
      user('2026-06-30', { subtype: token }),
      user('2026-06-30', { version: token }),
      user('2026-06-30', { type: 'attachment', attachment: { type: token } }),
      user('2026-06-30', { type: 'progress', data: { type: token } }),
      user('2026-06-30', { type: 'queue', operation: token }),
      user('2026-06-30', { message: { content: [{ type: token }] } }),
    ],
    codex: [
      codex('2026-06-30', token, {}),
      codex('2026-06-30', 'response_item', { type: token, [token]: 1 }),
      codex('2026-06-30', 'event_msg', { type: 'item_completed', item: { type: token } }),
      codex('2026-06-30', 'session_meta', { cli_version: token }),
      { record_type: `${token}` },
    ],
  });
  for (const table of ['staging.log_names', 'core.log_names']) {
    const names = await lake.query(`select source, kind, name from ${table} order by all`);
    assert.ok(!JSON.stringify(names).includes(token), table);
    const redacted = names.filter(({ name }) => String(name).includes('<SECRET:github'));
    assert.deepEqual(
      redacted.map(({ source, kind, name }) =>
        [source, kind, String(name).replace(/<SECRET[^>]*>/, '…')].join(' '),
      ),
      [
        'claude field …',
        'claude record type …',
        'claude record type attachment/…',
        'claude record type progress/…',
        'claude record type queue/…',
        'claude record type user/…',
        'claude version …',
        'codex field …',
        'codex record type …',
        'codex record type event_msg/item_completed/…',
        'codex record type response_item/…',
        'codex version …',
      ],
    );
  }
});

test('the samples hold nothing that the models do not know', async () => {
  const found = await readHere(sampleConfig(await sampleLake()), new Date('2000-01-01'));
  assert.deepEqual(found, { names: [], cliffs: [] });
});
