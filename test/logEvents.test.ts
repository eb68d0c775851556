import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { canonical } from './support/canonicalJson.js';
import { buildFixture, type Fixture } from './support/models.js';
import { claude, codex, coloured, session, thread } from './support/smallSessions.js';

const models = ['events.payload_blobs', 'events.payload_refs', 'core.qa_pairs'];

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const derivedId = (type: string, subject: string) => sha256(`event|${type}|${subject}`).slice(0, 32);

/** What a query gives, one column a row. */
async function column(fixture: Fixture, sql: string): Promise<string[]> {
  return (await fixture.query(sql)).map((row) => String(Object.values(row)[0]));
}

test('each turn is an attempt, each step a span, each answered question a pair, with stable ids', async (t) => {
  const fixture = await buildFixture({ claude, select: models });
  t.after(fixture.close);
  assert.deepEqual(fixture.result.failures, []);
  const [first = '', second = '', third = ''] = await column(
    fixture,
    'select turn_id from core.turns order by turn_no',
  );
  const steps = await column(
    fixture,
    `select step_id from core.steps
    where kind in ('text', 'reasoning', 'tool_call', 'tool_result') order by position`,
  );
  assert.equal(steps.length, 5);
  const [thought = '', called = '', returned = '', answered = '', begun = ''] = steps;
  const [pair = ''] = await column(fixture, 'select qa_id from core.qa_pairs');
  const hashes = await fixture.query('select question_hash, answer_hash, content_hash from core.qa_pairs');
  const versions = { known: '2.1.47/claude-x', unknown: '2.1.47' };
  const started = (need: string, version: string, model?: string) => ({
    agent: { version, model },
    input: { need },
    model,
    prompt_kind: 'human',
  });
  const tokens = { input: 7, output: 5 };
  const expected: [type: string, subject: string, payload: unknown][] = [
    [
      'agent.created',
      `claude-code|${versions.known}`,
      { name: 'claude-code', version: versions.known, config: { model: 'claude-x' } },
    ],
    [
      'agent.created',
      `claude-code|${versions.unknown}`,
      { name: 'claude-code', version: versions.unknown, config: {} },
    ],
    ['attempt.started', first, started('Count the hives.', versions.known, 'claude-x')],
    ['attempt.span_recorded', thought, { kind: 'reasoning', span_id: thought, output: 'Look first.' }],
    [
      'attempt.span_recorded',
      called,
      // Arguments are the text that the model wrote.
      {
        kind: 'tool_call',
        span_id: called,
        tool_name: 'Bash',
        input: '{"command":"ls","all":[1,2]}',
        tokens,
      },
    ],
    [
      'attempt.span_recorded',
      returned,
      {
        kind: 'tool_result',
        span_id: returned,
        parent_span_id: called,
        tool_name: 'Bash',
        output: coloured,
        is_error: true,
        duration_ms: 1000,
      },
    ],
    [
      'attempt.span_recorded',
      answered,
      { kind: 'output', span_id: answered, output: 'Twelve hives.', tokens },
    ],
    [
      'attempt.completed',
      first,
      {
        output: 'Twelve hives.',
        spans: steps.slice(0, 4),
        duration_ms: 4000,
        tokens: { input: 14, output: 10 },
      },
    ],
    [
      'agent.qa.pair',
      pair,
      { qa_id: pair, turn_id: first, question: 'Count the hives.', answer: 'Twelve hives.', ...hashes[0] },
    ],
    ['attempt.started', second, started('And the bees?', versions.known, 'claude-x')],
    ['attempt.span_recorded', begun, { kind: 'output', span_id: begun, output: 'I will', tokens }],
    [
      'attempt.failed',
      second,
      { error: 'interrupted', partial_output: 'I will', spans: [begun], duration_ms: 2000, tokens },
    ],
    // The turn that just began has not ended; no model has said a word in it.
    ['attempt.started', third, started('Forget it.', versions.unknown)],
  ];
  const rows =
    await fixture.query(`select id, event_type, origin, session_id, agent_id, attempt_id, content, hash
    from events.training_events join events.payload_blobs on hash = payload_hash`);
  const found = Object.fromEntries(rows.map((row) => [row.id, row]));
  for (const [type, subject, payload] of expected) {
    const row = found[derivedId(type, subject)];
    assert.ok(row, `${type} ${canonical(payload)}`);
    assert.equal(row.event_type, type);
    assert.equal(row.content, canonical(payload));
    assert.equal(row.hash, sha256(canonical(payload)));
    assert.deepEqual([row.origin, row.agent_id], ['log', 'claude-code']);
    assert.equal(row.session_id, type === 'agent.created' ? null : session);
  }
  assert.equal(rows.length, expected.length);
  const tags = await fixture.query(`select id, tags from events.training_events where tags <> []`);
  assert.deepEqual(Object.fromEntries(tags.map(({ id, tags }) => [id, tags])), {
    [derivedId('attempt.span_recorded', called)]: ['tool_use'],
    [derivedId('attempt.span_recorded', returned)]: ['error'],
    [derivedId('attempt.completed', first)]: ['multi_step', 'tool_use'],
    [derivedId('attempt.failed', second)]: ['error'],
  });
});

test('an agent of a Codex log has the instructions and tools that its head tells, and is created once', async (t) => {
  const again = Object.entries(codex).map(([path, lines]) => [
    path.replaceAll('07-20', '07-21').replace('07/20', '07/21').replace(thread, session),
    lines.map(
      (line) =>
        JSON.parse(JSON.stringify(line).replaceAll('07-20', '07-21').replaceAll(thread, session)) as unknown,
    ),
  ]);
  const fixture = await buildFixture({ codex: { ...codex, ...Object.fromEntries(again) }, select: models });
  t.after(fixture.close);
  const rows = await fixture.query(
    `select day, agent_id, payload from events.log_events where event_type = 'agent.created'`,
  );
  const setup = sha256('You are Codex.|[app.open, shut]').slice(0, 12);
  const version = `0.144.0/gpt-x#${setup}`;
  assert.deepEqual(rows, [
    {
      day: '2026-07-20',
      agent_id: 'codex',
      payload: canonical({
        name: 'codex',
        version,
        config: { model: 'gpt-x', system_prompt: 'You are Codex.', tools: ['app.open', 'shut'] },
      }),
    },
  ]);
  const started = await fixture.query(`select payload ->> '$.agent.version' as version, session_id
    from events.log_events where event_type = 'attempt.started' order by day`);
  assert.deepEqual(started, [
    { version, session_id: thread },
    { version, session_id: session },
  ]);
});

test('copies of a chat that the CLI made for its own errands are no attempts', async (t) => {
  const folder = fileURLToPath(
    new URL('../../test/fixtures/traps/16-imitated-prompts/claude', import.meta.url),
  );
  const fixture = await buildFixture({ claude: folder, select: models });
  t.after(fixture.close);
  const replays = await column(fixture, 'select session_id from core.sessions where is_replay');
  assert.ok(replays.length > 0);
  const sessions = await column(
    fixture,
    'select distinct session_id from events.training_events where session_id is not null',
  );
  assert.ok(sessions.length > 0);
  assert.deepEqual(
    sessions.filter((id) => replays.includes(id)),
    [],
  );
});

test('a log without stamps on its lines takes the time of its session', async (t) => {
  const folder = fileURLToPath(new URL('../../test/fixtures/rules/50-bare-era/codex', import.meta.url));
  const fixture = await buildFixture({ codex: folder, select: models });
  t.after(fixture.close);
  const times = await column(
    fixture,
    'select distinct occurred_at = started_at from events.log_events join core.sessions using (session_id)',
  );
  assert.deepEqual(times, ['true']);
});

test('a log without any times makes events and a session that have none', async (t) => {
  const timeless = Object.entries(claude).map(([path, records]) => [
    path,
    records.map((record) => ({ ...record, timestamp: undefined })),
  ]);
  const fixture = await buildFixture({ claude: Object.fromEntries(timeless), select: ['events.sessions'] });
  t.after(fixture.close);
  assert.deepEqual(fixture.result.failures, []);
  const sessions = await fixture.query('select session_id, first_at, last_at, origin from events.sessions');
  assert.deepEqual(sessions, [{ session_id: session, first_at: null, last_at: null, origin: 'log' }]);
});

test('a line that takes the id of what a log tells is a reject, and the log stands', async (t) => {
  const first = await buildFixture({ claude, select: models });
  t.after(first.close);
  const told = await first.query(
    'select event_id, event_type, payload from events.log_events order by event_id limit 2',
  );
  const [one, two] = told;
  const line = (id: unknown, more: object) => ({
    id,
    timestamp: '2026-05-01T12:00:00Z',
    event_type: 'x',
    payload: {},
    ...more,
  });
  const events = [
    line(one?.event_id, {}),
    // The same event told again: a copy, no conflict.
    line(two?.event_id, {
      event_type: two?.event_type,
      payload: JSON.parse(String(two?.payload)),
      attempt_id: 'a',
      agent_id: 'a',
    }),
    line('mine', {}),
  ];
  const fixture = await buildFixture({ claude, events, select: [...models, 'events.rejects'] });
  t.after(fixture.close);
  assert.deepEqual(fixture.result.failures, []);
  assert.deepEqual(
    await fixture.query(
      'select event_id, event_type, payload from events.log_events order by event_id limit 2',
    ),
    told,
  );
  assert.deepEqual(await column(fixture, 'select event_id from events.recorded_events'), ['mine']);
  assert.deepEqual(await fixture.query('select line_no::integer as line, reason from events.rejects'), [
    { line: 1, reason: 'same id, other payload or type' },
  ]);
});
