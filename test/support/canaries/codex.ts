import { escapedIn, numbered, type Planter, patched } from '../canaries.js';

type Record = { readonly [field: string]: unknown };
const json = (value: unknown) => JSON.stringify(value);
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** The eras of session-formats 2.2. */
export const codexEras = ['bare', 'legacy', 'paginated'] as const;
type Era = (typeof codexEras)[number];

/** The id of a group's session in an era. */
export const codexSession = (era: Era, group: number) =>
  `019f7ec${codexEras.indexOf(era)}-0000-7000-8000-${String(group).padStart(12, '0')}`;

/** A rollout with canaries in all that its era can hold; path and text. */
export function codexCanaries(planter: Planter, day: string, era: Era): [path: string, text: string] {
  const id = codexSession(era, planter.group);
  const lines = era === 'bare' ? bareEra(planter, day, id) : wrappedEra(planter, day, id, era);
  const folder = `${day.replaceAll('-', '/')}/${planter.name(`codex.${era}.folder`)}`;
  return [`${folder}/rollout-${day}T08-00-00-${id}.jsonl`, `${lines.join('\n')}\n`];
}

const content = (type: string, text: string) => [{ type, text }];

/** What calls of tools and their results hold in every era. */
function toolItems({ text, line, one, group }: Planter, era: Era): Record[] {
  const at = (place: string) => `codex.${era}.${place}`;
  const call = (id: string, args: unknown): Record => {
    return { type: 'function_call', name: 'shell', arguments: json(args), call_id: `${id}${group}` };
  };
  const back = (id: string, output: unknown): Record => {
    return { type: 'function_call_output', call_id: `${id}${group}`, output };
  };
  const inner = json({ inner: json({ deepest: text(at('json-twice')) }) });
  return [
    call('a', {
      command: ['bash', '-lc', text(at('arguments'))],
      workdir: `/home/carla/${one(at('workdir'))}`,
    }),
    back('a', text(at('output'))),
    call('b', { a: { b: { c: text(at('argument')) } }, [one(at('argument-key'))]: 1, body: inner }),
    back('b', json({ output: text(at('output-json')), metadata: { exit_code: 0, duration_seconds: 0.1 } })),
    call('c', { command: ['cat', '-n', 'x'] }),
    back('c', `Exit code: 0\nWall time: 0.1 seconds\nOutput:\n${numbered(text(at('numbered')))}`),
    call('d', { command: ['git', 'diff'] }),
    back('d', content('input_text', patched(text(at('diff'))))),
    {
      type: 'custom_tool_call',
      name: 'apply_patch',
      call_id: `e${group}`,
      status: 'completed',
      input: `*** Begin Patch\n*** Update File: ${one(at('patch-path'))}\n@@\n${patched(text(at('patch')))}\n*** End Patch`,
    },
    {
      type: 'custom_tool_call_output',
      call_id: `e${group}`,
      output: json({ output: text(at('patch-output')), metadata: { exit_code: 0 } }),
    },
    {
      type: 'local_shell_call',
      call_id: `f${group}`,
      status: 'completed',
      action: {
        type: 'exec',
        command: ['bash', '-lc', text(at('shell'))],
        env: { NOTE: text(at('shell-env')) },
        working_directory: '/srv',
      },
    },
    { type: 'local_shell_call_output', call_id: `f${group}`, output: line(at('shell-output')) },
    {
      type: 'web_search_call',
      status: 'completed',
      action: { type: 'search', query: line(at('web-search')) },
    },
  ];
}

/** Up to 0.31: items without an envelope. */
function bareEra(planter: Planter, day: string, id: string): string[] {
  const { text, line, one } = planter;
  const git = {
    commit_hash: 'abc',
    branch: one('codex.bare.branch'),
    repository_url: line('codex.bare.remote'),
  };
  const message = (role: string, type: string, words: string) => ({
    type: 'message',
    role,
    content: content(type, words),
  });
  const cwd = `<cwd>/home/carla/${one('codex.bare.cwd')}</cwd>`;
  return [
    { id, timestamp: `${day}T08:00:00.000Z`, instructions: text('codex.bare.instructions'), git },
    { record_type: 'state' },
    message(
      'user',
      'input_text',
      `<environment_context>\n  ${cwd}\n${text('codex.bare.environment')}\n</environment_context>`,
    ),
    message(
      'user',
      'input_text',
      `<user_instructions>\n${text('codex.bare.user-instructions')}\n</user_instructions>`,
    ),
    message('user', 'input_text', text('codex.bare.prompt')),
    {
      type: 'reasoning',
      summary: content('summary_text', text('codex.bare.reasoning')),
      content: null,
      encrypted_content: base64(text('codex.bare.encrypted')),
    },
    ...toolItems(planter, 'bare'),
    message('assistant', 'output_text', text('codex.bare.answer')),
  ].map(json);
}

/** 0.32 to 0.145, and paginated after: items and events, each with a time. */
function wrappedEra(planter: Planter, day: string, id: string, era: Era): string[] {
  const { text, line, one, group } = planter;
  const at = (place: string) => `codex.${era}.${place}`;
  const lines: string[] = [];
  const add = (type: string, payload: Record) => {
    const time = new Date(Date.parse(`${day}T09:00:00.000Z`) + lines.length * 1000).toISOString();
    const ordinal = era === 'paginated' ? { ordinal: lines.length } : {};
    lines.push(json({ timestamp: time, ...ordinal, type, payload }));
  };
  const item = (payload: Record) => add('response_item', payload);
  const event = (type: string, payload: Record) => add('event_msg', { type, ...payload });
  const message = (role: string, type: string, words: string, more: Record = {}) =>
    item({ type: 'message', role, content: content(type, words), ...more });
  const completed = (type: string, more: Record) =>
    event('item_completed', { thread_id: id, item: { type, id: `${type}${lines.length}`, ...more } });
  // Both agents' words stand twice: in an item, and in an event of the era.
  const asked = (words: string) => {
    message('user', 'input_text', words);
    if (era === 'paginated') completed('UserMessage', { content: content('text', words) });
    else event('user_message', { message: words, images: [], kind: 'plain' });
  };
  const answered = (words: string, phase: string) => {
    if (era === 'paginated') completed('AgentMessage', { content: content('Text', words), phase });
    else event('agent_message', { message: words, phase });
    message('assistant', 'output_text', words, { phase });
  };
  const task = (turn: string, words: string, work: () => void, answer: string) => {
    const turnId = `${id.slice(0, -4)}${turn}`;
    event('task_started', { turn_id: turnId });
    add('turn_context', {
      turn_id: turnId,
      cwd: `/home/carla/${one(at('turn-cwd'))}`,
      approval_policy: 'on-request',
      model: 'gpt-5.5',
      user_instructions: text(at('context-instructions')),
    });
    asked(words);
    work();
    answered(answer, 'final_answer');
    event('task_complete', { turn_id: turnId, last_agent_message: answer });
  };

  add('session_meta', {
    ...{
      id,
      timestamp: `${day}T09:00:00.000Z`,
      cwd: `/home/carla/${one(at('cwd'))}`,
      originator: 'codex-tui',
    },
    ...{ cli_version: era === 'paginated' ? '1.19.2' : '0.144.0', source: 'cli', model_provider: 'openai' },
    git: { commit_hash: 'abc', branch: one(at('branch')), repository_url: line(at('remote')) },
    ...(era === 'paginated' ? { history_mode: 'paginated' } : {}),
    base_instructions: { text: text(at('instructions')) },
    dynamic_tools: [
      { namespace: 'app', name: one(at('offered-tool')), description: text(at('tool-description')) },
    ],
  });
  message(
    'developer',
    'input_text',
    `<permissions instructions>${text(at('developer'))}</permissions instructions>`,
  );
  message(
    'user',
    'input_text',
    `<environment_context>\n  <cwd>/srv</cwd>\n${text(at('environment'))}\n</environment_context>`,
  );
  message(
    'user',
    'input_text',
    `# AGENTS.md instructions for /srv\n\n<INSTRUCTIONS>\n${text(at('agents-file'))}\n</INSTRUCTIONS>`,
  );
  add('world_state', { full: true, state: { agents_md: text(at('world-state')) } });
  const work = () => {
    item({
      type: 'reasoning',
      summary: content('summary_text', text(at('reasoning'))),
      content: null,
      encrypted_content: base64(text(at('encrypted'))),
    });
    if (era === 'legacy') event('agent_reasoning', { text: text(at('reasoning-event')) });
    answered(text(at('commentary')), 'commentary');
    for (const payload of toolItems(planter, era)) item(payload);
    message('user', 'input_text', 'x', {
      content: [{ type: 'input_image', image_url: `data:image/png;base64,${base64(text(at('image')))}` }],
    });
    event('exec_command_end', { call_id: 'x', stdout: text(at('exec-event')), exit_code: 0 });
    event('patch_apply_end', {
      call_id: 'x',
      stdout: text(at('patch-event')),
      changes: { [one(at('patch-event-path'))]: {} },
    });
    event('mcp_tool_call_end', {
      call_id: 'x',
      result: { Ok: { content: content('text', text(at('mcp-event'))) } },
    });
    event('web_search_end', { call_id: 'x', query: line(at('search-event')) });
    completed('CommandExecution', { command: ['x'], aggregated_output: text(at('command-item')) });
    completed('Plan', { text: text(at('plan-item')) });
    message('developer', 'input_text', `Approved command prefix saved:\n${text(at('approved'))}`);
    item({ type: 'function_call_output', call_id: 'refused', output: 'exec command rejected by user' });
    event('thread_name_updated', { thread_name: line(at('thread-name')) });
    event('error', { message: text(at('error')) });
  };
  task(
    '0001',
    `# Context from my IDE setup:\n${text(at('ide'))}\n## My request for Codex:\n${text(at('prompt'))}`,
    work,
    text(at('answer')),
  );
  task(
    '0002',
    `## User Input\n\n\`\`\`text\n${text(at('custom-prompt'))}\n\`\`\`\n\nYou **MUST** consider it.`,
    () => {},
    text(at('answer')),
  );
  task('0003', `Name it. ${text(at('asked-twice'))}`, () => {}, text(at('rolled-back')));
  event('thread_rolled_back', { num_turns: 1 });
  task('0004', `Name it. ${text(at('asked-twice'))}`, () => {}, text(at('answer-kept')));
  add('compacted', {
    message: text(at('compacted')),
    replacement_history: [
      { type: 'message', role: 'user', content: content('input_text', text(at('history'))) },
    ],
  });
  task(
    '0005',
    `Again: ${text(at('prompt'))}`,
    () => {},
    `<oai-mem-citation>${line(at('citation'))}</oai-mem-citation>${text(at('answer'))}`,
  );
  event('entered_review_mode', { user_facing_hint: line(at('review-hint')) });
  event('exited_review_mode', { review_output: { overall_explanation: text(at('review')) } });
  event('turn_aborted', { reason: 'interrupted' });
  const words = line(at('escapes'));
  message('user', 'input_text', `Escaped ${words}`);
  lines.push(escapedIn(lines.pop() ?? '', words));
  message('assistant', 'output_text', `Ok ${group}`);
  return lines;
}
