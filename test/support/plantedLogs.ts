import { type Config, readConfig } from '../../pipelines/config.js';
import { makeLogs, type TestLogs } from './logs.js';

// Put together here, so that no scanner takes this file for a leak.
const token = (place: string) => `gh${'p_'}${place.padEnd(36, 'k7Qz2LmX9vB4nRt8')}`;
export const places = [
  'Prompt',
  'Answer',
  'Thought',
  'Argument',
  'Result',
  'Title',
  'Queue',
  'Glued',
  'CodexPrompt',
]
  .concat('CodexCall', 'CodexOutput', 'CodexBare', 'Payload', 'Tag', 'Seq', 'Branch')
  .map((place) => [place, token(place)] as const);
const secret = Object.fromEntries(places);
const privateKey = [
  '-----BEGIN RSA PRIVATE',
  ' KEY-----\n',
  'MIIEow'.repeat(8),
  '\n',
  'x9/Q'.repeat(12),
  '\n-----END RSA PRIVATE',
  ' KEY-----',
].join('');
export const person = 'mirabelle';

const session = '5a1e0b00-0000-4000-8000-000000000001';
const user = (uuid: string, second: number, content: unknown) => ({
  type: 'user',
  uuid,
  sessionId: session,
  version: '2.1.47',
  cwd: `/home/${person}/shop`,
  isSidechain: false,
  gitBranch: `fix-${secret.Branch}`,
  timestamp: `2026-02-20T09:00:0${second}.000Z`,
  message: { role: 'user', content },
});
const assistant = (uuid: string, second: number, block: object) => ({
  ...user(uuid, second, null),
  type: 'assistant',
  message: {
    id: `m${uuid}`,
    role: 'assistant',
    model: 'claude-x',
    content: [block],
    usage: { input_tokens: 7, output_tokens: 5 },
  },
});
const claude = [
  user(
    'u1',
    0,
    `Use ${secret.Prompt} and write to ada.byron@lovelace.example.org.\nMy home is /home/${person}.`,
  ),
  assistant('u2', 1, { type: 'thinking', thinking: `The token is ${secret.Thought}.`, signature: 's' }),
  assistant('u3', 2, {
    type: 'tool_use',
    id: 't1',
    name: 'Bash',
    input: {
      a: {
        b: {
          command: JSON.stringify({ env: `T=${secret.Argument}`, owner: person, at: `/Users/${person}/x` }),
        },
      },
    },
  }),
  user('u4', 3, [
    {
      type: 'tool_result',
      tool_use_id: 't1',
      content: `ok\n${privateKey}\nGITHUB_TOKEN=${secret.Result}\nend\n`,
    },
  ]),
  assistant('u5', 4, { type: 'text', text: `Done with ${secret.Answer}` }),
  { type: 'custom-title', customTitle: `Shop ${secret.Title}`, sessionId: session },
  {
    type: 'queue-operation',
    operation: 'enqueue',
    content: `and ${secret.Queue}`,
    sessionId: session,
    timestamp: '2026-02-20T09:00:05.000Z',
  },
];
const glued = [user('u6', 6, `Then ${secret.Glued}`), assistant('u7', 7, { type: 'text', text: 'Fine.' })];
const item = (at: string, type: string, payload: object) => ({
  timestamp: `2026-02-20T10:00:${at}Z`,
  type,
  payload,
});
const thread = '019f7ec0-ea80-7eb2-a300-c68e70cd7332';
const neighbour = 'bartholomew';
const homeAndName = (verb: string) => [
  `${verb} /home/${neighbour}/notes first.`,
  `${verb} ${neighbour} then.`,
];
const codex = [
  item('00.000', 'session_meta', {
    id: thread,
    cwd: `/home/${person}/shop`,
    originator: 'codex_cli_rs',
    cli_version: '0.104.0',
    source: 'cli',
  }),
  item('01.000', 'event_msg', { type: 'task_started', turn_id: 't' }),
  item('01.100', 'response_item', {
    type: 'message',
    role: 'user',
    content: [{ type: 'input_text', text: `Deploy with ${secret.CodexPrompt}` }],
  }),
  item('01.200', 'event_msg', { type: 'user_message', message: `Deploy with ${secret.CodexPrompt}` }),
  item('02.000', 'response_item', {
    type: 'function_call',
    call_id: 'c1',
    name: 'shell',
    arguments: JSON.stringify({ command: ['sh', '-c', `X=${secret.CodexCall} true`] }),
  }),
  item('03.000', 'response_item', {
    type: 'function_call_output',
    call_id: 'c1',
    output: JSON.stringify({ output: `key ${secret.CodexOutput}\n`, metadata: { exit_code: 0 } }),
  }),
  item('04.000', 'response_item', {
    type: 'message',
    role: 'assistant',
    content: [{ type: 'output_text', text: 'Deployed.' }],
  }),
  item('05.000', 'event_msg', { type: 'task_complete', turn_id: 't', last_agent_message: 'Deployed.' }),
  // Told twice, in parts and as a whole: a name is known by the home beside it, so the two are redacted otherwise.
  item('06.000', 'event_msg', { type: 'task_started', turn_id: 't2' }),
  item('06.100', 'response_item', {
    type: 'message',
    role: 'user',
    content: homeAndName('Ask').map((text) => ({ type: 'input_text', text })),
  }),
  item('06.200', 'event_msg', { type: 'user_message', message: homeAndName('Ask').join('\n') }),
  item('07.000', 'response_item', {
    type: 'reasoning',
    summary: homeAndName('Think of').map((text) => ({ type: 'summary_text', text })),
  }),
  ...homeAndName('Think of').map((text) => item('07.100', 'event_msg', { type: 'agent_reasoning', text })),
  item('08.000', 'response_item', {
    type: 'message',
    role: 'assistant',
    content: homeAndName('Tell').map((text) => ({ type: 'output_text', text })),
  }),
  item('08.100', 'event_msg', { type: 'agent_message', message: homeAndName('Tell').join('\n') }),
  item('09.000', 'event_msg', { type: 'task_complete', turn_id: 't2' }),
];
const bare = [
  { id: '019f7ec0-ea80-7eb2-a300-c68e70cd7333', timestamp: '2026-02-20T11:00:00.000Z', instructions: null },
  { type: 'message', role: 'user', content: [{ type: 'input_text', text: `Read ${secret.CodexBare}` }] },
  { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Read.' }] },
];
const event = {
  id: 'e1',
  timestamp: '2026-02-20T12:00:00.000Z',
  event_type: 'artifact.created',
  schema_version: 1,
  session_id: 's1',
  artifact_id: 'a1',
  tags: [`t-${secret.Tag}`],
  payload: { content: { deep: [{ note: `use ${secret.Payload}` }] }, kind: 'text' },
};
const seq = {
  ts_ms: 1771588800000,
  dur_us: 1,
  ok: true,
  session_id: 's2',
  event_id: 'q1',
  name: 'note.kept',
  subject: JSON.stringify({ text: `kept ${secret.Seq}` }),
};
const lines = (records: readonly object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('');

/** Every word that must stand in raw and nowhere else. */
export const plantedWords: readonly string[] = [
  ...places.map(([, value]) => value),
  privateKey.split('\n')[1] ?? '',
  'ada.byron',
  person,
];

/** Logs of all four sources with a secret in every kind of place; `config` is that of a lake named in its data folder. */
export async function makePlantedLogs(): Promise<
  TestLogs & { configOf: (data: string, environment?: Record<string, string>) => Config }
> {
  const logs = await makeLogs();
  await logs.write(
    `claude/projects/-home-${person}-shop/${session}.jsonl`,
    `${lines(claude)}${glued.map((record) => JSON.stringify(record)).join('')}\n{"broken": "${secret.Prompt}\n`,
  );
  await logs.write(`codex/sessions/2026/02/20/rollout-2026-02-20T10-00-00-${thread}.jsonl`, lines(codex));
  await logs.write(
    'codex/sessions/2026/02/20/rollout-2026-02-20T11-00-00-019f7ec0-ea80-7eb2-a300-c68e70cd7333.jsonl',
    lines(bare),
  );
  await logs.write('spool/a.jsonl', lines([event]));
  await logs.write('seq_mem.jsonl', lines([seq]));
  const configOf = (data: string, environment: Record<string, string> = {}) =>
    readConfig({
      TRACEMILL_DATA: logs.at(data),
      CLAUDE_CONFIG_DIR: logs.at('claude'),
      CODEX_HOME: logs.at('codex'),
      TRACEMILL_SPOOL: logs.at('spool'),
      TRACEMILL_SEQ_MEM: logs.at('seq_mem.jsonl'),
      TRACEMILL_SETTLE: '0',
      ...environment,
    });
  return { ...logs, configOf };
}
