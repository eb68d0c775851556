/** What an event may refer to. */
export const refs = ['session_id', 'lineage_id', 'agent_id', 'artifact_id', 'attempt_id'] as const;

type Row = Record<string, unknown>;

/** A recorded event as tests write it: `at` is a time, or seconds after the world's first moment; ids come by place. */
export type EventSpec = {
  type: string;
  payload?: Record<string, unknown>;
  id?: string;
  at?: string | number;
} & Partial<Record<(typeof refs)[number], string>>;

/** What an attempt was asked and by whom, as tests write it; everything has a default. */
export type AttemptSpec = {
  session?: string;
  lineage?: string;
  agent?: string;
  cycle?: number | null;
  need?: string;
  constraints?: readonly string[];
  test_input?: string;
  documents?: readonly unknown[];
  model?: string;
  system_prompt?: string;
  /** The attempt failed with this error. */
  error?: string;
  /** What the attempt itself ended with; nothing where an artifact follows. */
  output?: unknown;
  at?: string | number;
};

/** An attempt that was started and ended. */
export function attempt(id: string, spec: AttemptSpec = {}): EventSpec[] {
  const { session = 's', lineage = 'A', agent = 'writer', cycle = 1, need = 'Write', at } = spec;
  const input = {
    need,
    ...(spec.constraints === undefined ? {} : { constraints: spec.constraints }),
    ...(spec.test_input === undefined ? {} : { test_input: spec.test_input }),
    ...(spec.documents === undefined ? {} : { context_documents: spec.documents }),
  };
  const started: EventSpec = {
    type: 'attempt.started',
    attempt_id: id,
    session_id: session,
    agent_id: agent,
    lineage_id: lineage,
    payload: {
      agent: {
        version: 1,
        ...(spec.system_prompt === undefined ? {} : { system_prompt: spec.system_prompt }),
      },
      input,
      model: spec.model ?? 'model-a',
      ...(cycle === null ? {} : { cycle }),
    },
    ...(at === undefined ? {} : { at }),
  };
  const ended: EventSpec =
    spec.error === undefined
      ? { type: 'attempt.completed', attempt_id: id, payload: { output: spec.output ?? `output of ${id}` } }
      : {
          type: 'attempt.failed',
          attempt_id: id,
          payload: {
            error: spec.error,
            ...(spec.output === undefined ? {} : { partial_output: spec.output }),
          },
        };
  return [started, { ...ended, ...(at === undefined ? {} : { at }) }];
}

/** An attempt `t-<id>` and the artifact that came of it. */
export function artifact(id: string, content: unknown, spec: AttemptSpec = {}): EventSpec[] {
  const { at } = spec;
  return [
    ...attempt(`t-${id}`, spec),
    {
      type: 'artifact.created',
      artifact_id: id,
      attempt_id: `t-${id}`,
      payload: { content },
      ...(at === undefined ? {} : { at }),
    },
  ];
}

export const scored = (id: string, score: number, more: Row = {}, at?: string | number): EventSpec => ({
  type: 'artifact.scored',
  artifact_id: id,
  payload: { score, ...more },
  ...(at === undefined ? {} : { at }),
});
export const compared = (...ranking: string[]): EventSpec => ({
  type: 'artifact.compared',
  session_id: 's',
  payload: { ranking },
});
export const locked = (lineage: string, id?: string): EventSpec => ({
  type: 'lineage.locked',
  lineage_id: lineage,
  payload: id === undefined ? {} : { artifact_id: id },
});
export const unlocked = (lineage: string): EventSpec => ({
  type: 'lineage.unlocked',
  lineage_id: lineage,
  payload: {},
});
export const span = (attempt: string, payload: Row): EventSpec => ({
  type: 'attempt.span_recorded',
  attempt_id: attempt,
  payload,
});
export const decision = (id: string, task: string, more: Row = {}, session = 's'): EventSpec => ({
  type: 'flow.router.decision.v1',
  payload: {
    decision_id: id,
    session_id: session,
    chosen_task: task,
    confidence: 0.5,
    user_intent: `please ${id}`,
    ...more,
  },
});
export const outcome = (id: string, result: string, more: Row = {}): EventSpec => ({
  type: 'flow.router.outcome.v1',
  payload: {
    decision_id: id,
    outcome: result,
    task_executed: 'some task',
    time_to_resolution_ms: 100,
    ...more,
  },
});
export const override = (id: string, from: string, to: string): EventSpec => ({
  type: 'flow.router.override.v1',
  payload: { decision_id: id, original_task: from, override_task: to },
});
