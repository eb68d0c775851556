import type { Loading, Snippet } from './profile.js';

/** Commands that train with OpenRLHF 0.11 on the canonical Parquet; none where it has no trainer for a dataset. */
export function openrlhfSnippets({ dataset, files, maxLength }: Loading): Snippet[] {
  const [train = ''] = files.train ?? [];
  const command = (module: string, keys: readonly string[], note?: string): Snippet => ({
    trainer: 'OpenRLHF',
    language: 'bash',
    lines: [
      `deepspeed --module openrlhf.cli.${module} \\`,
      `    --data.dataset path/to/this/folder/${train} \\`,
      ...keys.map((key) => `    --data.${key} \\`),
      `    --data.apply_chat_template --data.max_len ${maxLength} \\`,
      '    --model.model_name_or_path path/to/a/chat/model --ckpt.output_dir ./checkpoint',
    ],
    ...(note === undefined ? {} : { note }),
  });
  const pair = ['prompt_key prompt', 'chosen_key chosen', 'rejected_key rejected'];
  if (dataset === 'sft' || dataset === 'chain_of_thought')
    return [command('train_sft', ['input_key messages', 'multiturn'])];
  if (dataset === 'preference')
    return [
      command('train_dpo', pair),
      command('train_rm', pair, 'The reward model takes `margin` from the row.'),
    ];
  return [];
}
