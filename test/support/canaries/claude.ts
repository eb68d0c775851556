import { escapedIn, numbered, type Planter, patched, wrappedLate } from '../canaries.js';

type Record = { readonly [field: string]: unknown };
const png =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const base64 = (text: string) => Buffer.from(text).toString('base64');
const json = (value: unknown) => JSON.stringify(value);

/** The id of a group's session. */
export const claudeSession = (group: number) => `c1a0de00-0000-4000-8000-${String(group).padStart(12, '0')}`;

/** Writes the lines of one session: each with an id, a time, its parent and the folder and branch it was written in. */
function transcript(planter: Planter, day: string) {
  const lines: string[] = [];
  const session = claudeSession(planter.group);
  let [count, parent]: [number, string | null] = [0, null];
  const uuid = () => `${String(++count).padStart(8, '0')}-${session.slice(9)}`;
  const at = () => new Date(Date.parse(`${day}T08:00:00.000Z`) + count * 1000).toISOString();
  const add = (record: Record, more: Record = {}) => {
    const own = uuid();
    const line = {
      ...{ parentUuid: parent, isSidechain: false, userType: 'external', sessionId: session },
      ...{ cwd: `/home/carla/work/${planter.one('claude.cwd')}`, version: '2.1.222', entrypoint: 'cli' },
      ...{ gitBranch: `fix/${planter.one('claude.branch')}`, ...record },
      ...{ uuid: own, timestamp: at(), ...more },
    };
    lines.push(json(line));
    parent = own;
    return own;
  };
  const user = (content: unknown, more: Record = {}) =>
    add({ type: 'user', message: { role: 'user', content }, ...more });
  const said = (block: Record, id = `msg_${planter.group}_${count}`) =>
    add({
      type: 'assistant',
      requestId: `req_${id}`,
      message: {
        ...{ id, type: 'message', role: 'assistant', model: 'claude-opus-4-1', content: [block] },
        ...{ stop_reason: null, usage: { input_tokens: 9, output_tokens: 4 } },
      },
    });
  return {
    lines,
    session,
    user,
    said,
    bare: (record: Record) => lines.push(json({ sessionId: session, ...record })),
    system: (subtype: string, more: Record) => add({ type: 'system', subtype, isMeta: false, ...more }),
    attachment: (attachment: Record) => add({ type: 'attachment', attachment }),
    /** A call and what it gave back. */
    tool: (name: string, input: unknown, content: unknown, more: Record = {}) => {
      const id = `toolu_${planter.group}_${count}`;
      said({ type: 'tool_use', id, name, input });
      const { is_error, ...line } = more;
      return user([{ type: 'tool_result', tool_use_id: id, content, is_error: is_error === true }], line);
    },
    back: (to: string | null) => {
      parent = to;
    },
    last: () => parent,
    escape: (words: string) => {
      lines.push(escapedIn(lines.pop() ?? '', words));
    },
  };
}

/** A session of Claude Code with canaries in all that it can hold; path -> text. */
export function claudeCanaries(planter: Planter, day: string): Map<string, string> {
  const { text, line, one, group } = planter;
  const log = transcript(planter, day);
  const { user, said, tool, system, attachment, bare, session } = log;
  const done = (place: string) => {
    said({ type: 'text', text: `Done.\n${text(place)}` });
    system('turn_duration', { durationMs: 20 });
  };

  // A turn with all that a model says, asks for and is given.
  user(text('claude.prompt'), { promptSource: 'typed', origin: { kind: 'human' } });
  const head = `msg_${group}_head`;
  said(
    { type: 'thinking', thinking: text('claude.thinking'), signature: base64(text('claude.signature')) },
    head,
  );
  said({ type: 'text', text: text('claude.answer-begun') }, head);
  tool('mcp__vault__put', { a: { b: { c: text('claude.argument') } } }, text('claude.result'));
  tool('mcp__vault__put', { [one('claude.argument-key')]: [[one('claude.argument-list')]] }, [
    { type: 'text', text: text('claude.result-block') },
    {
      type: 'image',
      source: { type: 'base64', media_type: 'image/png', data: base64(text('claude.image')) },
    },
  ]);
  const twice = { body: json({ inner: json({ deepest: text('claude.json-twice') }) }) };
  tool('mcp__vault__put', { once: json({ inner: text('claude.json-once') }), ...twice }, json(['ok']));
  tool('Bash', { command: `curl -sS 'https://api.internal/x?q=1' # ${line('claude.curl')}` }, '', {
    toolUseResult: { stdout: text('claude.stdout'), stderr: text('claude.stderr'), interrupted: false },
  });
  tool(
    'Bash',
    { command: `git commit -m "$(cat <<'EOF'\nFix it\n\n${text('claude.commit')}\nEOF\n)"` },
    'ok',
  );
  tool('Bash', { command: 'env' }, `PATH=/usr/bin\n${text('claude.environment')}\nLANG=C`);
  tool('Bash', { command: 'git diff' }, patched(text('claude.diff')));
  tool('Bash', { command: 'git remote -v' }, `origin\t${line('claude.remote')} (fetch)`);
  tool('Bash', { command: 'stty cols 64; cat x' }, text('claude.wrapped', wrappedLate));
  tool('Bash', { command: 'ls --color' }, `\u001b[01;32m${text('claude.colours')}\u001b[0m\nx`);
  tool('Bash', { command: 'cat x.bin' }, `a\u0000b ${text('claude.nul')}\u0000`);
  tool('Read', { file_path: `/home/carla/${one('claude.read-path')}` }, numbered(text('claude.numbered')), {
    toolUseResult: { type: 'text', file: { filePath: '/x', content: text('claude.read-content') } },
  });
  tool('Write', { file_path: '/srv/app.yaml', content: `app:\n${text('claude.yaml')}\n` }, 'ok');
  tool('Write', { file_path: '/srv/wrapped', content: text('claude.wrapped-argument', wrappedLate) }, 'ok');
  tool('Write', { file_path: '/srv/.env', content: `A=1\n${text('claude.dotenv')}\nB=2\n` }, 'ok');
  tool(
    'Edit',
    { file_path: '/srv/x.ts', old_string: '// x', new_string: `/*\n${text('claude.comment')}\n*/` },
    'ok',
  );
  tool('NotebookEdit', { notebook_path: '/srv/x.ipynb', new_source: text('claude.cell') }, 'ok');
  tool('WebFetch', { url: `https://x.internal/?note=${line('claude.url')}`, prompt: 'x' }, 'ok');
  tool('Bash', { command: 'cat escaped' }, line('claude.escapes'));
  log.escape(line('claude.escapes'));
  tool(one('claude.tool-name'), {}, 'ok');
  done('claude.answer');

  // What a person does while and after the model works.
  user([
    { type: 'text', text: `<ide_selection>${text('claude.ide')}</ide_selection>` },
    { type: 'text', text: `Look. ${text('claude.prompt-block')}` },
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
    { type: 'document', title: line('claude.document'), source: { type: 'text', data: 'x' } },
  ]);
  for (const operation of ['enqueue', 'remove']) {
    bare({
      type: 'queue-operation',
      operation,
      timestamp: `${day}T08:30:00.000Z`,
      content: text('claude.queue'),
    });
  }
  attachment({ type: 'queued_command', prompt: text('claude.queued'), commandMode: 'prompt' });
  attachment({
    type: 'edited_text_file',
    filename: `/home/carla/${one('claude.edited-path')}`,
    snippet: numbered(text('claude.edited')),
  });
  attachment({
    type: 'file',
    filename: '/x',
    content: { type: 'text', file: { content: text('claude.attached') } },
  });
  attachment({ type: 'nested_memory', path: '/x', content: { content: text('claude.memory-file') } });
  attachment({ type: 'hook_success', hookName: 'x', stdout: text('claude.hook-stdout') });
  attachment({ type: 'prompt_snapshot', systemPrompt: [text('claude.system-prompt')] });
  tool(
    'Bash',
    { command: 'rm x' },
    `The user doesn't want to proceed with this tool use. The tool use was rejected. To tell you how to proceed, the user said:\n${text('claude.rejection')}`,
    {
      ...{ is_error: true, toolDenialKind: 'user-rejected' },
    },
  );
  tool(
    'Bash',
    { command: 'rm y' },
    "The user doesn't want to proceed with this tool use. The tool use was rejected.",
    {
      ...{ is_error: true, toolDenialKind: 'user-rejected', userFeedback: text('claude.feedback') },
    },
  );
  tool(
    'AskUserQuestion',
    { questions: [{ question: text('claude.question') }] },
    `User has answered your questions: "x"="${text('claude.choice')}"`,
    {
      toolUseResult: { answers: { x: text('claude.choice-result') } },
    },
  );
  tool(
    'ExitPlanMode',
    { plan: text('claude.plan-asked') },
    `User has approved your plan. ${text('claude.plan-approved')}`,
  );
  done('claude.answer');

  user(
    `<command-name>/review</command-name>\n<command-message>review</command-message>\n<command-args>${text('claude.command')}</command-args>`,
  );
  user(text('claude.skill'), { isMeta: true });
  done('claude.answer');
  user(`<bash-input>${line('claude.bash-input')}</bash-input>`);
  user(`<bash-stdout>${text('claude.bash-output')}</bash-stdout><bash-stderr></bash-stderr>`);
  user(`<user-memory-input>${line('claude.memory-input')}</user-memory-input>`);
  user(`<local-command-stdout>${text('claude.local-output')}</local-command-stdout>`, { isMeta: true });
  system('local_command', {
    content: `<local-command-stdout>${text('claude.system-local')}</local-command-stdout>`,
  });
  system('informational', { content: text('claude.notice') });
  system('away_summary', { content: text('claude.away') });
  system('stop_hook_summary', {
    hookInfos: [{ command: text('claude.hook-command') }],
    hookErrors: [text('claude.hook-error')],
  });
  system('api_error', { error: { message: text('claude.api-error') }, retryAttempt: 1 });
  user(`Stop hook feedback:\n${text('claude.hook')}`, { isMeta: true });
  user(`Result of calling the Read tool: ${json(text('claude.mention'))}`, {
    isMeta: true,
    isAtMentionRead: true,
  });
  user(`<system-reminder>${text('claude.reminder')}</system-reminder>Go on. ${one('claude.prompt-line')}`);
  done('claude.answer');
  user(`Implement the following plan:\n${text('claude.plan')}`, { planContent: text('claude.plan-content') });
  done('claude.answer');

  // The same words before a compaction and in its summary, and a key that it cuts in two.
  user(`Keep this: ${text('claude.before-compaction')}`);
  said({ type: 'text', text: text('claude.answer-before') });
  const before = log.last();
  log.back(null);
  system('compact_boundary', {
    logicalParentUuid: before,
    compactMetadata: { trigger: 'auto', preTokens: 9 },
  });
  user(
    `This session is being continued from a previous conversation that ran out of context.\n${text('claude.summary')}`,
    {
      ...{ isCompactSummary: true, isVisibleInTranscriptOnly: true },
    },
  );
  const parting = log.last();
  // Two branches: asked again, answered twice.
  for (const place of ['claude.branch-left', 'claude.branch-kept']) {
    log.back(parting);
    user(`Name it. ${text('claude.asked-twice')}`);
    done(place);
  }
  bare({ type: 'summary', summary: line('claude.title-other'), leafUuid: session });
  bare(
    group % 2 === 0
      ? { type: 'ai-title', aiTitle: line('claude.ai-title') }
      : { type: 'custom-title', customTitle: line('claude.custom-title') },
  );
  bare({ type: 'last-prompt', lastPrompt: text('claude.last-prompt') });
  bare({ type: 'agent-name', agentName: line('claude.agent-name') });
  bare({
    type: 'pr-link',
    prNumber: 1,
    prUrl: `https://git.internal/${one('claude.pr')}`,
    timestamp: `${day}T09:00:00.000Z`,
  });
  bare({
    type: 'file-history-snapshot',
    messageId: session,
    snapshot: { backups: { [one('claude.backup')]: text('claude.snapshot') } },
  });
  bare({
    type: 'progress',
    data: { type: 'hook_progress', output: text('claude.progress') },
    timestamp: `${day}T09:00:00.000Z`,
  });

  const folder = `-home-carla-${planter.name('claude.folder')}`;
  const files = new Map([[`${folder}/${session}.jsonl`, `${log.lines.join('\n')}\n`]]);
  const side = `${folder}/${session}/subagents/agent-a${group}`;
  files.set(`${side}.jsonl`, subagent(planter, day, `a${group}`));
  files.set(`${side}.meta.json`, json({ agentType: 'x', description: line('claude.subagent-file') }));
  files.set(`${folder}/${session}/tool-results/t${group}.txt`, line('claude.spilled'));
  return files;
}

function subagent(planter: Planter, day: string, agentId: string): string {
  const line = (type: string, content: unknown, second: number) =>
    json({
      ...{ type, isSidechain: true, agentId, sessionId: claudeSession(planter.group), userType: 'external' },
      ...{ uuid: `${agentId}-${second}`, parentUuid: second === 0 ? null : `${agentId}-${second - 1}` },
      ...{ version: '2.1.222', cwd: '/srv', timestamp: `${day}T08:10:0${second}.000Z` },
      message: {
        role: type,
        content,
        ...(type === 'assistant' ? { id: agentId, model: 'claude-opus-4-1' } : {}),
      },
    });
  const answer = [{ type: 'text', text: planter.text('claude.subagent-answer') }];
  return `${[line('user', planter.text('claude.subagent-prompt'), 0), line('assistant', answer, 1)].join('\n')}\n`;
}
