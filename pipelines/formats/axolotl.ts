import { canonicalColumns, conversations, refusalSql } from '../lib/encodings.js';
import type { Loading, Profile } from '../lib/profile.js';

/** Canonical Parquet, and beside each dataset the YAML that tells Axolotl how to read it. */
export const axolotl: Profile = {
  name: 'axolotl',
  describe: 'Parquet, messages as `LIST<JSON>`, and an `axolotl.yaml` a dataset',
  extension: 'parquet',
  encode: (dataset, columns) => {
    if (types[dataset] === undefined) return `Axolotl has a strategy for ${Object.keys(types).join(', ')}`;
    if (dataset !== 'preference') return { columns: canonicalColumns(columns) };
    return {
      columns: canonicalColumns(columns),
      // Its DPO strategy takes role and content of each message and nothing else (0.18).
      refusal: refusalSql({
        'a tool call, which the DPO of Axolotl does not read':
          'calls_tools(prompt) or calls_tools(chosen) or calls_tools(rejected)',
      }),
    };
  },
  snippets: (loading) => [
    {
      trainer: 'Axolotl',
      language: 'yaml',
      lines: yaml(loading),
      note: `The same stands in \`${loading.dataset}/axolotl.yaml\`; paths are relative to this folder.`,
    },
  ],
  extras: (loadings) =>
    Object.fromEntries(
      loadings.map((loading) => [`${loading.dataset}/axolotl.yaml`, `${yaml(loading).join('\n')}\n`]),
    ),
};

const chat = [
  'type: chat_template',
  'field_messages: messages',
  'message_field_training: train',
  'roles_to_train: [assistant]',
  'train_on_eos: turn',
];

/** How each dataset is read, and what the rest of the configuration must say. */
const types: Readonly<Record<string, { type: readonly string[]; more?: readonly string[] }>> = {
  sft: { type: [...chat, 'field_tools: tools'] },
  chain_of_thought: { type: chat },
  preference: {
    type: [
      'type: chat_template.default',
      'field_messages: prompt',
      'field_chosen: chosen',
      'field_rejected: rejected',
    ],
    more: ['rl: dpo'],
  },
  stepwise: {
    type: ['type: stepwise_supervised', 'step_separator: "\\n"'],
    more: ['process_reward_model: true', 'model_type: AutoModelForTokenClassification', 'num_labels: 2'],
  },
  qa_documents: { type: ['type: completion', 'field: text'] },
};

function yaml({ dataset, files, maxLength }: Loading): string[] {
  const { type = [], more = [] } = types[dataset] ?? {};
  const entries = (paths: readonly string[] = []) =>
    paths.flatMap((path) => [
      `  - path: ${path}`,
      '    ds_type: parquet',
      '    split: train',
      ...type.map((line) => `    ${line}`),
    ]);
  return [
    'datasets:',
    ...entries(files.train),
    ...(files.validation === undefined ? [] : ['test_datasets:', ...entries(files.validation)]),
    ...more,
    ...(conversations.includes(dataset) || dataset === 'preference'
      ? ['chat_template: tokenizer_default']
      : []),
    `sequence_len: ${maxLength}`,
  ];
}
