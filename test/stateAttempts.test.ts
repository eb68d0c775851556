import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { rowKeys } from '../pipelines/lib/queryFailure.js';
import { event, linesOf, shortHash, storeOf } from './support/eventStore.js';

// One agent in version 1, its attempt t1 in cycle 2 of session s on lineage l, and the artifact a1 it made.
const agent = event('agent.created', { agent: 'g', lineage: 'l' }, { version: 1, config: { model: 'm' } });
const started = event(
  'attempt.started',
  { attempt: 't1', session: 's', agent: 'g' },
  { agent: { version: 1 }, input: { need: 'a poem' }, cycle: 2 },
);
const artifact = event('artifact.created', { artifact: 'a1', attempt: 't1' }, { content: 'x', kind: 'poem' });
const span = (id: string, payload: object, more: object = {}) =>
  event('attempt.span_recorded', { attempt: 't1', ...more }, { span_id: id, kind: 'output', ...payload });

test('an attempt begins with its last start and ends with its last end', async () => {
  const output = { output: 'x', tokens: { input: 10, output: 3 }, duration_ms: 1499.6, cost_usd: 0.02 };
  const events = [
    agent,
    event('attempt.started', { attempt: 't1', session: 'old', agent: 'g' }, { agent: { version: 0 } }),
    started,
    event('attempt.failed', { attempt: 't1', tags: ['error'] }, { error: 'timeout' }),
    span('x', { kind: 'tool_call', tool_name: 'read' }, { at: '2026-01-02T10:00:00Z' }),
    event('attempt.completed', { attempt: 't1', tags: ['mine'], at: '2026-01-02T11:00:00Z' }, output),
    event(
      'attempt.started',
      { attempt: 't2', session: 's', agent: 'g' },
      { agent: { version: 1, model: 'n' } },
    ),
    event('attempt.failed', { attempt: 't2' }, { error: 'x'.repeat(300) }),
    // What nobody started is no attempt.
    event('attempt.completed', { attempt: 'unknown' }, output),
  ];
  const rows = await linesOf(
    events,
    `select attempt_id, day, session_id, lineage_id, agent_id, agent_version, agent_config_hash, model, origin
     from events.attempts`,
    `select attempt_id, cycle, rollout_id, status, length(error), started_at, ended_at, duration_ms, tags
     from events.attempts`,
    `select attempt_id, input_tokens, output_tokens, cost_usd, span_count, need_hash = sha256('a poem')
     from events.attempts`,
    `select attempt_id, input_event, output_event, input_payload_hash, output_payload_hash
     from events.attempts where attempt_id = 't1'`,
  );
  assert.deepEqual(rows, [
    `t1 | 2026-01-01 | s | l | g | 1 | ${shortHash({ model: 'm' })} | m | recorded`,
    // The version was defined with another model: that is its configuration, and n what the attempt ran.
    `t2 | 2026-01-01 | s | l | g | 1 | ${shortHash({ model: 'm' })} | n | recorded`,
    't1 | 2 | s/cycle-2 | completed | - | 2 | 1500 | 1500 | [mine, tool_use]',
    't2 | - | - | failed | 200 | 6 | 7 | 60000 | [error]',
    't1 | 10 | 3 | 0.02 | 1 | true',
    't2 | - | - | - | 0 | -',
    `t1 | e03 | e06 | ${shortHash(started.payload)} | ${shortHash(output)}`,
  ]);
});

test('an attempt of more than three spans or with a failed one says so; where its end is silent its spans count', async () => {
  const log = { origin: 'log', session: 'logged', agent: 'cli', attempt: 'u' } as const;
  const spent = { tokens: { input: 5, output: 1 }, cost_usd: 0.1 };
  const events = [
    event('attempt.started', log, { agent: { version: '1.0.3' }, model: 'm' }),
    span('a', { kind: 'tool_call', ...spent }, log),
    span('b', { kind: 'tool_result', is_error: true }, log),
    span('c', { kind: 'reasoning', ...spent }, log),
    span('d', { kind: 'output', ...spent }, log),
    started,
    ...['a', 'b', 'c'].map((id) => span(id, {})),
  ];
  const query = `select attempt_id, origin, status, span_count, tags, input_tokens, output_tokens, cost_usd, duration_ms,
    agent_version, agent_config_hash from events.attempts`;
  assert.deepEqual(await linesOf(events, query), [
    't1 | recorded | started | 3 | [] | - | - | - | - | 1 | -',
    'u | log | started | 4 | [error, multi_step, tool_use] | 15 | 3 | 0.3 | - | 1.0.3 | -',
  ]);
});

test('spans keep their call, kind, time and tokens, of both origins', async () => {
  const read = {
    kind: 'tool_result',
    parent_span_id: 'a',
    is_error: false,
    tool_name: 'read',
    output: 'text',
  };
  const events = [
    span('a', {
      kind: 'tool_call',
      duration_ms: 12,
      tokens: { input: 5, output: 1 },
      cost_usd: 0.5,
      model: 'm',
    }),
    span('b', read, { origin: 'log' }),
    event(
      'attempt.span_recorded',
      { attempt: 't1' },
      { span_id: [5], kind: ['x'], tokens: 7, is_error: 'no' },
    ),
  ];
  const query = 'select * exclude (day, payload_hash) from events.execution_spans';
  assert.deepEqual(await linesOf(events, query), [
    'e01 | a | t1 | - | tool_call | - | - | 0 | 12 | 5 | 1 | 0.5 | m | recorded',
    'e02 | b | t1 | a | tool_result | read | false | 1 | - | - | - | - | - | log',
    'e03 | e03 | t1 | - | - | - | - | 2 | - | - | - | - | - | recorded',
  ]);
});

test('a rollout counts the attempts of its session and cycle', async () => {
  const attempt = (id: string, lineage: string, more: object) =>
    event('attempt.started', { attempt: id, session: 's', lineage }, { agent: { version: 1 }, ...more });
  const events = [
    attempt('t1', 'l', { cycle: 1 }),
    attempt('t2', 'm', { cycle: 1 }),
    attempt('t3', 'm', { rollout_id: 'special' }),
    attempt('t4', 'm', {}),
    event('attempt.completed', { attempt: 't1' }),
    event('attempt.failed', { attempt: 't2' }),
  ];
  assert.deepEqual(await linesOf(events, 'from events.rollouts'), [
    's | s/cycle-1 | 1 | [l, m] | 2 | 1 | 1 | 0 | 5',
    's | special | - | [m] | 1 | 0 | 0 | 2 | -',
  ]);
});

test('an artifact leads to attempt, agent version, lineage and session; one that does not is an orphan by name', async () => {
  const attempt = (id: string, more: object, agent: object) =>
    event('attempt.started', { attempt: id, ...more }, { agent });
  const made = (id: string, attemptId: string, more: object = {}) =>
    event('artifact.created', { artifact: id, attempt: attemptId, ...more });
  const events = [
    agent,
    started,
    artifact,
    attempt('no-version', { session: 's', agent: 'g', lineage: 'l' }, {}),
    attempt('no-lineage', { session: 's', agent: 'h' }, { version: 1 }),
    attempt('no-session', { agent: 'g' }, { version: 1 }),
    made('b', 'nowhere', { session: 's', lineage: 'l' }),
    made('c', 'no-version'),
    made('d', 'no-lineage'),
    made('e', 'no-session'),
    made('f', 'no-session', { session: 's' }),
    event('artifact.created', { artifact: 'a1', attempt: 't1' }, { content: 'y', kind: 'ode', title: 'Y' }),
  ];
  const rows = await linesOf(
    events,
    'select * exclude (payload_hash) from events.artifacts',
    'select event_id, artifact_id, attempt_id, missing, missing_ids from events.orphans',
  );
  assert.deepEqual(rows, [
    'a1 | t1 | g | 1 | l | s | 2 | ode | Y | e12 | 11 | 2026-01-01',
    'f | no-session | g | 1 | l | s | - | - | - | e11 | 10 | 2026-01-01',
    'e04 | - | no-version | agent version | []',
    'e06 | - | no-session | session | []',
    'e07 | b | nowhere | attempt | [nowhere]',
    'e08 | c | no-version | agent version | [g]',
    'e09 | d | no-lineage | lineage | []',
    'e10 | e | no-session | session | []',
  ]);
});

test('an artifact without its lineage, or one that is nowhere, fails the build', async () => {
  const lost = event('artifact.created', { artifact: 'b', attempt: 'nowhere' });
  const lake = await storeOf([agent, started, artifact, lost]);
  const without = async (table: string) => {
    const file = join(lake.config.sql, 'events', `${table}.sql`);
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(/order by [^\n]*\n$/, 'limit 0'));
    const { failures } = await lake.build();
    await writeFile(file, text);
    return failures.map(({ model, examples }) => [model, ...examples]);
  };
  assert.deepEqual(await without('lineages'), [
    [
      'checks.every_artifact_leads_to_its_origin',
      rowKeys({ artifact_id: 'a1', attempt_id: 't1', lineage_id: 'l', session_id: 's' }),
    ],
  ]);
  assert.deepEqual(await without('orphans'), [
    ['checks.no_recorded_artifact_is_lost', rowKeys({ event_id: 'e04', artifact_id: 'b' })],
  ]);
  assert.deepEqual((await lake.build()).failures, []);
  await lake.remove();
});

test('an event about something that nobody made is an orphan, and so is one that names nothing', async () => {
  const events = [
    event('artifact.scored', { artifact: 'a1' }, { score: 5 }),
    event('artifact.compared', { session: 's' }, { ranking: ['x', 'y'] }),
    event('artifact.compared', { session: 's' }, { ranking: 'x' }),
    event('lineage.locked', { lineage: 'l' }, { artifact_id: 'a1' }),
    span('x', {}),
    event('attempt.failed', { attempt: 't2' }),
    event('evolution.outcome', {}, { evolution_id: 'v' }),
    event('insight.applied', {}, { insight_id: 'i' }),
    event('flow.router.outcome.v1', {}, { decision_id: 'd', outcome: 'success' }),
    event('flow.router.override.v1'),
    event('attempt.started', { attempt: 't3', agent: 'g' }, { agent: { version: 1 } }),
    event('agent.created', { agent: 'g' }, { config: {} }),
    event('insight.discovered'),
    event('flow.router.decision.v1', { session: 's' }),
    event('artifact.scored', { artifact: 'a1', known: false }, { score: 5 }),
    event('session.created', { session: 's' }, { need: 'x' }),
  ];
  assert.deepEqual(await linesOf(events, 'select event_id, missing, missing_ids from events.orphans'), [
    'e01 | artifact | [a1]',
    'e02 | artifact | [x, y]',
    'e03 | artifact | []',
    'e04 | artifact | [a1]',
    'e05 | attempt | [t1]',
    'e06 | attempt | [t2]',
    'e07 | evolution | [v]',
    'e08 | insight | [i]',
    'e09 | decision | [d]',
    'e10 | decision | []',
    'e11 | session | []',
    'e12 | agent version | []',
    'e13 | insight | []',
    'e14 | decision | []',
  ]);
});

test('every score is kept; the current one is the last of its rater, the last one the last of all', async () => {
  const scored = (score: unknown, rater: string | null, more: object = {}) =>
    event('artifact.scored', { artifact: 'a1', ...more }, rater === null ? { score } : { score, rater });
  const together = { at: '2026-01-02T10:00:00Z' };
  const events = [
    scored(3, 'ann'),
    scored(8, 'bob', { id: 'z', ...together }),
    scored(9, 'ann', { id: 'a', ...together }),
    scored(5, null),
    scored('nine', 'bob', { at: '2026-01-03T10:00:00Z' }),
  ];
  const query =
    'select event_id, day, score, rater, is_current, is_last from events.evaluations order by event_id';
  assert.deepEqual(await linesOf(events, query), [
    'a | 2026-01-02 | 9 | ann | true | false',
    'e01 | 2026-01-01 | 3 | ann | false | false',
    'e04 | 2026-01-01 | 5 | - | true | false',
    'e05 | 2026-01-03 | - | bob | false | false',
    'z | 2026-01-02 | 8 | bob | true | true',
  ]);
});
