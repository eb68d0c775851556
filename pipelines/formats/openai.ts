import { toolsOf } from '../lib/encodings.js';
import type { Loading, Profile } from '../lib/profile.js';

/** JSONL for OpenAI's fine-tuning: nothing but its keys, so rows have no ids and no reasoning. */
export const openai: Profile = {
  name: 'openai',
  describe: 'JSONL of OpenAI fine-tuning; `arguments` as text, `weight` 0 on context, no reasoning, no ids',
  extension: 'jsonl',
  encode: (dataset, columns) => {
    const tools = toolsOf(columns);
    if (dataset === 'sft') return { line: `openai_line(messages, ${tools})` };
    if (dataset === 'preference')
      return { line: `openai_preference_line(prompt, chosen, rejected, ${tools})` };
    return 'OpenAI fine-tuning takes sft and preference';
  },
  snippets: (loading) => [
    {
      trainer: 'OpenAI',
      language: 'python',
      lines: upload(loading),
      note:
        'Longer examples than the model takes are cut there: ' +
        'export with a filter, or count tokens first.',
    },
  ],
};

function upload({ dataset, files }: Loading): string[] {
  const method =
    dataset === 'preference'
      ? ['    method={"type": "dpo", "dpo": {"hyperparameters": {"beta": 0.1}}},']
      : ['    method={"type": "supervised"},'];
  const send = (path: string) => `client.files.create(file=open("${path}", "rb"), purpose="fine-tune").id`;
  const [train = ''] = files.train ?? [];
  const [validation] = files.validation ?? [];
  return [
    'from openai import OpenAI',
    '',
    'client = OpenAI()',
    'client.fine_tuning.jobs.create(',
    '    model="a-model-that-can-be-tuned",',
    `    training_file=${send(train)},`,
    ...(validation === undefined ? [] : [`    validation_file=${send(validation)},`]),
    ...method,
    ')',
  ];
}
