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

/** The models of sql/clickhouse/models that stand for tables of the lake. */
export const allComparisons: readonly Comparison[] = [
  { model: 'turns', table: 'core.turns' },
  { model: 'messages', table: 'core.messages' },
  { model: 'judged_messages', table: 'core.judged_messages' },
  { model: 'answer_twins', table: 'core.answer_twins' },
  { model: 'pair_hashes', table: 'core.pair_hashes' },
  { model: 'pair_duplicates', table: 'core.pair_duplicates' },
  { model: 'signatures', table: 'duplicates.signatures' },
  { model: 'near_duplicates', table: 'duplicates.near_duplicates' },
  { model: 'qa_pairs', table: 'core.qa_pairs' },
  { model: 'sft', table: 'datasets.sft' },
  ...recordedComparisons,
  {
    model: 'training_examples',
    table: 'datasets.training_examples',
    where: `dataset in ('sft', 'preference', 'reward')`,
  },
];
