import { type EventLine, type Refs, type Spool, timedId } from './spool.js';

export type Config = {
  readonly system_prompt: string;
  readonly tools?: readonly unknown[];
  readonly flow?: unknown;
  readonly model: string;
  readonly parameters?: Readonly<Record<string, number>>;
};

/** One thing to do, given to every lineage of a cycle alike. */
export type Input = {
  readonly key: string;
  readonly text: string;
  readonly documents?: readonly (string | { id: string; content: string })[];
};

export type ToolUse = {
  readonly tool: string;
  readonly input: unknown;
  readonly result: unknown;
  readonly isError?: boolean;
};

/** What an agent did with an input: it says something, fails, or (neither) never ended; it may think and use tools. */
export type Answer = {
  readonly thinks?: string;
  readonly uses?: readonly ToolUse[];
  readonly says?: string | Readonly<Record<string, unknown>>;
  /** Why the attempt failed; `says` is then the part that was done. */
  readonly fails?: string;
  readonly score?: number;
  readonly comment?: string;
  /** False where the answer stays an output and is never kept as an artifact. */
  readonly kept?: boolean;
  /** Documents that this lineage alone was given. */
  readonly documents?: Input['documents'];
};

export type Run = { readonly input: Input; readonly answers: Readonly<Record<string, Answer>> };

type Lineage = { readonly agent: string; version: number; config: Config };

/** One session of a person who designs agents: each call records what the person or an agent did next. */
export type Studio = {
  readonly spool: Spool;
  readonly lineage: (label: string, of: { strategy: string; name: string; config: Config }) => void;
  readonly cycle: (no: number, runs: readonly Run[], options?: { rollout?: string }) => void;
  readonly score: (artifact: string, score: number, comment?: string, rater?: string) => void;
  readonly compare: (ranking: readonly string[], comment: string) => void;
  readonly lock: (label: string, artifact: string | undefined, reason: string) => void;
  readonly unlock: (label: string, reason: string) => void;
  readonly directive: (label: string, kind: 'sticky' | 'oneshot', text: string) => void;
  readonly evolve: (
    label: string,
    of: { changes: string[]; hypothesis: string; config: Partial<Config> },
  ) => void;
  /** How the newest evolution of a lineage turned out. */
  readonly outcome: (label: string, delta: number, validated: boolean, comment?: string) => void;
  readonly insight: (id: string, text: string, evidence: readonly string[], confidence: number) => void;
  readonly applied: (id: string, target: string) => void;
  readonly insightOutcome: (id: string, effective: boolean, delta: number, comment?: string) => void;
  readonly artifact: (label: string, cycle: number, input: string) => string;
};

const minute = 60_000;

/** Opens a session in a spool at an ISO time. */
export function openStudio(
  spool: Spool,
  session: string,
  begin: string,
  task: { title: string; need: string; constraints: readonly string[]; tags?: readonly string[] },
): Studio {
  const { tags, ...created } = task;
  const { need, constraints } = task;
  const lineages = new Map<string, Lineage>();
  const refs: Refs = { session_id: session };
  const of = (label: string): Lineage => {
    const lineage = lineages.get(label);
    if (lineage === undefined) throw new Error(`${session}: no lineage ${label}`);
    return lineage;
  };
  const lineageId = (label: string) => `${session}-${label}`;
  const attemptId = (label: string, cycle: number, input: string) => `${session}-${label}${cycle}-${input}`;
  const artifact = (label: string, cycle: number, input: string) => `${attemptId(label, cycle, input)}-text`;
  const say = (type: string, more: Refs, payload: Record<string, unknown>, pause = minute): EventLine => {
    spool.wait(pause);
    return spool.record(type, { ...refs, ...more }, payload);
  };
  const evolutionId = (label: string) => `${of(label).agent}-v${of(label).version}`;

  spool.wait(begin);
  spool.record('session.created', refs, created);
  return {
    spool,
    artifact,
    lineage: (label, { strategy, name, config }) => {
      const agent = `${session}-agent-${label}`;
      lineages.set(label, { agent, version: 1, config });
      const more = { lineage_id: lineageId(label) };
      say('lineage.created', more, { label, strategy }, minute / 3);
      say('agent.created', { ...more, agent_id: agent }, { version: 1, name, config }, 400);
    },
    cycle: (no, runs, { rollout } = {}) => {
      for (const { input, answers } of runs) {
        for (const [label, answer] of Object.entries(answers)) {
          const { agent, version, config } = of(label);
          spool.wait(900);
          recordAttempt(spool, {
            refs: {
              ...refs,
              lineage_id: lineageId(label),
              agent_id: agent,
              attempt_id: attemptId(label, no, input.key),
            },
            started: {
              agent: { version, ...config },
              input: {
                need,
                constraints,
                test_input: input.text,
                ...documentsOf(answer.documents ?? input.documents),
              },
              model: config.model,
              ...(config.parameters === undefined ? {} : { parameters: config.parameters }),
              cycle: no,
              ...(rollout === undefined ? {} : { rollout_id: rollout }),
            },
            ...(tags === undefined ? {} : { tags }),
            answer,
            artifact: answer.kept === false ? null : artifact(label, no, input.key),
          });
        }
      }
      for (const { input, answers } of runs) {
        for (const [label, { score, comment, kept, says }] of Object.entries(answers)) {
          if (score === undefined) continue;
          if (kept === false || says === undefined)
            throw new Error(`${session}: ${label} ${input.key} is scored but not kept`);
          const payload = { score, ...(comment === undefined ? {} : { comment }), rater: 'sam' };
          say('artifact.scored', { artifact_id: artifact(label, no, input.key) }, payload);
        }
      }
    },
    score: (id, score, comment, rater = 'sam') => {
      say(
        'artifact.scored',
        { artifact_id: id },
        { score, ...(comment === undefined ? {} : { comment }), rater },
      );
    },
    compare: (ranking, comment) => {
      say('artifact.compared', {}, { ranking, comment, rater: 'sam' });
    },
    lock: (label, id, reason) => {
      const payload = { ...(id === undefined ? {} : { artifact_id: id }), reason };
      say('lineage.locked', { lineage_id: lineageId(label) }, payload);
    },
    unlock: (label, reason) => {
      say('lineage.unlocked', { lineage_id: lineageId(label) }, { reason });
    },
    directive: (label, kind, text) => {
      say('directive.added', { lineage_id: lineageId(label) }, { kind, text });
    },
    evolve: (label, { changes, hypothesis, config }) => {
      const lineage = of(label);
      lineage.version += 1;
      lineage.config = { ...lineage.config, ...config };
      say(
        'agent.evolved',
        { lineage_id: lineageId(label), agent_id: lineage.agent },
        {
          evolution_id: evolutionId(label),
          from_version: lineage.version - 1,
          to_version: lineage.version,
          changes,
          hypothesis,
          config: lineage.config,
        },
        2 * minute,
      );
    },
    outcome: (label, delta, validated, comment) => {
      const more = { lineage_id: lineageId(label), agent_id: of(label).agent };
      const payload = { evolution_id: evolutionId(label), score_delta: delta, validated };
      say('evolution.outcome', more, { ...payload, ...(comment === undefined ? {} : { comment }) });
    },
    insight: (id, text, evidence, confidence) => {
      say('insight.discovered', {}, { insight_id: id, text, evidence, confidence });
    },
    applied: (id, target) => {
      say('insight.applied', {}, { insight_id: id, target });
    },
    insightOutcome: (id, effective, delta, comment) => {
      const payload = { insight_id: id, effective, score_delta: delta };
      say('insight.outcome', {}, { ...payload, ...(comment === undefined ? {} : { comment }) });
    },
  };
}

function documentsOf(documents: Input['documents']): Record<string, unknown> {
  return documents === undefined ? {} : { context_documents: documents };
}

type Attempt = {
  readonly refs: Refs;
  readonly started: Readonly<Record<string, unknown>>;
  readonly tags?: readonly string[];
  readonly answer: Answer;
  readonly artifact: string | null;
};

/** An attempt from its start to its end: one llm_call a model turn, and below it what the turn held. */
function recordAttempt(spool: Spool, { refs, started, tags, answer, artifact }: Attempt): void {
  const { thinks, uses = [], says, fails } = answer;
  const begin = spool.now();
  const model = String(started.model);
  const spans: string[] = [];
  const total = { input: 0, output: 0 };
  const span = (payload: Record<string, unknown>, took: number): string => {
    spool.wait(took);
    const id = timedId(0, `${refs.attempt_id} ${spans.length}`).replaceAll('-', '').slice(16);
    spool.record('attempt.span_recorded', refs, { span_id: id, ...payload, duration_ms: took });
    spans.push(id);
    return id;
  };
  const call = (input: unknown, reads: string, writes: string, reason: string): string => {
    const tokens = { input: tokensOf(reads), output: tokensOf(writes) };
    total.input += tokens.input;
    total.output += tokens.output;
    const output = { stop_reason: reason };
    return span(
      { kind: 'llm_call', input, output, tokens, cost_usd: costOf(model, tokens), model },
      350 + tokens.output * 14,
    );
  };
  spool.record('attempt.started', refs, started, tags === undefined ? {} : { tags });
  const prompt = JSON.stringify(started);
  let read = prompt;
  const { need, test_input } = started.input as Readonly<Record<string, unknown>>;
  let turn: unknown = { messages: [{ role: 'user', content: `${need}\n\n${test_input}` }] };
  for (const [index, { tool, input, result, isError = false }] of uses.entries()) {
    const parent = call(turn, read, JSON.stringify(input) + (index === 0 ? (thinks ?? '') : ''), 'tool_use');
    if (index === 0 && thinks !== undefined) {
      span({ parent_span_id: parent, kind: 'reasoning', output: thinks }, 4);
    }
    const asked = span({ parent_span_id: parent, kind: 'tool_call', tool_name: tool, input }, 3);
    span(
      { parent_span_id: asked, kind: 'tool_result', tool_name: tool, output: result, is_error: isError },
      40 + 3 * index,
    );
    read += JSON.stringify([input, result]);
    turn = { messages_before: 2 * index + 3 };
  }
  if (says !== undefined) {
    const text = JSON.stringify(says);
    const alone = uses.length === 0 ? thinks : undefined;
    const parent = call(turn, read, text + (alone ?? ''), fails === undefined ? 'end_turn' : 'error');
    if (alone !== undefined) span({ parent_span_id: parent, kind: 'reasoning', output: alone }, 4);
    if (fails === undefined) span({ parent_span_id: parent, kind: 'output', output: says }, 2);
  }
  if (says === undefined && fails === undefined) return;
  spool.wait(5);
  const figures = { tokens: total, duration_ms: spool.now() - begin, cost_usd: costOf(model, total) };
  if (fails !== undefined) {
    const part = says === undefined ? {} : { partial_output: says };
    spool.record('attempt.failed', refs, { error: fails, ...part, ...figures });
    return;
  }
  spool.record('attempt.completed', refs, { output: says, spans, ...figures });
  if (artifact === null) return;
  spool.wait(12);
  const kind = typeof says === 'string' ? 'text' : 'json';
  spool.record('artifact.created', { ...refs, artifact_id: artifact }, { content: says, kind });
}

// About four characters a token, as English has; the figures need only be believable.
function tokensOf(text: string): number {
  return Math.ceil(text.length / 4);
}

/** US dollars a million tokens, input and output. */
const prices: Readonly<Record<string, readonly [number, number]>> = {
  'claude-opus-4-6': [5, 25],
  'claude-haiku-4-5-20251001': [1, 5],
  'gpt-5.5': [1.25, 10],
};

function costOf(model: string, tokens: { input: number; output: number }): number {
  const [input, output] = prices[model] ?? [0, 0];
  return Math.round(tokens.input * input + tokens.output * output) / 1e6;
}
