import type { EventPayload, EventType } from 'tracemill/recorder';

/** A payload with every field of its type, which of them it cannot do without, and what each is refused for. */
type FullEvent<T extends EventType> = {
  readonly payload: EventPayload<T>;
  readonly required: readonly string[];
  /** Field -> a wrong value and what the refusal says, after `payload.`. A field that may hold anything has none. */
  readonly wrong: Readonly<Record<string, readonly [value: unknown, message: string]>>;
};

const config = {
  system_prompt: 'Be brief.',
  tools: [{ name: 'read' }],
  flow: ['plan', 'write'],
  model: 'model-x',
  parameters: { temperature: 0 },
  team: 'kept',
};
const costs = { tokens: { input: 10, output: 2 }, duration_ms: 12.5, cost_usd: 0.001 };
const wrongCosts = {
  tokens: [{ input: 1.5 }, 'tokens.input: must be a whole number'],
  duration_ms: [-1, 'duration_ms: must be 0 or more'],
  cost_usd: ['1', 'cost_usd: must be a number'],
} as const;
const notText = (field: string) => ({ [field]: [7, `${field}: must be text`] as const });
const notId = (field: string) => ({ [field]: ['', `${field}: must not be empty`] as const });

export const fullEvents: { readonly [T in EventType]: FullEvent<T> } = {
  'session.created': {
    payload: { need: 'notes', constraints: ['short'], title: 'Notes' },
    required: ['need'],
    wrong: {
      ...notText('need'),
      constraints: [['short', 1], 'constraints[1]: must be text'],
      ...notText('title'),
    },
  },
  'lineage.created': {
    payload: { label: 'A', strategy: 'terse' },
    required: ['label'],
    wrong: { ...notText('label'), ...notText('strategy') },
  },
  'agent.created': {
    payload: { version: 1, config, name: 'notes' },
    required: ['version', 'config'],
    wrong: {
      version: [0, 'version: must be 1 or more'],
      config: [{ tools: 'read' }, 'config.tools: must be a list'],
      ...notText('name'),
    },
  },
  'agent.evolved': {
    payload: {
      evolution_id: 'e1',
      from_version: 1,
      to_version: 2,
      changes: ['shorter'],
      hypothesis: 'it fits',
      config,
    },
    required: ['from_version', 'to_version', 'changes', 'hypothesis'],
    wrong: {
      ...notId('evolution_id'),
      from_version: ['1', 'from_version: must be a whole number'],
      to_version: [1.5, 'to_version: must be a whole number'],
      changes: ['shorter', 'changes: must be a list of texts'],
      ...notText('hypothesis'),
      config: [{ parameters: [] }, 'config.parameters: must be an object'],
    },
  },
  'attempt.started': {
    payload: {
      agent: { version: 1, ...config },
      input: {
        need: 'notes',
        constraints: ['short'],
        test_input: 'log',
        context_documents: ['text', { id: 'd1', content: 'text' }, { content: 'text' }],
      },
      model: 'model-x',
      parameters: { temperature: 0 },
      cycle: 0,
      rollout_id: 'r1',
    },
    required: ['agent', 'input'],
    wrong: {
      agent: [{ model: 'model-x' }, 'agent.version: is missing'],
      input: [
        { need: 'notes', context_documents: ['text', { id: 'd1' }] },
        'input.context_documents[1]: must be text, or an object with its text as content',
      ],
      ...notText('model'),
      parameters: ['temperature=0', 'parameters: must be an object'],
      cycle: [-1, 'cycle: must be 0 or more'],
      ...notId('rollout_id'),
    },
  },
  'attempt.span_recorded': {
    payload: {
      span_id: 's2',
      parent_span_id: 's1',
      kind: 'tool_result',
      input: null,
      output: [1, { a: true }],
      tool_name: 'read',
      is_error: false,
      model: 'model-x',
      ...costs,
    },
    required: ['span_id', 'kind'],
    wrong: {
      ...notId('span_id'),
      ...notId('parent_span_id'),
      kind: ['thought', 'kind: must be one of llm_call, tool_call, tool_result, reasoning, output'],
      ...notText('tool_name'),
      is_error: ['no', 'is_error: must be true or false'],
      ...notText('model'),
      ...wrongCosts,
    },
  },
  'attempt.completed': {
    payload: { output: { text: 'Added b.' }, spans: ['s1', 's2'], ...costs },
    required: ['output'],
    wrong: {
      output: [null, 'output: must be text, an object or a list'],
      spans: [['s1', ''], 'spans[1]: must not be empty'],
      ...wrongCosts,
    },
  },
  'attempt.failed': {
    payload: { error: 'timeout', partial_output: null, ...costs },
    required: ['error'],
    wrong: { ...notText('error'), ...wrongCosts },
  },
  'artifact.created': {
    payload: { content: ['Added b.'], kind: 'text', title: 'Notes' },
    required: ['content'],
    wrong: {
      content: [7, 'content: must be text, an object or a list'],
      ...notText('kind'),
      ...notText('title'),
    },
  },
  'artifact.scored': {
    payload: { score: 7.5, comment: '', rater: 'ann' },
    required: ['score'],
    wrong: { score: [10.1, 'score: must be 1 to 10'], ...notText('comment'), ...notText('rater') },
  },
  'artifact.compared': {
    payload: { ranking: ['b', 'a'], comment: 'shorter', rater: 'ann' },
    required: ['ranking'],
    wrong: {
      ranking: [['a', 'b', 'a'], 'ranking: names an artifact twice'],
      ...notText('comment'),
      ...notText('rater'),
    },
  },
  'lineage.locked': {
    payload: { artifact_id: 'a', reason: 'shipped' },
    required: [],
    wrong: { ...notId('artifact_id'), ...notText('reason') },
  },
  'lineage.unlocked': { payload: { reason: '2.1' }, required: [], wrong: notText('reason') },
  'directive.added': {
    payload: { kind: 'oneshot', text: 'No jokes.' },
    required: ['kind', 'text'],
    wrong: { kind: ['once', 'kind: must be one of sticky, oneshot'], ...notText('text') },
  },
  'evolution.outcome': {
    payload: { evolution_id: 'e1', score_delta: -1.5, validated: false, comment: 'worse' },
    required: ['evolution_id', 'score_delta', 'validated'],
    wrong: {
      ...notId('evolution_id'),
      score_delta: [true, 'score_delta: must be a number'],
      validated: [1, 'validated: must be true or false'],
      ...notText('comment'),
    },
  },
  'insight.discovered': {
    payload: { insight_id: 'i1', text: 'Short fits.', evidence: ['a'], confidence: 1 },
    required: ['insight_id', 'text'],
    wrong: {
      ...notId('insight_id'),
      ...notText('text'),
      evidence: [{}, 'evidence: must be a list of texts'],
      confidence: [1.01, 'confidence: must be 0 to 1'],
    },
  },
  'insight.applied': {
    payload: { insight_id: 'i1', target: 'agent-1' },
    required: ['insight_id'],
    wrong: { ...notId('insight_id'), ...notText('target') },
  },
  'insight.outcome': {
    payload: { insight_id: 'i1', effective: true, score_delta: 2, comment: 'helped' },
    required: ['insight_id', 'effective'],
    wrong: {
      ...notId('insight_id'),
      effective: ['yes', 'effective: must be true or false'],
      score_delta: ['2', 'score_delta: must be a number'],
      ...notText('comment'),
    },
  },
  'data.forgotten': {
    payload: {
      sessions: ['s1'],
      projects: ['~/p'],
      text_hashes: ['abc'],
      events: ['e1'],
      places: [{ file_key: 'f1', byte_offset: 0 }],
      reason: 'asked for',
    },
    required: ['sessions', 'reason'],
    wrong: {
      sessions: [[''], 'sessions[0]: must not be empty'],
      projects: ['~/p', 'projects: must be a list of ids'],
      text_hashes: [[1], 'text_hashes[0]: must be text'],
      events: [[''], 'events[0]: must not be empty'],
      places: [[{ file_key: 'f1', byte_offset: -1 }], 'places[0].byte_offset: must be 0 or more'],
      ...notId('reason'),
    },
  },
  'flow.router.decision.v1': {
    payload: {
      decision_id: 'd1',
      session_id: 'session-1',
      chosen_task: 'write',
      confidence: 0,
      user_intent: 'write it',
      candidates: ['write', 'read'],
      context: { open: 3 },
      project_path: '~/p',
      git_branch: 'main',
      git_commit: 'abc',
    },
    required: ['decision_id', 'session_id', 'chosen_task', 'confidence', 'user_intent'],
    wrong: {
      ...notId('decision_id'),
      session_id: ['session-2', 'session_id: must be the one of refs.session_id'],
      ...notText('chosen_task'),
      confidence: [-0.1, 'confidence: must be 0 to 1'],
      ...notText('user_intent'),
      candidates: [[null], 'candidates[0]: must be text'],
      ...notText('project_path'),
      ...notText('git_branch'),
      ...notText('git_commit'),
    },
  },
  'flow.router.outcome.v1': {
    payload: {
      decision_id: 'd1',
      outcome: 'wasted',
      task_executed: 'write',
      time_to_resolution_ms: 0,
      error_kind: 'none',
      manual_override_task: 'read',
    },
    required: ['decision_id', 'outcome', 'task_executed', 'time_to_resolution_ms'],
    wrong: {
      ...notId('decision_id'),
      outcome: ['ok', 'outcome: must be one of success, partial, failure, wasted'],
      ...notText('task_executed'),
      time_to_resolution_ms: [-5, 'time_to_resolution_ms: must be 0 or more'],
      ...notText('error_kind'),
      ...notText('manual_override_task'),
    },
  },
  'flow.router.override.v1': {
    payload: { decision_id: 'd1', original_task: 'write', override_task: 'read', reason: 'asked' },
    required: ['decision_id', 'original_task', 'override_task'],
    wrong: {
      ...notId('decision_id'),
      ...notText('original_task'),
      ...notText('override_task'),
      ...notText('reason'),
    },
  },
};
