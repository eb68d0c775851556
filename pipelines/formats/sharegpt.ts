import { conversations, refusalSql, toolsOf, untrained } from '../lib/encodings.js';
import type { Profile } from '../lib/profile.js';

/** ShareGPT's JSONL: `from` and `value`, human and gpt in turn; tools, calls and results are text as in `text`. */
export const sharegpt: Profile = {
  name: 'sharegpt',
  describe: 'JSONL, `conversations` of `from` and `value`, human and gpt in turn; tools as Hermes text',
  extension: 'jsonl',
  encode: (dataset, columns) =>
    conversations.includes(dataset)
      ? {
          line: `sharegpt_line(id, messages, ${toolsOf(columns)})`,
          refusal: refusalSql({
            ...untrained,
            'human and gpt do not alternate': 'not is_dialogue(messages)',
          }),
        }
      : `ShareGPT has a place for ${conversations.join(' and ')} alone`,
  snippets: ({ dataset, files, maxLength }) => [
    {
      trainer: 'Axolotl',
      language: 'yaml',
      lines: [
        'datasets:',
        ...(files.train ?? []).flatMap((path) => [
          `  - path: path/to/this/folder/${path}`,
          '    ds_type: json',
          '    type: chat_template',
          '    field_messages: conversations',
          '    message_property_mappings: {role: from, content: value}',
        ]),
        `sequence_len: ${maxLength}  # ${dataset}`,
      ],
    },
  ],
};
