import { z } from 'zod';

/** The top-level keys by which an event names what it is about. */
export const refNames = ['session_id', 'lineage_id', 'agent_id', 'artifact_id', 'attempt_id'] as const;

/** Written on each event; a reader knows by it which shape the payload of this type has. */
export const schemaVersion = 1;

/** The words of a refusal, after the path of the field. */
const must = (what: string) => ({
  error: (issue: { readonly input?: unknown }) =>
    issue.input === undefined ? 'is missing' : `must be ${what}`,
});
const optional = z.exactOptional;

const text = z.string(must('text'));
const texts = z.array(text, must('a list of texts'));
const id = text.min(1, 'must not be empty');
const ids = z.array(id, must('a list of ids'));
const flag = z.boolean(must('true or false'));
const list = z.array(z.unknown(), must('a list'));
const object = z.looseObject({}, must('an object'));
const whole = z.int(must('a whole number'));
const amount = z.number(must('a number')).min(0, 'must be 0 or more');
const delta = z.number(must('a number'));
const count = whole.min(0, 'must be 0 or more');
const share = z.number(must('a number')).min(0, 'must be 0 to 1').max(1, 'must be 0 to 1');
const score = z.number(must('a number from 1 to 10')).min(1, 'must be 1 to 10').max(10, 'must be 1 to 10');
const content = z.union([text, object, list], must('text, an object or a list'));
const anything = optional(z.unknown());
const oneOf = <const T extends readonly string[]>(words: T) =>
  z.enum(words, must(`one of ${words.join(', ')}`));
const shape = <T extends z.core.$ZodLooseShape>(fields: T) => z.looseObject(fields, must('an object'));

const agentConfig = {
  system_prompt: optional(text),
  tools: optional(list),
  flow: anything,
  model: optional(text),
  parameters: optional(object),
};
const tokens = shape({ input: optional(count), output: optional(count) });
const costs = { tokens: optional(tokens), duration_ms: optional(amount), cost_usd: optional(amount) };
const documents = z.array(
  z.union(
    [text, shape({ id: optional(text), content: text })],
    must('text, or an object with its text as content'),
  ),
  must('a list of documents'),
);
const ranking = ids
  .min(2, 'must name two artifacts or more')
  .refine((names) => new Set(names).size === names.length, 'names an artifact twice');

// A line of a log, or without byte_offset all of the file, as raw names them.
const place = z.strictObject({ file_key: id, byte_offset: optional(count) }, must('an object'));

/** What each known type of event must carry: its payload (further keys are kept) and the ids it cannot do without. */
export const eventTypes = {
  'session.created': {
    refs: ['session_id'],
    payload: shape({ need: text, constraints: optional(texts), title: optional(text) }),
  },
  'lineage.created': {
    refs: ['session_id', 'lineage_id'],
    payload: shape({ label: text, strategy: optional(text) }),
  },
  'agent.created': {
    refs: ['agent_id'],
    payload: shape({
      version: whole.min(1, 'must be 1 or more'),
      config: shape(agentConfig),
      name: optional(text),
    }),
  },
  'agent.evolved': {
    refs: ['agent_id'],
    payload: shape({
      evolution_id: optional(id),
      from_version: whole,
      to_version: whole,
      changes: texts,
      hypothesis: text,
      config: optional(shape(agentConfig)),
    }),
  },
  'attempt.started': {
    refs: ['attempt_id', 'session_id', 'agent_id'],
    payload: shape({
      agent: shape({ version: whole, ...agentConfig }),
      input: shape({
        need: text,
        constraints: optional(texts),
        test_input: optional(text),
        context_documents: optional(documents),
      }),
      model: optional(text),
      parameters: optional(object),
      cycle: optional(count),
      rollout_id: optional(id),
    }),
  },
  'attempt.span_recorded': {
    refs: ['attempt_id'],
    payload: shape({
      span_id: id,
      parent_span_id: optional(id),
      kind: oneOf(['llm_call', 'tool_call', 'tool_result', 'reasoning', 'output']),
      input: anything,
      output: anything,
      tool_name: optional(text),
      is_error: optional(flag),
      model: optional(text),
      ...costs,
    }),
  },
  'attempt.completed': {
    refs: ['attempt_id'],
    payload: shape({ output: content, spans: optional(ids), ...costs }),
  },
  'attempt.failed': {
    refs: ['attempt_id'],
    payload: shape({ error: text, partial_output: anything, ...costs }),
  },
  'artifact.created': {
    refs: ['artifact_id', 'attempt_id'],
    payload: shape({ content, kind: optional(text), title: optional(text) }),
  },
  'artifact.scored': {
    refs: ['artifact_id'],
    payload: shape({ score, comment: optional(text), rater: optional(text) }),
  },
  'artifact.compared': {
    refs: ['session_id'],
    payload: shape({ ranking, comment: optional(text), rater: optional(text) }),
  },
  'lineage.locked': {
    refs: ['lineage_id'],
    payload: shape({ artifact_id: optional(id), reason: optional(text) }),
  },
  'lineage.unlocked': { refs: ['lineage_id'], payload: shape({ reason: optional(text) }) },
  'directive.added': {
    refs: ['lineage_id'],
    payload: shape({ kind: oneOf(['sticky', 'oneshot']), text }),
  },
  'evolution.outcome': {
    refs: [],
    payload: shape({ evolution_id: id, score_delta: delta, validated: flag, comment: optional(text) }),
  },
  'insight.discovered': {
    refs: [],
    payload: shape({ insight_id: id, text, evidence: optional(texts), confidence: optional(share) }),
  },
  'insight.applied': { refs: [], payload: shape({ insight_id: id, target: optional(text) }) },
  'insight.outcome': {
    refs: [],
    payload: shape({
      insight_id: id,
      effective: flag,
      score_delta: optional(delta),
      comment: optional(text),
    }),
  },
  'data.forgotten': {
    refs: [],
    // Strict: a misspelt key would forget less than was meant.
    payload: z
      .strictObject(
        {
          sessions: ids,
          projects: optional(ids),
          text_hashes: optional(ids),
          events: optional(ids),
          places: optional(z.array(place, must('a list of places'))),
          reason: text.min(1, 'must not be empty'),
        },
        {
          error: (issue) =>
            issue.code === 'unrecognized_keys'
              ? `knows no ${issue.keys?.join(', ')}`
              : must('an object').error(issue),
        },
      )
      .refine(
        ({ sessions, places = [] }) => sessions.length + places.length > 0,
        'must name sessions or places',
      ),
  },
  'flow.router.decision.v1': {
    refs: [],
    payload: shape({
      decision_id: id,
      session_id: id,
      chosen_task: text,
      confidence: share,
      user_intent: text,
      candidates: optional(texts),
      context: anything,
      project_path: optional(text),
      git_branch: optional(text),
      git_commit: optional(text),
    }),
  },
  'flow.router.outcome.v1': {
    refs: [],
    payload: shape({
      decision_id: id,
      outcome: oneOf(['success', 'partial', 'failure', 'wasted']),
      task_executed: text,
      time_to_resolution_ms: amount,
      error_kind: optional(text),
      manual_override_task: optional(text),
    }),
  },
  'flow.router.override.v1': {
    refs: [],
    payload: shape({ decision_id: id, original_task: text, override_task: text, reason: optional(text) }),
  },
} as const satisfies Record<
  string,
  { readonly refs: readonly (typeof refNames)[number][]; readonly payload: z.ZodType }
>;
