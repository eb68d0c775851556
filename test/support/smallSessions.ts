/** Session id of the Claude log. */
export const session = '5a1e0b00-0000-4000-8000-000000000001';
/** Session id of the Codex log. */
export const thread = '019f7ec0-ea80-7eb2-a300-c68e70cd7332';

const common = {
  sessionId: session,
  version: '2.1.47',
  cwd: '/home/mia/bees',
  isSidechain: false,
  userType: 'external',
};
const user = (uuid: string, second: number, content: unknown, more: object = {}) => ({
  ...common,
  type: 'user',
  uuid,
  timestamp: `2026-02-20T09:00:0${second}.000Z`,
  message: { role: 'user', content },
  ...more,
});
const assistant = (uuid: string, second: number, id: string, block: object) => ({
  ...common,
  type: 'assistant',
  uuid,
  timestamp: `2026-02-20T09:00:0${second}.000Z`,
  message: {
    id,
    role: 'assistant',
    model: 'claude-x',
    content: [block],
    usage: { input_tokens: 7, output_tokens: 5 },
  },
});
/** Output of a tool with control characters, escapes and characters beyond U+FFFF. */
export const coloured = '\u001b[1mdone\u001b[0m \\u001F "é" 😀\n';

/** An answered turn with reasoning, a call and its failed result; an interrupted turn; a turn that just began. */
export const claude = {
  [`-home-mia-bees/${session}.jsonl`]: [
    user('u1', 0, 'Count the hives.'),
    assistant('u2', 1, 'm1', { type: 'thinking', thinking: 'Look first.', signature: 's' }),
    assistant('u3', 2, 'm1', {
      type: 'tool_use',
      id: 't1',
      name: 'Bash',
      input: { command: 'ls', all: [1, 2] },
    }),
    user('u4', 3, [{ type: 'tool_result', tool_use_id: 't1', content: coloured, is_error: true }]),
    assistant('u5', 4, 'm2', { type: 'text', text: 'Twelve hives.' }),
    user('u6', 5, 'And the bees?'),
    assistant('u7', 6, 'm3', { type: 'text', text: 'I will' }),
    user('u8', 7, [{ type: 'text', text: '[Request interrupted by user]' }]),
    user('u9', 8, 'Forget it.'),
  ].map((record, index, all) => ({ ...record, parentUuid: index === 0 ? null : all[index - 1]?.uuid })),
};

const item = (at: string, type: string, payload: object) => ({
  timestamp: `2026-07-20T09:00:${at}Z`,
  type,
  payload,
});

const meta = {
  id: thread,
  cwd: '/home/noor/moss',
  originator: 'codex-tui',
  cli_version: '0.144.0',
  source: 'cli',
};
/** One answered turn of an agent with instructions and tools of its own. */
export const codex = {
  [`2026/07/20/rollout-2026-07-20T09-00-00-${thread}.jsonl`]: [
    item('00.400', 'session_meta', {
      ...meta,
      base_instructions: { text: 'You are Codex.' },
      dynamic_tools: [{ namespace: 'app', name: 'open' }, { name: 'shut' }],
    }),
    item('00.400', 'event_msg', { type: 'task_started', turn_id: 'k1' }),
    item('00.400', 'turn_context', {
      turn_id: 'k1',
      cwd: '/home/noor/moss',
      approval_policy: 'never',
      model: 'gpt-x',
    }),
    item('00.418', 'response_item', {
      type: 'message',
      role: 'user',
      content: [{ type: 'input_text', text: 'which moss likes shade?' }],
    }),
    item('00.418', 'event_msg', { type: 'user_message', message: 'which moss likes shade?' }),
    item('03.818', 'event_msg', { type: 'agent_message', message: 'Cushion moss.', phase: 'final_answer' }),
    item('03.818', 'response_item', {
      type: 'message',
      role: 'assistant',
      content: [{ type: 'output_text', text: 'Cushion moss.' }],
      phase: 'final_answer',
    }),
    item('03.824', 'event_msg', {
      type: 'task_complete',
      turn_id: 'k1',
      last_agent_message: 'Cushion moss.',
    }),
  ],
};
