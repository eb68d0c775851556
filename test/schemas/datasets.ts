import { list, type MessageSchemas, object, optionalText, type Schema, text, words } from './messages.js';

/** What differs between encodings beside messages: JSON columns are values in one and text in the others. */
export type Encoding = {
  readonly messages: MessageSchemas;
  readonly json: Schema;
  readonly hasTools: boolean;
};

const bool: Schema = { type: 'boolean' };
const count: Schema = { type: 'integer', minimum: 0 };
const number: Schema = { type: 'number' };
const optional = (type: string): Schema => ({ type: [type, 'null'] });
const hash: Schema = { type: 'string', pattern: '^[0-9a-f]{64}$' };

/** What every dataset ends with. */
const tail = (json: Schema): Readonly<Record<string, Schema>> => ({
  id: { type: 'string', pattern: '^[0-9a-f]{32}$' },
  group_id: words,
  split: { enum: ['train', 'validation', 'test'] },
  session_id: optionalText,
  project: optionalText,
  harness: optionalText,
  teacher_model: optionalText,
  created_at: { type: ['string', 'null'], pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' },
  num_tokens: { type: 'integer', minimum: 0, maximum: 2 ** 31 - 1 },
  content_hash: hash,
  source_events: list(text),
  metadata: json,
});

/** The columns of a dataset, field by field from dataset-contract.md; undefined for one it does not have. */
export function datasetSchema(dataset: string, { messages, json, hasTools }: Encoding): Schema {
  const MSGS = { ...list(messages.any, 1) };
  const prompt = { ...MSGS, lastRole: ['user', 'tool'] };
  const one = { type: 'array', items: messages.assistant, minItems: 1, maxItems: 1 };
  const tools: Record<string, Schema> = hasTools
    ? { tools: { type: ['string', 'null'], pattern: '^\\[[\\s\\S]*\\]$' } }
    : {};
  const columns: Readonly<Record<string, Readonly<Record<string, Schema>>>> = {
    sft: {
      messages: { ...MSGS, lastRole: ['assistant'] },
      ...tools,
      weight: number,
      score: optional('number'),
      outcome: optionalText,
      num_assistant_turns: { type: 'integer', minimum: 1 },
      num_tool_calls: count,
      has_reasoning: bool,
    },
    preference: {
      prompt,
      chosen: one,
      rejected: one,
      ...tools,
      margin: number,
      score_chosen: optional('number'),
      score_rejected: optional('number'),
      score_delta: optional('number'),
      pair_weight: number,
      pair_source: { enum: ['scores', 'comparison', 'lock', 'retry', 'rollback', 'override'] },
      prompt_hash: text,
      chosen_hash: text,
      rejected_hash: text,
    },
    reward: { prompt, completion: one, score: number, score_scale: text, rater: optionalText },
    unpaired: { prompt, completion: one, label: bool, label_source: text },
    stepwise: {
      prompt: words,
      completions: list(words, 1),
      labels: list(bool, 1),
      step_ids: list(text, 1),
    },
    chain_of_thought: {
      messages: { ...MSGS, lastRole: ['assistant'] },
      spans: json,
      num_tool_calls: count,
    },
    router: {
      prompt,
      candidates: list(text),
      logged_action: words,
      reward: { enum: [1, 0.55, 0, -0.2, null] },
      overridden: bool,
      override_action: optionalText,
      time_to_resolution_ms: { type: ['integer', 'null'], minimum: 0 },
      history: json,
    },
    qa_documents: {
      text: { type: 'string', pattern: '^Question: [\\s\\S]*\\n\\nAnswer: ' },
      question: words,
      answer: words,
      qa_id: text,
      source_path: text,
      source_offset: count,
      ts_ms: { type: ['integer', 'null'], minimum: 0 },
      question_hash: text,
      answer_hash: text,
    },
  };
  const own = columns[dataset];
  if (own === undefined) throw new Error(`the contract has no dataset ${dataset}`);
  const sameLength = dataset === 'stepwise' ? { sameLength: ['completions', 'labels', 'step_ids'] } : {};
  return { ...object({ ...own, ...tail(json) }), ...sameLength };
}
