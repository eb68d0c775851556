import type { Planter } from '../canaries.js';
import { eventLine } from '../events.js';

type Fields = { readonly [field: string]: unknown };
const json = (value: unknown) => JSON.stringify(value);

/** Events of every type with canaries in each text of their payloads, in ids and tags, and a field no view knows. */
export function eventCanaries({ text, line, one, group }: Planter, day: string): Fields[] {
  const ids = {
    session_id: `session ${one('event.session-id')}`,
    lineage_id: `lineage ${one('event.lineage-id')}`,
    agent_id: `agent ${one('event.agent-id')}`,
  };
  const attempt = `attempt ${one('event.attempt-id')}`;
  const artifacts = ['best', 'worse'].map((name) => `${name} ${one(`event.artifact-id`)}`);
  const own = (place: string) => `${place} ${one(`event.${place}`)}`;
  const [evolution, insight, decision] = [own('evolution-id'), own('insight-id'), own('decision-id')];
  const in_ = (type: string, field: string) => text(`${type}.${field}`);
  const config = (type: string) => ({
    system_prompt: in_(type, 'system-prompt'),
    tools: [{ name: 'read', description: in_(type, 'tool') }],
    flow: { steps: [in_(type, 'flow')] },
    model: 'model-x',
    team: { a: { b: in_(type, 'config') } },
  });
  const input = {
    need: in_('attempt.started', 'need'),
    constraints: [in_('attempt.started', 'constraint')],
    test_input: in_('attempt.started', 'test-input'),
    context_documents: [
      in_('attempt.started', 'document'),
      { id: 'd1', content: in_('attempt.started', 'content') },
    ],
  };
  const body = json({ inner: json({ deepest: in_('attempt.span_recorded', 'json-twice') }) });
  const payloads: [type: string, payload: Fields, more?: Fields][] = [
    [
      'session.created',
      {
        need: in_('session.created', 'need'),
        constraints: [in_('session.created', 'constraint')],
        title: line('session.created.title'),
      },
    ],
    [
      'lineage.created',
      { label: line('lineage.created.label'), strategy: in_('lineage.created', 'strategy') },
    ],
    ['agent.created', { version: 1, config: config('agent.created'), name: line('agent.created.name') }],
    [
      'agent.evolved',
      {
        evolution_id: evolution,
        from_version: 1,
        to_version: 2,
        changes: [in_('agent.evolved', 'change')],
        hypothesis: in_('agent.evolved', 'hypothesis'),
        config: config('agent.evolved'),
      },
    ],
    [
      'attempt.started',
      {
        agent: { version: 1, ...config('attempt.started') },
        input,
        model: 'model-x',
        cycle: 1,
        rollout_id: own('rollout-id'),
      },
    ],
    [
      'attempt.span_recorded',
      {
        span_id: `p${group}`,
        kind: 'tool_call',
        tool_name: one('event.tool-name'),
        input: { a: { b: { c: in_('attempt.span_recorded', 'argument') } }, body },
        output: in_('attempt.span_recorded', 'output'),
      },
    ],
    ['attempt.completed', { output: { text: in_('attempt.completed', 'output') }, spans: [`p${group}`] }],
    [
      'artifact.created',
      { content: in_('artifact.created', 'content'), kind: 'text', title: line('artifact.created.title') },
      { artifact_id: artifacts[0] },
    ],
    [
      'artifact.created',
      { content: [in_('artifact.created', 'other')], kind: 'text' },
      { artifact_id: artifacts[1] },
    ],
    [
      'artifact.scored',
      { score: 9, comment: in_('artifact.scored', 'comment'), rater: one('artifact.scored.rater') },
      { artifact_id: artifacts[0] },
    ],
    [
      'artifact.scored',
      { score: 3, comment: in_('artifact.scored', 'comment') },
      { artifact_id: artifacts[1] },
    ],
    ['artifact.compared', { ranking: artifacts, comment: in_('artifact.compared', 'comment'), rater: 'ann' }],
    ['directive.added', { kind: 'sticky', text: in_('directive.added', 'text') }],
    [
      'evolution.outcome',
      {
        evolution_id: evolution,
        score_delta: 2,
        validated: true,
        comment: in_('evolution.outcome', 'comment'),
      },
    ],
    [
      'insight.discovered',
      {
        insight_id: insight,
        text: in_('insight.discovered', 'text'),
        evidence: [in_('insight.discovered', 'evidence')],
      },
    ],
    ['insight.applied', { insight_id: insight, target: line('insight.applied.target') }],
    ['insight.outcome', { insight_id: insight, effective: true, comment: in_('insight.outcome', 'comment') }],
    [
      'flow.router.decision.v1',
      {
        decision_id: decision,
        session_id: ids.session_id,
        chosen_task: 'write',
        confidence: 0.9,
        user_intent: in_('flow.router.decision.v1', 'intent'),
        candidates: ['write', line('flow.router.decision.v1.candidate')],
        context: { a: in_('flow.router.decision.v1', 'context') },
        project_path: `/home/carla/${one('flow.router.decision.v1.project')}`,
        git_branch: one('flow.router.decision.v1.branch'),
      },
    ],
    [
      'flow.router.outcome.v1',
      {
        decision_id: decision,
        outcome: 'failure',
        task_executed: 'write',
        time_to_resolution_ms: 5,
        error_kind: line('flow.router.outcome.v1.error'),
      },
    ],
    [
      'flow.router.override.v1',
      {
        decision_id: decision,
        original_task: 'write',
        override_task: line('flow.router.override.v1.task'),
        reason: in_('flow.router.override.v1', 'reason'),
      },
    ],
    ['lineage.locked', { artifact_id: artifacts[0], reason: in_('lineage.locked', 'reason') }],
    ['lineage.unlocked', { reason: in_('lineage.unlocked', 'reason') }],
    ['studio.layout.changed', { note: in_('event.unknown-type', 'note'), [one('event.payload-key')]: 1 }],
    // Refused: its place and why stay, its words do not.
    [
      'artifact.scored',
      { score: 99, comment: in_('event.rejected', 'comment') },
      { artifact_id: artifacts[0] },
    ],
  ];
  const second = (index: number) =>
    `${day}T12:${String(group).padStart(2, '0')}:${String(index).padStart(2, '0')}.000Z`;
  const attempted = (type: string) => /^(?:attempt|artifact)\./.test(type);
  const failed = eventLine({
    ...{ id: `${one('event.id')} failed`, event_type: 'attempt.failed', ...ids, attempt_id: `${attempt} 2` },
    ...{
      timestamp: second(50),
      payload: {
        error: in_('attempt.failed', 'error'),
        partial_output: { text: in_('attempt.failed', 'partial') },
      },
    },
  });
  const started = eventLine({
    ...{ id: `${group} started again`, event_type: 'attempt.started', ...ids, attempt_id: `${attempt} 2` },
    ...{ timestamp: second(49), payload: { agent: { version: 1, model: 'model-x' }, input: { need: 'x' } } },
  });
  return [
    ...payloads.map(([event_type, payload, more], index) =>
      eventLine({
        ...{ id: `${group}-${index} ${one('event.id')}`, event_type, ...ids },
        ...(attempted(event_type) ? { attempt_id: attempt } : {}),
        ...{ timestamp: second(index), tags: ['kept', one('event.tag')], payload, ...more },
      }),
    ),
    started,
    failed,
  ];
}

/** Rows of seq's memory log: a subject that is words, one that is JSON, and a pair of somebody else. */
export function seqCanaries({ text, line, one, group }: Planter, day: string): Fields[] {
  const ts_ms = Date.parse(`${day}T13:00:00.000Z`) + group * 1000;
  const row = (name: string, subject: string, more: Fields = {}) => ({
    ...{ ts_ms, dur_us: 5, ok: true, session_id: `seq ${one('seq.session-id')}`, name, subject, ...more },
  });
  const decision = {
    decision_id: `seq-${group}`,
    session_id: 'x',
    chosen_task: 'a',
    confidence: 1,
    user_intent: text('seq.intent'),
  };
  return [
    row('cli.run', line('seq.words'), { ok: false }),
    row('app.open', json({ title: text('seq.subject'), nested: json({ inner: text('seq.json-twice') }) })),
    row('flow.router.decision.v1', json(decision), { event_id: `seq ${one('seq.event-id')}` }),
    row(
      'agent.qa.pair',
      json({ qa_id: `other ${group}`, question: text('seq.question'), answer: text('seq.answer') }),
    ),
  ];
}
