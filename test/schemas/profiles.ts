import { Ajv, type ValidateFunction } from 'ajv';
import { datasetSchema } from './datasets.js';
import {
  canonical,
  list,
  object,
  openai,
  openaiPrompt,
  optionalText,
  plain,
  type Schema,
  text,
  wire,
  words,
} from './messages.js';

const jsonValue: Schema = { type: ['object', 'array'] };
const jsonText: Schema = { type: 'string', pattern: '^[[{]' };
const json = { messages: canonical, json: jsonValue, hasTools: true };
const wired = { messages: wire, json: jsonText, hasTools: true };
const texts = { messages: plain, json: jsonText, hasTools: false };

const every = [
  'sft',
  'preference',
  'reward',
  'unpaired',
  'stepwise',
  'chain_of_thought',
  'router',
  'qa_documents',
];
const of = (datasets: readonly string[], make: (dataset: string) => Schema) =>
  Object.fromEntries(datasets.map((dataset) => [dataset, make(dataset)]));

/** The rows of each profile's datasets as JSON schemas, and so which datasets it carries. */
export const profileSchemas: Readonly<Record<string, Readonly<Record<string, Schema>>>> = {
  trl: of(every, (dataset) => datasetSchema(dataset, json)),
  axolotl: of(['sft', 'preference', 'stepwise', 'chain_of_thought', 'qa_documents'], (dataset) =>
    datasetSchema(dataset, json),
  ),
  wire: of(every, (dataset) => datasetSchema(dataset, wired)),
  text: of(every, (dataset) => datasetSchema(dataset, texts)),
  openai: {
    sft: object(
      { messages: { ...list(openai.any, 1), lastRole: ['assistant'] }, tools: list(jsonValue, 1) },
      ['tools'],
    ),
    preference: object({
      input: object(
        { messages: { ...list(openaiPrompt, 1), lastRole: ['user', 'tool'] }, tools: list(jsonValue, 1) },
        ['tools'],
      ),
      preferred_output: { ...list(openai.assistant, 1), maxItems: 1 },
      non_preferred_output: { ...list(openai.assistant, 1), maxItems: 1 },
    }),
  },
  sharegpt: of(['sft', 'chain_of_thought'], () =>
    object({
      id: words,
      conversations: {
        ...list(object({ from: { enum: ['system', 'human', 'gpt'] }, value: text }), 2),
        alternates: true,
      },
    }),
  ),
  'llama-factory': {
    ...of(['sft', 'chain_of_thought', 'qa_documents'], (dataset) => datasetSchema(dataset, texts)),
    preference: withProperties(datasetSchema('preference', texts), {
      chosen: plain.assistant,
      rejected: plain.assistant,
    }),
    unpaired: withProperties(
      datasetSchema('unpaired', texts),
      { messages: { ...list(plain.any, 2), lastRole: ['assistant'] } },
      ['prompt', 'completion'],
    ),
  },
  verl: {
    ...of(['sft', 'chain_of_thought'], (dataset) => datasetSchema(dataset, texts)),
    router: object({
      data_source: words,
      prompt: { ...list(plain.any, 1), lastRole: ['user'] },
      ability: words,
      reward_model: object({ style: { const: 'rule' }, ground_truth: words }),
      extra_info: object({
        index: { type: 'integer' },
        split: { enum: ['train', 'validation', 'test'] },
        id: words,
        group_id: words,
        session_id: optionalText,
        candidates: list(text),
        logged_action: words,
        reward: { type: ['number', 'null'] },
        overridden: { type: 'boolean' },
        history: jsonText,
      }),
    }),
  },
};

/** A schema with some properties put in place of others. */
function withProperties(
  schema: Schema,
  more: Readonly<Record<string, Schema>>,
  without: readonly string[] = [],
): Schema {
  const properties = { ...(schema.properties as Record<string, Schema>), ...more };
  const kept = Object.entries(properties).filter(([name]) => !without.includes(name));
  return { ...schema, ...object(Object.fromEntries(kept)) };
}

type Turn = { readonly role?: string; readonly from?: string };

/** The checker of a schema; what JSON Schema cannot say (the last role, turns that alternate, equal lengths) are keywords. */
export function checkerOf(schema: Schema): ValidateFunction {
  const ajv = new Ajv({
    allErrors: false,
    allowUnionTypes: true,
    strict: true,
    strictTypes: false,
    strictRequired: false,
  });
  ajv.addKeyword({
    keyword: 'lastRole',
    validate: (roles: readonly string[], turns: readonly Turn[]) => roles.includes(turns.at(-1)?.role ?? ''),
  });
  ajv.addKeyword({
    keyword: 'alternates',
    validate: (_: boolean, turns: readonly Turn[]) => {
      const own = turns[0]?.from === 'system' ? turns.slice(1) : turns;
      return (
        own.length % 2 === 0 && own.every(({ from }, index) => from === (index % 2 === 0 ? 'human' : 'gpt'))
      );
    },
  });
  ajv.addKeyword({
    keyword: 'sameLength',
    validate: (names: readonly string[], row: Record<string, readonly unknown[]>) =>
      new Set(names.map((name) => row[name]?.length)).size === 1,
  });
  return ajv.compile(schema);
}
