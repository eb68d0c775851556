import { conversations, refusalSql, textColumns, untrained } from '../lib/encodings.js';
import type { EncodedColumn, Loading, Profile } from '../lib/profile.js';

/** verl: `text` messages to imitate, and prompts with a known answer for reinforcement learning. */
export const verl: Profile = {
  name: 'verl',
  describe:
    'Parquet; sft as `text`, router as `data_source`, `prompt`, `ability`, `reward_model`, `extra_info`',
  extension: 'parquet',
  encode: (dataset, columns) => {
    if (conversations.includes(dataset))
      return { columns: textColumns(columns), refusal: refusalSql(untrained) };
    if (dataset === 'router')
      return {
        columns: routerColumns,
        refusal: refusalSql({ 'no action is known to be right': `${rightAction} is null` }),
      };
    return `verl takes ${conversations.join(' and ')} to imitate, and router for rewards`;
  },
  snippets: (loading) => [
    {
      trainer: 'verl',
      language: 'bash',
      lines: loading.dataset === 'router' ? reinforce(loading) : imitate(loading),
      ...(loading.dataset === 'router'
        ? { note: 'The reward function compares the answer with `ground_truth`; write it as `reward.py`.' }
        : {}),
    },
  ],
};

// The override is what somebody wanted instead; without one only a success tells that the logged action was right.
const rightAction = 'coalesce(override_action, case when reward = 1 then logged_action end)';

const routerColumns: readonly EncodedColumn[] = [
  { name: 'data_source', sql: `'tracemill/router'`, text: 'Names the reward function.' },
  { name: 'prompt', sql: 'text_messages(prompt, null)', text: 'The request to route, as role and content.' },
  { name: 'ability', sql: `'routing'`, text: 'What is asked for.' },
  {
    name: 'reward_model',
    sql: `{'style': 'rule', 'ground_truth': ${rightAction}}`,
    text: 'The action that is right: the override, or what was logged where it succeeded.',
  },
  {
    name: 'extra_info',
    sql: `{'index': place::integer, 'split': split, 'id': id, 'group_id': group_id, 'session_id': session_id,
      'candidates': candidates, 'logged_action': logged_action, 'reward': reward, 'overridden': overridden,
      'history': history::varchar}`,
    text: 'What else is known of the decision, and the row it comes from.',
  },
];

function imitate({ files, maxLength }: Loading): string[] {
  return [
    'torchrun --standalone --nproc_per_node=1 -m verl.trainer.fsdp_sft_trainer \\',
    `    data.train_files=${list(files.train)} \\`,
    `    data.val_files=${list(files.validation ?? files.train)} \\`,
    '    data.multiturn.enable=true data.multiturn.messages_key=messages \\',
    `    data.max_length=${maxLength} data.truncation=right \\`,
    '    model.partial_pretrain=path/to/a/chat/model',
  ];
}

function reinforce({ files, maxLength }: Loading): string[] {
  return [
    'python -m verl.trainer.main_ppo algorithm.adv_estimator=grpo \\',
    `    data.train_files=${list(files.train)} \\`,
    `    data.val_files=${list(files.validation ?? files.train)} \\`,
    `    data.max_prompt_length=${maxLength} data.max_response_length=64 \\`,
    '    custom_reward_function.path=reward.py \\',
    '    actor_rollout_ref.model.path=path/to/a/chat/model',
  ];
}

function list(files: readonly string[] = []): string {
  return `"[${files.join(',')}]"`;
}
