import type { Comparison } from './parity.js';

const notFolded = 'no set of ClickHouse reads it, so it is not folded there';
const notLoaded = 'the tables that are loaded do not have it';
const recorded = `origin <> 'log'`;

/** The models that are folded from recorded events; of those that session logs tell too, the recorded rows. */
export const recordedComparisons: readonly Comparison[] = [
  { model: 'recorded_events', table: 'events.recorded_events', leftOut: { file_key: notLoaded } },
  { model: 'facts', table: 'events.facts' },
  { model: 'execution_spans', table: 'events.execution_spans', where: recorded },
  {
    model: 'attempt_events',
    table: 'events.attempt_events',
    where: recorded,
    leftOut: {
      system_prompt_hash: notFolded,
      tools_hash: notFolded,
      flow_hash: notFolded,
      need_hash: notFolded,
      cost_usd: notFolded,
    },
  },
  {
    model: 'agent_definitions',
    table: 'events.agent_definitions',
    where: recorded,
    leftOut: { system_prompt_hash: notFolded, tools_hash: notFolded, flow_hash: notFolded },
  },
  {
    model: 'attempts',
    table: 'events.attempts',
    where: recorded,
    leftOut: { need_hash: notFolded, cost_usd: notFolded },
  },
  { model: 'artifacts', table: 'events.artifacts' },
  { model: 'evaluations', table: 'events.evaluations' },
  {
    model: 'lineages',
    table: 'events.lineages',
    leftOut: { sticky_directives: notFolded, oneshot_directives: notFolded },
  },
  {
    model: 'answers',
    table: 'events.answers',
    leftOut: {
      spans: 'they stand in answer_spans, a row each',
      span_count: notFolded,
      has_reasoning: notFolded,
    },
  },
  {
    model: 'answer_conversations',
    table: 'events.answer_conversations',
    leftOut: { spans: 'the tree of spans is for chain_of_thought, which ClickHouse does not make' },
  },
  { model: 'answer_orders', table: 'events.answer_orders' },
  { model: 'answer_pairs', table: 'events.answer_pairs' },
  { model: 'override_pairs', table: 'events.override_pairs' },
  { model: 'reward', table: 'datasets.reward' },
  { model: 'preference', table: 'datasets.preference' },
];
