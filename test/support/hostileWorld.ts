import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';

/** What somebody or something may call a file, a session, a project, an agent, a tag or a tool. */
const fixed = [
  `it's "quoted" \`ticks\` \\back\\`,
  `'; drop table steps; --`,
  `"; select 1 --`,
  '..',
  '-rf --json',
  '--help=*',
  'glob*?[a-z]{1,2}!(x)',
  'a=b&day=2020-01-01',
  '%2e%2e%2f %s $HOME $(id) `id`',
  'new\nline\r\ttab',
  '\u001b[31mred\u0007\u0001',
  'ünï😀 \u202eright to left\u2028line',
  '{"json": [1]} <tag> {{x}}',
  'x'.repeat(120),
] as const;

/** One thing with a name: it stands in every place that a name can stand in. */
export type Hostile = {
  readonly number: number;
  readonly name: string;
  /** Claude's and Codex's session id, and the recorded session's. */
  readonly claude: string;
  readonly codex: string;
  readonly session: string;
  readonly claudePath: string;
  readonly codexPath: string;
  readonly eventsPath: string;
  readonly project: string;
  readonly tool: string;
  readonly lineage: string;
  readonly agent: string;
  readonly artifact: string;
  readonly attempt: string;
  readonly tag: string;
  readonly event: string;
};

/** Every fixed name and some from a seed. */
export function hostileNames(seed: number, generated = 4): Hostile[] {
  const unit = fc.oneof(
    fc.constantFrom(
      "'",
      '"',
      '\\',
      '\n',
      ' ',
      '*',
      '..',
      '-',
      ';',
      '$',
      '%',
      '#',
      '\u0001',
      '\u007f',
      'é',
      '𝄞',
    ),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
  );
  const texts = fc.sample(
    fc.array(unit, { minLength: 1, maxLength: 24 }).map((parts) => parts.join('')),
    {
      seed,
      numRuns: generated,
    },
  );
  return [...fixed, ...texts.map((text) => text.replaceAll('\0', ''))].map(hostileOf);
}

function hostileOf(name: string, number: number): Hostile {
  const file = name.replaceAll('/', '∕');
  // The longest name that a file may have, in bytes.
  const padded = (end: string, begin = '') =>
    begin +
    fit(`${number}${number === fixed.length - 1 ? 'é'.repeat(200) : file}`, 255 - begin.length - end.length) +
    end;
  const of = (kind: string) => `${kind}-${number}-${name}`;
  return {
    number,
    name,
    claude: of('claude'),
    codex: of('codex'),
    session: of('session'),
    claudePath: `${fit(`${file}-${number}`, 255)}/${padded('.jsonl')}`,
    codexPath: `2026/07/20/${padded('.jsonl', 'rollout-')}`,
    eventsPath: padded('.jsonl'),
    project: `/srv/${name}-${number}`,
    tool: of('tool'),
    lineage: of('lineage'),
    agent: of('agent'),
    artifact: of('artifact'),
    attempt: of('attempt'),
    tag: of('tag'),
    event: of('event'),
  };
}

/** At most so many bytes of UTF-8, no character cut in two. */
function fit(text: string, bytes: number): string {
  let short = text;
  while (Buffer.byteLength(short) > bytes) short = [...short].slice(0, -1).join('');
  return short;
}

/** Writes one answered turn of each agent and one scored attempt for each name; all on two days. */
export async function writeHostileWorld(
  roots: { claude: string; codex: string; events: string },
  names: readonly Hostile[],
): Promise<void> {
  for (const of of names) {
    await write(join(roots.claude, of.claudePath), claudeLog(of));
    await write(join(roots.codex, of.codexPath), codexLog(of));
    await write(join(roots.events, of.eventsPath), eventLog(of));
  }
}

async function write(path: string, records: readonly object[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
}

const second = (number: number, at: number) => new Date(Date.UTC(2026, 6, 20, 9, number, at)).toISOString();

function claudeLog({ number, claude, project, tool, name }: Hostile): object[] {
  const messages: [string, string, object | string, object?][] = [
    ['user', 'user', `Which moss grows at place ${number}?`],
    [
      'assistant',
      'assistant',
      [{ type: 'tool_use', id: `call-${number}-${name}`, name: tool, input: { [name]: name } }],
    ],
    ['user', 'user', [{ type: 'tool_result', tool_use_id: `call-${number}-${name}`, content: 'moss' }]],
    [
      'assistant',
      'assistant',
      [{ type: 'text', text: `Cushion moss, claude ${number}.` }],
      { stop_reason: 'end_turn' },
    ],
  ];
  const common = {
    sessionId: claude,
    version: '2.1.47',
    cwd: project,
    gitBranch: name,
    isSidechain: false,
    userType: 'external',
  };
  const records = messages.map(([type, role, content, more], index) => ({
    ...common,
    type,
    uuid: `uuid-${number}-${index}-${name}`,
    parentUuid: index === 0 ? null : `uuid-${number}-${index - 1}-${name}`,
    timestamp: second(number, index),
    message: {
      role,
      content,
      ...(role === 'assistant' ? { id: `m-${number}-${index}`, model: name, ...more } : {}),
    },
  }));
  const end = {
    ...common,
    type: 'system',
    subtype: 'turn_duration',
    uuid: `uuid-${number}-9-${name}`,
    parentUuid: `uuid-${number}-3-${name}`,
    timestamp: second(number, 5),
    durationMs: 5,
  };
  return [...records, end];
}

function codexLog({ number, codex, project, tool, name }: Hostile): object[] {
  const item = (at: number, type: string, payload: object) => ({
    timestamp: second(number, at),
    type,
    payload,
  });
  const asked = `Which fern grows at place ${number}?`;
  const said = `Maidenhair, codex ${number}.`;
  return [
    item(0, 'session_meta', {
      id: codex,
      cwd: project,
      originator: name,
      cli_version: '0.144.0',
      source: 'cli',
      git: { branch: name },
    }),
    item(0, 'event_msg', { type: 'task_started', turn_id: `k-${number}-${name}` }),
    item(0, 'turn_context', {
      turn_id: `k-${number}-${name}`,
      cwd: project,
      approval_policy: 'never',
      model: name,
    }),
    item(1, 'response_item', {
      type: 'message',
      role: 'user',
      content: [{ type: 'input_text', text: asked }],
    }),
    item(1, 'event_msg', { type: 'user_message', message: asked }),
    item(2, 'response_item', {
      type: 'function_call',
      name: tool,
      call_id: `c-${number}-${name}`,
      arguments: JSON.stringify({ [name]: name }),
    }),
    item(3, 'response_item', {
      type: 'function_call_output',
      call_id: `c-${number}-${name}`,
      output: 'fern',
    }),
    item(4, 'event_msg', { type: 'agent_message', message: said, phase: 'final_answer' }),
    item(4, 'response_item', {
      type: 'message',
      role: 'assistant',
      content: [{ type: 'output_text', text: said }],
      phase: 'final_answer',
    }),
    item(5, 'event_msg', { type: 'task_complete', turn_id: `k-${number}-${name}`, last_agent_message: said }),
  ];
}

function eventLog({
  number,
  session,
  lineage,
  agent,
  artifact,
  attempt,
  tag,
  event,
  tool,
  name,
}: Hostile): object[] {
  const refs = { session_id: session, lineage_id: lineage, agent_id: agent };
  const of = (step: number, type: string, more: object, payload: object) => ({
    id: `${event}-${step}`,
    timestamp: new Date(Date.UTC(2026, 6, 21, 9, number, step)).toISOString(),
    event_type: type,
    schema_version: 1,
    ...refs,
    ...more,
    tags: [tag],
    payload,
  });
  return [
    of(
      1,
      'attempt.started',
      { attempt_id: attempt },
      {
        agent: { version: 1, model: name, tools: [{ name: tool }] },
        input: { need: `Name a lichen of place ${number}`, constraints: [name] },
        model: name,
      },
    ),
    of(2, 'attempt.completed', { attempt_id: attempt }, { output: `Reindeer lichen, event ${number}.` }),
    of(
      3,
      'artifact.created',
      { attempt_id: attempt, artifact_id: artifact },
      { content: `Reindeer lichen, event ${number}.`, kind: name },
    ),
    of(4, 'artifact.scored', { artifact_id: artifact }, { score: 9, rater: name }),
    of(5, `odd.${name}`, {}, { [name]: name }),
  ];
}
