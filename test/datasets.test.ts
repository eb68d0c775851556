import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, compaction, lakeOf, result, type SessionSpec, said, steer, thought } from './support/core.js';

type Example = Record<string, unknown> & {
  messages: Record<string, unknown>[];
  metadata: Record<string, unknown>;
};

/** The rows of datasets.sft that sessions give, their messages as objects, in the order of their sessions. */
async function sftOf(sessions: SessionSpec[]): Promise<Example[]> {
  const lake = await lakeOf(sessions);
  try {
    const rows = await lake.query('select * from datasets.sft order by session_id, created_at');
    return rows.map((row) => ({
      ...row,
      messages: (row.messages as string[]).map((message) => JSON.parse(message)),
      metadata: JSON.parse(String(row.metadata)),
    }));
  } finally {
    await lake.remove();
  }
}

async function messagesOf(turns: SessionSpec['turns'], session: Partial<SessionSpec> = {}) {
  const rows = await sftOf([{ id: 's', turns, ...session }]);
  return rows.map(({ messages }) => messages);
}

const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string, more: object = {}) => ({ role: 'assistant', content, ...more });
const tool = (id: string, name: string, content: string) => ({
  role: 'tool',
  content,
  tool_call_id: id,
  name,
});
const toolCall = (id: string, name: string, args: object) => ({
  id,
  type: 'function',
  function: { name, arguments: args },
});

test('a conversation becomes messages, the answer last, nothing after the last answered turn', async () => {
  const rows = await sftOf([
    {
      id: 's',
      turns: [
        { question: 'one', steps: [said('first')] },
        { question: 'two', steps: [said('second')] },
        { question: 'three', end: 'open', steps: [said('begun')] },
      ],
    },
  ]);
  assert.equal(rows.length, 1);
  assert.deepEqual(rows[0]?.messages, [user('one'), assistant('first'), user('two'), assistant('second')]);
  assert.equal(rows[0]?.outcome, 'answered');
  assert.equal(rows[0]?.tools, null);
  assert.equal(rows[0]?.num_assistant_turns, 2);
  assert.equal(rows[0]?.has_reasoning, false);
  assert.deepEqual(rows[0]?.metadata.left_out, {
    turns: { 'unanswered end': 1 },
    unanswered_calls: 0,
    capped_results: 0,
  });
});

test('a session without an answered turn gives no row', async () => {
  assert.deepEqual(await messagesOf([{ question: 'one', end: 'interrupted', steps: [said('begun')] }]), []);
});

test('parts of one message that stream around results become one message, its results after it', async () => {
  const [messages] = await messagesOf([
    {
      question: 'look',
      steps: [
        thought('hm', { message_id: 'm1' }),
        said('Looking.', { message_id: 'm1' }),
        call('c1', 'Read', { path: 'a' }, { message_id: 'm1' }),
        result('c1', 'A'),
        call('c2', 'Read', { path: 'b' }, { message_id: 'm1' }),
        result('c2', 'B'),
        said('Done.', { message_id: 'm2' }),
      ],
    },
  ]);
  assert.deepEqual(messages, [
    user('look'),
    assistant('Looking.', {
      reasoning_content: 'hm',
      tool_calls: [toolCall('c1', 'Read', { path: 'a' }), toolCall('c2', 'Read', { path: 'b' })],
    }),
    tool('c1', 'Read', 'A'),
    tool('c2', 'Read', 'B'),
    assistant('Done.'),
  ]);
});

test('without message ids a result ends a message; reasoning goes with what follows, empty reasoning nowhere', async () => {
  const [messages] = await messagesOf(
    [
      {
        question: 'look',
        steps: [
          thought('first'),
          said('Looking.'),
          call('c1', 'shell', { command: 'ls' }),
          call('c2', 'apply_patch', '*** Begin Patch'),
          result('c1', 'a'),
          result('c2', 'ok'),
          thought(''),
          said('Done.'),
        ],
      },
    ],
    { agent: 'codex' },
  );
  assert.deepEqual(messages, [
    user('look'),
    assistant('Looking.', {
      reasoning_content: 'first',
      tool_calls: [
        toolCall('c1', 'shell', { command: 'ls' }),
        // A custom tool takes raw text: arguments are an object all the same.
        toolCall('c2', 'apply_patch', { input: '*** Begin Patch' }),
      ],
    }),
    tool('c1', 'shell', 'a'),
    tool('c2', 'apply_patch', 'ok'),
    assistant('Done.'),
  ]);
});

test('a steer is a user message after the results of the message it came into', async () => {
  const [messages] = await messagesOf([
    {
      question: 'go',
      steps: [
        call('c1', 'Bash', {}, { message_id: 'm1' }),
        steer('and b'),
        result('c1', 'ok'),
        said('Done.', { message_id: 'm2' }),
        steer('too late'),
      ],
    },
  ]);
  assert.deepEqual(messages, [
    user('go'),
    assistant('', { tool_calls: [toolCall('c1', 'Bash', {})] }),
    tool('c1', 'Bash', 'ok'),
    user('and b'),
    assistant('Done.'),
  ]);
});

test('a call that nothing answered is dropped, and its message with it where nothing else is in it', async () => {
  const [messages] = await messagesOf([
    {
      question: 'go',
      steps: [
        call('c1', 'Bash', {}, { message_id: 'm1' }),
        said('Trying.', { message_id: 'm2' }),
        call('c2', 'Bash', { n: 1 }, { message_id: 'm2' }),
        call('c3', 'Bash', { n: 2 }, { message_id: 'm2' }),
        result('c3', 'ok'),
        said('Done.', { message_id: 'm3' }),
      ],
    },
  ]);
  assert.deepEqual(messages, [
    user('go'),
    assistant('Trying.', { tool_calls: [toolCall('c3', 'Bash', { n: 2 })] }),
    tool('c3', 'Bash', 'ok'),
    assistant('Done.'),
  ]);
});

test('interrupted turns and rejected steps stay as context with train false', async () => {
  const [messages] = await messagesOf([
    { question: 'one', end: 'interrupted', steps: [said('I beg')] },
    {
      question: 'two',
      steps: [call('c1', 'Edit', { file: 'a' }), result('c1', 'use b', 'rejected'), said('Then b.')],
    },
  ]);
  assert.deepEqual(messages, [
    user('one'),
    assistant('I beg', { train: false }),
    user('two'),
    assistant('', { tool_calls: [toolCall('c1', 'Edit', { file: 'a' })], train: false }),
    tool('c1', 'Edit', 'use b'),
    assistant('Then b.'),
  ]);
});

test('exchanges that are not the human speaking are left out whole, as are abandoned ones', async () => {
  const kinds = ['command', 'suggestion', 'plan', 'machine', 'script'];
  const rows = await sftOf([
    {
      id: 's',
      turns: [
        { question: 'one', steps: [said('first')] },
        ...kinds.map((kind) => ({ question: kind, prompt_kind: kind, steps: [said(`to ${kind}`)] })),
        { question: 'undone', end: 'rolled_back', steps: [said('gone')] },
        { question: 'left', is_abandoned: true, steps: [said('gone too')] },
        { question: 'two', steps: [said('second')] },
      ],
    },
  ]);
  assert.deepEqual(rows[0]?.messages, [user('one'), assistant('first'), user('two'), assistant('second')]);
  const leftOut = rows[0]?.metadata.left_out as { turns: unknown } | undefined;
  assert.deepEqual(leftOut?.turns, {
    abandoned: 2,
    'command prompt': 1,
    'machine prompt': 1,
    'plan prompt': 1,
    'script prompt': 1,
    'suggestion prompt': 1,
  });
});

test('a compaction boundary ends a sample; a turn it cuts through is in none', async () => {
  const rows = await messagesOf([
    { question: 'one', steps: [said('first')] },
    { question: 'two', steps: [said('begun'), compaction(), said('from the summary')] },
    { question: 'three', segment_no: 1, steps: [said('third')] },
  ]);
  assert.deepEqual(rows, [
    [user('one'), assistant('first')],
    [user('three'), assistant('third')],
  ]);
});

test('subagents are samples of their own in the split of their family; scripts, reviews and replays give none', async () => {
  const turns = (question: string, kind: string) => [
    { question, prompt_kind: kind, steps: [said(question)] },
  ];
  const rows = await sftOf([
    { id: 'parent', turns: turns('human', 'human') },
    { id: 'parent/agent', kind: 'subagent', root_session_id: 'parent', turns: turns('task', 'agent') },
    { id: 'copy', kind: 'subagent', is_replay: true, turns: turns('copy', 'agent') },
    { id: 'run', kind: 'exec', turns: turns('script', 'human') },
    { id: 'review', kind: 'review', turns: turns('review', 'human') },
  ]);
  assert.deepEqual(
    rows.map((row) => [row.session_id, row.group_id]),
    [
      ['parent', 'parent'],
      ['parent/agent', 'parent'],
    ],
  );
  assert.equal(rows[0]?.split, rows[1]?.split);
});

test('a long tool result keeps its ends and says how much is gone', async () => {
  const [messages] = await messagesOf([
    {
      question: 'go',
      steps: [
        call('c1', 'Bash', {}),
        result('c1', `${'a'.repeat(20000)}${'é'.repeat(20000)}`),
        said('Done.'),
      ],
    },
  ]);
  const content = String(messages?.[2]?.content);
  assert.equal(content, `${'a'.repeat(16000)}\n[8000 characters left out]\n${'é'.repeat(16000)}`);
});

test('tools lists what was called, parameters from the arguments seen, names as trainers accept them', async () => {
  const [row] = await sftOf([
    {
      id: 's',
      turns: [
        {
          question: 'go',
          steps: [
            call('c1', 'mcp.db/query', { sql: 'x', limit: 1, deep: { a: null } }),
            result('c1', ''),
            call('c2', 'mcp.db/query', { limit: 1.5, flags: ['x'], sql: null }),
            result('c2', ''),
            said('Done.'),
          ],
        },
      ],
    },
  ]);
  assert.deepEqual(JSON.parse(String(row?.tools)), [
    {
      type: 'function',
      function: {
        name: 'mcp_db_query',
        description: '',
        parameters: {
          type: 'object',
          properties: {
            deep: { type: 'object' },
            flags: { type: 'array' },
            limit: { type: 'number' },
            sql: { type: 'string' },
          },
        },
      },
    },
  ]);
  const [first] = row?.messages.filter(({ role }) => role === 'assistant') ?? [];
  assert.deepEqual(first?.tool_calls, [
    toolCall('c1', 'mcp_db_query', { sql: 'x', limit: 1, deep: { a: null } }),
  ]);
});

test('a row names the bytes it comes from, and the same row has the same id', async () => {
  const turns = [
    { question: 'one', steps: [said('first')] },
    { question: '/x', prompt_kind: 'command', steps: [said('no')] },
    { question: 'two', steps: [said('second')] },
  ];
  const [row] = await sftOf([{ id: 's', turns }]);
  const [again] = await sftOf([{ id: 'other', turns }]);
  assert.deepEqual(row?.metadata.sources, [
    { source_path: 's.jsonl', byte_offset: 0, byte_end: 200 },
    { source_path: 's.jsonl', byte_offset: 400, byte_end: 600 },
  ]);
  assert.deepEqual(row?.metadata.turn_ids, ['s-1', 's-3']);
  assert.equal(row?.id, again?.id);
  assert.equal(row?.content_hash, again?.content_hash);
});

test('a message that stands in two files of its session names bytes of one of them, never across both', async () => {
  const elsewhere = { source_path: 'copy.jsonl', byte_offset: 0 };
  const [row] = await sftOf([
    {
      id: 's',
      turns: [
        {
          question: 'go',
          steps: [
            said('Looking.', { message_id: 'm1' }),
            call('c1', 'Read', {}, { message_id: 'm1', ...elsewhere }),
            { ...result('c1', 'A'), source_path: 'copy.jsonl', byte_offset: 100 },
            said('Done.', { source_path: 'copy.jsonl', byte_offset: 200 }),
          ],
        },
      ],
    },
  ]);
  assert.deepEqual(row?.metadata.sources, [
    { source_path: 's.jsonl', byte_offset: 0, byte_end: 100 },
    { source_path: 'copy.jsonl', byte_offset: 0, byte_end: 300 },
  ]);
});

test('exact copies within a day are one row', async () => {
  const turns = [{ question: 'one', steps: [said('first')] }];
  const rows = await sftOf([
    { id: 'a', turns },
    { id: 'b', turns },
  ]);
  assert.deepEqual(
    rows.map((row) => row.session_id),
    ['a'],
  );
});

test('qa_documents holds pairs that are no copies, with where they come from', async () => {
  const lake = await lakeOf([
    { id: 'a', turns: [{ question: 'Why?', steps: [said('Because.')] }] },
    { id: 'b', turns: [{ question: 'why?', steps: [said('because.')], pair: { duplicate_of: 'a-1-pair' } }] },
  ]);
  const rows = await lake.query('select * from datasets.qa_documents');
  await lake.remove();
  assert.equal(rows.length, 1);
  const { text, qa_id: pair, source_path: path, metadata } = rows[0] ?? {};
  assert.deepEqual([text, pair, path], ['Question: Why?\n\nAnswer: Because.', 'a-1-pair', 'a.jsonl']);
  assert.deepEqual(JSON.parse(String(metadata)).sources, [
    { source_path: 'a.jsonl', byte_offset: 0, byte_end: 200 },
  ]);
});
