import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson, event, linesOf, shortHash } from './support/eventStore.js';

test('a session has its last need and all events that lead to it', async () => {
  const events = [
    event('session.created', { session: 's' }, { need: 'a poem', constraints: ['short', 5, 'rhymed'] }),
    event('session.created', { session: 's' }, { need: 'an ode', title: 'Odes', constraints: ['long', 5] }),
    event('attempt.started', { attempt: 't', session: 's', agent: 'g' }, { agent: { version: 1 } }),
    event('attempt.span_recorded', { attempt: 't' }, { span_id: 'x' }),
    event('artifact.created', { attempt: 't', artifact: 'a' }),
    event('artifact.scored', { artifact: 'a' }, { score: 7 }),
    event('flow.router.decision.v1', { session: 'r' }, { decision_id: 'd' }),
    event('session.exploded', { session: 's', known: false }),
    event('attempt.started', { origin: 'log', session: 'logged', attempt: 'u' }),
  ];
  assert.deepEqual(await linesOf(events, 'from events.sessions'), [
    'logged | - | - | - | 8 | 8 | 1 | log',
    'r | - | - | - | 6 | 6 | 1 | recorded',
    // Its two creations, the attempt, and by way of that a span, an artifact and a score.
    's | an ode | [long] | Odes | 0 | 5 | 6 | recorded',
  ]);
});

test('a lineage is locked by its last word; directives stand in their order', async () => {
  const directive = (kind: string, text: string) =>
    event('directive.added', { lineage: 'l' }, { kind, text });
  const events = [
    directive('sticky', 'be brief'),
    event('lineage.created', { lineage: 'l', session: 's' }, { label: 'A', strategy: 'bold' }),
    directive('oneshot', 'use no rhyme'),
    directive('sticky', 'be kind'),
    event('lineage.locked', { lineage: 'l' }, { artifact_id: 'a0' }),
    event('lineage.unlocked', { lineage: 'l' }),
    event('lineage.locked', { lineage: 'l' }, { artifact_id: 'a1' }),
    event('lineage.locked', { lineage: 'open', session: 's' }),
    event('lineage.unlocked', { lineage: 'open' }),
  ];
  const rows = await linesOf(
    events,
    'select lineage_id, session_id, label, strategy, created_at from events.lineages',
    'select lineage_id, is_locked, locked_at, locked_artifact_id, lock_event from events.lineages',
    'select lineage_id, sticky_directives, oneshot_directives from events.lineages',
  );
  assert.deepEqual(rows, [
    'l | s | A | bold | 1',
    'open | s | - | - | 7',
    'l | true | 6 | a1 | e07',
    'open | false | - | - | -',
    'l | [be brief, be kind] | [use no rhyme]',
    'open | [] | []',
  ]);
});

test('equal configurations have one hash, whatever the agent, its name, its version and the order of keys', async () => {
  const tools = [{ name: 'read', limit: 1e21, note: '\u001f' }];
  const config = { system_prompt: 'Be brief.', tools, model: 'm', temperature: 0.5 };
  const flow = { steps: 2 };
  const events = [
    event('agent.created', { agent: 'one', lineage: 'l' }, { version: 1, config, name: 'One' }),
    event('agent.created', { agent: 'two' }, { version: 7, config: { name: 'Two', ...config } }),
    event('agent.evolved', { agent: 'one' }, { from_version: 1, to_version: 2, config: { flow } }),
    event('agent.evolved', { agent: 'one' }, { from_version: 0, to_version: 3 }),
    // Defined again, and then only told of by what an attempt ran: the last definition holds.
    event('agent.created', { agent: 'one', lineage: 'm' }, { version: 1, config, name: 'Uno' }),
    event('attempt.started', { attempt: 't', agent: 'one' }, { agent: { version: 1, model: 'other' } }),
    event('attempt.started', { attempt: 'u', agent: 'three' }, { agent: { version: 1, ...config } }),
    event('attempt.started', { attempt: 'v', agent: 'three' }, { agent: { version: 1, model: 'other' } }),
    event('agent.created', { agent: 'four' }, { version: 1, config: { ...config, temperature: 0.6 } }),
    event('agent.created', { agent: 'cli', origin: 'log' }, { version: '1.0.3', config: { model: 'm' } }),
  ];
  const [prompt, same] = [shortHash('Be brief.'), shortHash(config)];
  const warmer = shortHash({ ...config, temperature: 0.6 });
  const rows = await linesOf(
    events,
    'select * exclude (tools_hash) from events.agent_definitions',
    'select distinct tools_hash from events.agent_definitions order by 1',
  );
  assert.deepEqual(rows, [
    `cli | 1.0.3 | - | - | - | - | ${shortHash({ model: 'm' })} | m | true | e10 | 9 | log`,
    `four | 1 | - | - | ${prompt} | - | ${warmer} | m | true | e09 | 8 | recorded`,
    'one | 0 | Uno | m | - | - | - | - | false | e04 | 3 | recorded',
    `one | 1 | Uno | m | ${prompt} | - | ${same} | m | true | e05 | 4 | recorded`,
    `one | 2 | Uno | m | - | ${shortHash(flow)} | ${shortHash({ flow })} | - | true | e03 | 2 | recorded`,
    'one | 3 | Uno | m | - | - | - | - | false | e04 | 3 | recorded',
    `three | 1 | - | - | ${prompt} | - | ${same} | m | false | e07 | 6 | recorded`,
    `two | 7 | - | - | ${prompt} | - | ${same} | m | true | e02 | 1 | recorded`,
    shortHash(tools),
    '-',
  ]);
});

test('an evolution has the configurations before and after it, and its last outcome', async () => {
  const why = { changes: ['tone'], hypothesis: 'warmer is better' };
  const events = [
    event('agent.created', { agent: 'g', lineage: 'l' }, { version: 1, config: { model: 'm' } }),
    event(
      'agent.evolved',
      { agent: 'g' },
      { evolution_id: 'v', from_version: 1, to_version: 2, ...why, config: { model: 'n' } },
    ),
    event('agent.evolved', { agent: 'g' }, { from_version: 2, to_version: 3 }),
    event('evolution.outcome', {}, { evolution_id: 'v', score_delta: 2, validated: true }),
    event('evolution.outcome', {}, { evolution_id: 'v', score_delta: -1, validated: false }),
  ];
  const [before, after] = [shortHash({ model: 'm' }), shortHash({ model: 'n' })];
  assert.deepEqual(await linesOf(events, 'from events.evolution_records'), [
    `e03 | g | l | 2 | 3 | ${after} | - | - | - | 2 | e03 | - | - | - | -`,
    `v | g | l | 1 | 2 | ${before} | ${after} | [tone] | warmer is better | 1 | e02 | -1 | false | 4 | e05`,
  ]);
});

test('an insight counts where it was applied and keeps its last outcome', async () => {
  const insight = { insight_id: 'i' };
  const events = [
    event('insight.discovered', {}, { ...insight, text: 'be short', evidence: ['a1'], confidence: 0.7 }),
    event('insight.applied', {}, { ...insight, target: 'g' }),
    event('insight.applied', {}, insight),
    event('insight.outcome', {}, { ...insight, effective: false }),
    event('insight.outcome', {}, { ...insight, effective: true, score_delta: 1.5 }),
    event('insight.discovered', {}, { insight_id: 'j', text: 'unused' }),
  ];
  assert.deepEqual(await linesOf(events, 'from events.learning_insights'), [
    'i | be short | [a1] | 0.7 | 0 | 2 | 2 | [g] | true | 1.5 | 4',
    'j | unused | - | - | 5 | 0 | - | [] | - | - | -',
  ]);
});

test('a decision has its last outcome and override; without an outcome its reward is null, not 0', async () => {
  const decided = (id: string) =>
    event('flow.router.decision.v1', { session: 's' }, { decision_id: id, chosen_task: 'build' });
  const ended = (id: string, outcome: string, more: object = {}) =>
    event('flow.router.outcome.v1', {}, { decision_id: id, outcome, time_to_resolution_ms: 900, ...more });
  const overridden = (id: string, task: string) =>
    event('flow.router.override.v1', {}, { decision_id: id, override_task: task, reason: 'no' });
  const events = [
    ...['d1', 'd2', 'd3', 'd4', 'd5', 'd6'].map(decided),
    ended('d1', 'success'),
    ended('d2', 'success'),
    ended('d2', 'partial', { manual_override_task: 'test' }),
    ended('d3', 'failure'),
    ended('d4', 'wasted'),
    ended('d5', 'exploded'),
    overridden('d4', 'test'),
    overridden('d4', 'lint'),
    ended('unknown', 'success'),
  ];
  const query = `select decision_id, session_id, chosen_task, outcome, time_to_resolution_ms, override_task,
    is_overridden, reward, outcome_event, override_event from events.router_decisions`;
  assert.deepEqual(await linesOf(events, query), [
    'd1 | s | build | success | 900 | - | false | 1 | e07 | -',
    'd2 | s | build | partial | 900 | - | true | 0.55 | e09 | -',
    'd3 | s | build | failure | 900 | - | false | 0 | e10 | -',
    'd4 | s | build | wasted | 900 | lint | true | -0.2 | e11 | e14',
    'd5 | s | build | exploded | 900 | - | false | - | e12 | -',
    'd6 | s | build | - | - | - | false | - | - | -',
  ]);
});

test('what a decision knew stays canonical text; a field of another type than promised is null', async () => {
  const context = { size: 1e21, id: '\u0001', list: [1, null], files: { b: 1, a: 0.1 } };
  const wrong = {
    confidence: 'high',
    user_intent: ['?'],
    chosen_task: 5,
    candidates: 'build',
    git_branch: null,
  };
  const events = [
    event('flow.router.decision.v1', {}, { decision_id: 'd', context, candidates: ['build', 'test'] }),
    event('flow.router.decision.v1', {}, { decision_id: 'e', ...wrong }),
  ];
  const columns = 'decision_id, context, candidates, confidence, user_intent, chosen_task, git_branch';
  assert.deepEqual(await linesOf(events, `select ${columns} from events.router_decisions`), [
    `d | ${canonicalJson(context)} | [build, test] | - | - | - | -`,
    'e | - | - | - | - | - | -',
  ]);
});
