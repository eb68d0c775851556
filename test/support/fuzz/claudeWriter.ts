import type { Act, ClaudeSession, Line, Turn } from './claudeSpecs.js';

/** What the files of a session share: ids and times go on from one to the next. */
export type Writing = {
  readonly session: ClaudeSession;
  readonly number: number;
  readonly uuid: () => string;
  readonly time: () => string;
  /** Writes a subagent's lines to where its version keeps them. */
  readonly subagent: (task: string, agentId: string, parent: Line[], common: Line) => void;
};

const rejected =
  "The user doesn't want to proceed with this tool use. The tool use was rejected. STOP what you are doing.";
const results: Readonly<Record<string, (text: string) => { content: unknown; is_error?: boolean }>> = {
  ok: (text) => ({ content: text }),
  error: (text) => ({ content: `Error: ${text}`, is_error: true }),
  refused: () => ({ content: rejected, is_error: true }),
  'refused for': (text) => ({
    content: `${rejected}\nTo tell you how to proceed, the user said:\n${text}`,
    is_error: true,
  }),
  interrupted: (text) => ({ content: `[Request interrupted by user for tool use]${text}` }),
  denied: () => ({
    content: 'Permission for this action was denied by the Claude Code auto mode classifier.',
    is_error: true,
  }),
  image: () => ({
    content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } }],
  }),
  clarified: () => ({
    content: `${rejected}\nTo tell you how to proceed, the user said:\nThe user wants to clarify these questions.`,
    is_error: true,
  }),
  twice: (text) => ({ content: [{ type: 'text', text }] }),
};

/** Writes the lines of one file; a chain holds what each line of it says. */
export function claudeWriter({ session, number, uuid, time, subagent }: Writing, common: Line) {
  const { era } = session;
  const lines: Line[] = [];
  let last: string | null = null;
  let lastPromptParent: string | null = null;
  const put = (type: string, more: Line): string => {
    const own = uuid();
    lines.push({ parentUuid: last, ...common, type, uuid: own, timestamp: time(), ...more });
    last = own;
    return own;
  };
  const note = (more: Line) => lines.push({ ...more, sessionId: common.sessionId });
  const user = (content: unknown, more: Line = {}) =>
    put('user', { message: { role: 'user', content }, ...more });
  const message = (id: string, content: readonly Line[], more: Line = {}, output = 9) =>
    put('assistant', {
      requestId: `req_${id}`,
      message: {
        ...{ id, type: 'message', role: 'assistant', model: 'claude-x', content, stop_reason: null },
        usage: {
          input_tokens: 7,
          output_tokens: output,
          cache_read_input_tokens: 90,
          cache_creation_input_tokens: 3,
        },
      },
      ...more,
    });
  const synthetic = (text: string, more: Line = {}) =>
    put('assistant', {
      message: { id: uuid(), role: 'assistant', model: '<synthetic>', content: [{ type: 'text', text }] },
      ...more,
    });
  const compaction = (text: string) => {
    if (number % 2 === 0)
      put('system', {
        subtype: 'compact_boundary',
        parentUuid: null,
        logicalParentUuid: last,
        content: 'Conversation compacted',
        compactMetadata: { trigger: 'auto', preTokens: 9 },
      });
    user(`This session is being continued from a previous conversation. ${text}`, {
      isCompactSummary: true,
    });
  };
  const prompt = ({ how, text }: Turn) => {
    if (how === 'again') last = lastPromptParent ?? last;
    lastPromptParent = last;
    const typed = { permissionMode: session.mode, origin: { kind: 'human' }, promptId: uuid() };
    const write: Record<Turn['how'], () => unknown> = {
      typed: () => user(text, typed),
      blocks: () => user([{ type: 'text', text }], typed),
      ide: () =>
        user(
          [
            { type: 'text', text: '<ide_opened_file>a.ts</ide_opened_file>' },
            { type: 'text', text },
          ],
          typed,
        ),
      reminded: () => user(`${text}<system-reminder>Be short.</system-reminder>`),
      command: () => {
        user(
          `<command-name>/review</command-name> <command-message>review</command-message> <command-args>${text}</command-args>`,
        );
        user('Please review this.', { isMeta: true });
      },
      bash: () => {
        user(`<bash-input>${text}</bash-input>`);
        user('<bash-stdout>a</bash-stdout><bash-stderr></bash-stderr>');
      },
      meta: () => user(text, { isMeta: true }),
      notification: () =>
        user(`<task-notification>${text}</task-notification>`, { origin: { kind: 'task-notification' } }),
      plan: () => user(`Implement the following plan:\n${text}`, { planContent: text }),
      suggestion: () => user(text, { promptSource: 'suggestion_accepted' }),
      image: () =>
        user([
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
          { type: 'text', text: '[Image #1]' },
        ]),
      again: () => user(text),
      peer: () =>
        user(`Another Claude session sent a message: ${text}`, { isMeta: true, origin: { kind: 'peer' } }),
      scheduled: () => {
        put('system', { subtype: 'scheduled_task_fire', content: 'every day' });
        user(text);
      },
      compaction: () => compaction(text),
      local: () => user(`<local-command-stdout>${text}</local-command-stdout>`),
      queued: () => {
        note({ type: 'queue-operation', operation: 'enqueue', content: text, timestamp: time() });
        note({ type: 'queue-operation', operation: 'dequeue', timestamp: time() });
        user(text);
      },
    };
    write[how]();
  };
  const result = (id: string, call: string, one: Act) => {
    if (one.outcome === 'none') return;
    const { is_error, content } = (results[one.outcome] ?? results.ok)?.(one.text) ?? {};
    const block = { type: 'tool_result', tool_use_id: id, content, ...(is_error ? { is_error } : {}) };
    user([block], {
      toolUseResult: { stdout: one.text, interrupted: false },
      sourceToolAssistantUUID: call,
    });
    if (one.outcome === 'twice') user([block]);
    if (one.outcome === 'refused')
      user([{ type: 'text', text: '[Request interrupted by user for tool use]' }]);
  };
  const act = (one: Act, id: string) => {
    const { how, text, tool, input } = one;
    const use = (name = tool, more = input) => ({
      type: 'tool_use',
      id: `toolu_${uuid().slice(-12)}`,
      name,
      input: more,
    });
    const write: Record<Act['how'], () => unknown> = {
      text: () => message(id, [{ type: 'text', text }], {}, 3),
      thinking: () => message(id, [{ type: 'thinking', thinking: text, signature: 'c2lnbmVk' }], {}, 2),
      call: () => {
        const block = use();
        const call = message(id, era.isWhole ? [{ type: 'text', text }, block] : [block]);
        result(block.id, call, one);
      },
      // From 2.1.20 on results stand between the calls of one message.
      parallel: () => {
        const [first, second] = [use(), use('Read')];
        const call = message(id, [first], {}, 4);
        if (number % 2 === 0) result(first.id, call, { ...one, outcome: 'ok' });
        const other = message(id, [second], {}, 12);
        if (number % 2 === 1) result(first.id, call, { ...one, outcome: 'ok' });
        result(second.id, other, one);
      },
      task: () => {
        const block = use('Task', { prompt: text, description: 'Look' });
        const call = message(id, [block]);
        const agentId = uuid().slice(-8);
        subagent(text, agentId, lines, { ...common, sessionId: common.sessionId });
        user([{ type: 'tool_result', tool_use_id: block.id, content: [{ type: 'text', text: 'found' }] }], {
          toolUseResult: { agentId, status: 'completed' },
          sourceToolAssistantUUID: call,
        });
      },
      steer: () => {
        note({ type: 'queue-operation', operation: 'enqueue', content: text, timestamp: time() });
        note({ type: 'queue-operation', operation: 'remove', timestamp: time() });
        if (era.version > '2.1.8')
          put('attachment', {
            attachment: { type: 'queued_command', prompt: text, commandMode: 'prompt' },
          });
      },
      pop: () => {
        note({ type: 'queue-operation', operation: 'enqueue', content: text, timestamp: time() });
        note({ type: 'queue-operation', operation: 'popAll', content: text, timestamp: time() });
      },
      compaction: () => compaction(text),
      hook: () => put('system', { subtype: 'stop_hook_summary', content: text }),
      edited: () =>
        put('attachment', {
          attachment: { type: 'edited_text_file', filename: '/home/mia/a.ts', snippet: text },
        }),
      progress: () => put('progress', { data: { type: 'bash_progress', output: text }, toolUseID: id }),
      title: () => note({ type: 'ai-title', aiTitle: text }),
      snapshot: () =>
        note({ type: 'file-history-snapshot', messageId: uuid(), snapshot: { trackedFileBackups: {} } }),
      question: () => {
        const block = use('AskUserQuestion', { questions: [{ question: text }] });
        result(block.id, message(id, [block]), one);
      },
      unknown: () =>
        lines.push({ type: 'new-thing-of-tomorrow', content: { text }, sessionId: common.sessionId }),
      'api error': () =>
        put('system', { subtype: 'api_error', retryAttempt: 1, maxRetries: 9, error: { message: text } }),
      'server tool': () =>
        message(id, [{ type: 'server_tool_use', id: `srvtoolu_${id}`, name: 'web_search', input }]),
    };
    write[how]();
  };
  const finish = ({ end, answer }: Turn, id: string) => {
    const write: Record<Turn['end'], () => unknown> = {
      answer: () => message(id, [{ type: 'text', text: answer }], {}, 20),
      duration: () => {
        message(id, [{ type: 'text', text: answer }], {}, 20);
        put('system', { subtype: 'turn_duration', durationMs: 1200 });
      },
      interrupt: () => user([{ type: 'text', text: '[Request interrupted by user]' }]),
      nothing: () => null,
      synthetic: () => synthetic('No response requested.'),
      limit: () => synthetic("You've hit your limit · resets 9pm", { isApiErrorMessage: true }),
      aborted: () => {
        message(id, [{ type: 'text', text: answer }], { isAbortedMidStream: true }, 2);
        user([{ type: 'text', text: '[Request interrupted by user]' }], { interruptedMessageId: id });
      },
    };
    write[end]();
  };
  const tell = (turns: readonly Turn[]) => {
    for (const one of turns) {
      prompt(one);
      const id = `msg_${uuid().slice(-12)}`;
      for (const [index, each] of one.acts.entries())
        act(each, index % 3 === 2 ? `msg_${uuid().slice(-12)}` : id);
      finish(one, one.acts.length > 1 ? `msg_${uuid().slice(-12)}` : id);
    }
  };
  return { lines, tell, user, message, put, note, setLast: (value: string | null) => (last = value) };
}
