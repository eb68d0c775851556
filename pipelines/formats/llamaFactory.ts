import { conversations, refusalSql, textColumns, toolsOf, untrained } from '../lib/encodings.js';
import type { Column } from '../lib/manifest.js';
import type { Encoding, Loading, Profile } from '../lib/profile.js';

/** `text` Parquet and the `dataset_info.json` that LLaMA-Factory looks its datasets up in. */
export const llamaFactory: Profile = {
  name: 'llama-factory',
  describe: 'Parquet as `text`, and `dataset_info.json`; pairs as single messages, `label` a bool',
  extension: 'parquet',
  encode,
  snippets: (loading) => [
    {
      trainer: 'LLaMA-Factory',
      language: 'yaml',
      lines: [
        'dataset_dir: path/to/this/folder',
        `dataset: ${names(loading, 'train').join(',')}`,
        ...(loading.files.validation === undefined
          ? []
          : [`eval_dataset: ${names(loading, 'validation').join(',')}`]),
        `stage: ${stages[loading.dataset]}`,
        `cutoff_len: ${loading.maxLength}`,
      ],
    },
  ],
  extras: (loadings) => ({ 'dataset_info.json': `${JSON.stringify(datasetInfo(loadings), null, 2)}\n` }),
};

const stages: Readonly<Record<string, string>> = {
  sft: 'sft',
  chain_of_thought: 'sft',
  preference: 'dpo',
  unpaired: 'kto',
  qa_documents: 'pt',
};

// It skips, with a warning nobody counts, what does not alternate: so that is refused here.
const alternate = 'user and assistant do not alternate';

function encode(dataset: string, columns: readonly Column[]): Encoding | string {
  const text = textColumns(columns);
  if (conversations.includes(dataset))
    return {
      columns: text,
      refusal: refusalSql({ ...untrained, [alternate]: 'not is_dialogue(messages)' }),
    };
  if (dataset === 'preference')
    return {
      columns: text.map(({ name, sql }) => ({
        name,
        sql: name === 'chosen' || name === 'rejected' ? `${sql}[1]` : sql,
      })),
      refusal: refusalSql({ [alternate]: 'not is_open_dialogue(prompt)' }),
    };
  if (dataset === 'unpaired') {
    const whole = 'list_concat(prompt, completion)';
    return {
      columns: [
        {
          name: 'messages',
          sql: `text_messages(${whole}, ${toolsOf(columns)})`,
          text: 'Prompt and completion.',
        },
        ...text.filter(({ name }) => name !== 'prompt' && name !== 'completion'),
      ],
      refusal: refusalSql({ [alternate]: `not is_dialogue(${whole})` }),
    };
  }
  if (dataset === 'qa_documents') return { columns: text };
  return `LLaMA-Factory has a stage for ${Object.keys(stages).join(', ')}`;
}

/** One entry a file: a folder would mix the splits. */
function datasetInfo(loadings: readonly Loading[]): Record<string, object> {
  const entries = loadings.flatMap((loading) =>
    Object.entries(loading.files).flatMap(([split, files]) =>
      names(loading, split).map((name, index) => [name, entry(loading.dataset, files[index] ?? '')]),
    ),
  );
  return Object.fromEntries(entries);
}

function entry(dataset: string, file: string): object {
  if (dataset === 'qa_documents') return { file_name: file, columns: { prompt: 'text' } };
  const columns: Readonly<Record<string, object>> = {
    preference: { messages: 'prompt', chosen: 'chosen', rejected: 'rejected' },
    unpaired: { messages: 'messages', kto_tag: 'label' },
  };
  return {
    file_name: file,
    formatting: 'sharegpt',
    ...(dataset === 'preference' ? { ranking: true } : {}),
    columns: columns[dataset] ?? { messages: 'messages' },
    tags: {
      role_tag: 'role',
      content_tag: 'content',
      user_tag: 'user',
      assistant_tag: 'assistant',
      system_tag: 'system',
    },
  };
}

function names({ dataset, files }: Loading, split: string): string[] {
  const own = files[split] ?? [];
  return own.map((_, index) => [dataset, split, ...(own.length > 1 ? [index] : [])].join('_'));
}
