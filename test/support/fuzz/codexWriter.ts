import type { Line } from './claudeSpecs.js';
import type { Act, CodexSession, Turn } from './codexSpecs.js';

/** What the files of a session share: ids, times and tokens go on from one to the next. */
export type Writing = {
  readonly session: CodexSession;
  readonly number: number;
  readonly next: () => string;
  readonly time: () => string;
  /** The session's own head once more. */
  readonly metaOf: () => Line;
  count: number;
  spent: number;
  lastPrompt: string;
};

export function codexWriter(writing: Writing) {
  const { session, number, next, time, metaOf } = writing;
  const { era } = session;
  const lines: Line[] = [];
  let turnId: string | undefined;
  const put = (type: string, payload: Line) => {
    if (era.isBare) {
      if (type === 'response_item' || type === 'session_meta') lines.push(payload);
      if (writing.count++ % 3 === 0) lines.push({ record_type: 'state' });
      return;
    }
    const ordinal = era.isPaginated ? { ordinal: lines.length } : {};
    lines.push({ timestamp: time(), ...ordinal, type, payload });
  };
  const item = (payload: Line) => put('response_item', payload);
  const event = (payload: Line) => put('event_msg', payload);
  const said = (role: string, text: string, more: Line = {}) =>
    item({
      type: 'message',
      role,
      content: [{ type: role === 'assistant' ? 'output_text' : 'input_text', text }],
      ...more,
    });
  const prompt = (text: string, parts = [text]) => {
    const content = parts.map((part) => ({ type: 'input_text', text: part }));
    item({ type: 'message', role: 'user', content });
    if (era.isPaginated)
      event({
        type: 'item_completed',
        turn_id: turnId,
        item: { type: 'UserMessage', id: next(), content: [{ type: 'text', text }] },
      });
    else event({ type: 'user_message', message: text, images: [] });
  };
  const answer = (text: string, phase?: string) => {
    const id = next();
    said('assistant', text, { ...(phase === undefined ? {} : { phase }), id });
    if (era.isPaginated)
      event({
        type: 'item_completed',
        turn_id: turnId,
        item: { type: 'AgentMessage', id, phase, content: [{ type: 'Text', text }] },
      });
    else event({ type: 'agent_message', message: text, ...(phase === undefined ? {} : { phase }) });
  };
  const phased = (phase: string) => (era.hasTasks ? phase : undefined);
  const begin = ({ how, text }: Turn) => {
    if (era.hasTasks) {
      turnId = next();
      event({ type: 'task_started', turn_id: turnId, started_at: 1 });
    }
    if (number % 2 === 0)
      put('turn_context', {
        cwd: '/home/noor/moss',
        approval_policy: session.policy,
        model: 'gpt-x',
        turn_id: turnId,
      });
    const editor = `# Context from my IDE setup:\n\n## Open tabs:\n- a\n\n## My request for Codex:\n${text}`;
    const write: Record<Turn['how'], () => unknown> = {
      typed: () => prompt(text),
      editor: () => prompt(editor),
      custom: () =>
        prompt(`## User Input\n\n\`\`\`text\n${text}\n\`\`\`\n\nYou **MUST** consider the user input.`),
      injected: () => {
        said('user', '<environment_context><cwd>/home/noor/moss</cwd></environment_context>');
        prompt(text);
      },
      'two parts': () => prompt(`${text}\nagain`, [text, 'again']),
      none: () => null,
      same: () => prompt(writing.lastPrompt),
    };
    write[how]();
    writing.lastPrompt = text;
  };
  const usage = () => {
    writing.spent += 11;
    const total = {
      input_tokens: writing.spent,
      cached_input_tokens: 2,
      output_tokens: writing.spent,
      reasoning_output_tokens: 1,
      total_tokens: 2 * writing.spent,
    };
    if (era.isPaginated) put('token_usage_record', { turn_id: turnId, response_id: next(), usage: total });
    else
      event({
        type: 'token_count',
        info: writing.count % 5 === 0 ? null : { total_token_usage: total, last_token_usage: total },
      });
  };
  const act = ({ how, text, tool, input, output, isAnswered }: Act) => {
    const callId = `call_${next().slice(-12)}`;
    const write: Record<Act['how'], () => unknown> = {
      commentary: () => answer(text, phased('commentary')),
      reasoning: () => {
        item({
          type: 'reasoning',
          id: next(),
          summary: [{ type: 'summary_text', text }],
          encrypted_content: 'Z0FBQUFB',
        });
        event({ type: 'agent_reasoning', text });
      },
      call: () => {
        item({ type: 'function_call', name: tool, arguments: input, call_id: callId });
        if (isAnswered) item({ type: 'function_call_output', call_id: callId, output });
      },
      custom: () => {
        item({
          type: 'custom_tool_call',
          name: 'apply_patch',
          input: text,
          call_id: callId,
          status: 'completed',
        });
        if (isAnswered)
          item({
            type: 'custom_tool_call_output',
            call_id: callId,
            output: [{ type: 'input_text', text: output }],
          });
      },
      local: () => {
        item({
          type: 'local_shell_call',
          call_id: callId,
          status: 'completed',
          action: { type: 'exec', command: ['ls', text] },
        });
        if (isAnswered) item({ type: 'function_call_output', call_id: callId, output });
      },
      search: () =>
        item({ type: 'web_search_call', status: 'completed', action: { type: 'search', query: text } }),
      steer: () => prompt(text),
      plan: () => event({ type: 'item_completed', item: { type: 'Plan', id: next(), text } }),
      compacted: () => {
        put('compacted', {
          message: text,
          replacement_history: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text }] }],
        });
        event({ type: 'context_compacted' });
      },
      tokens: usage,
      context: () =>
        put('turn_context', {
          cwd: '/home/noor/fern',
          approval_policy: 'never',
          model: 'gpt-y',
          turn_id: turnId,
        }),
      meta: () => put('session_meta', metaOf()),
      review: () => {
        event({
          type: 'entered_review_mode',
          target: { type: 'custom', instructions: text },
          user_facing_hint: text,
        });
        event({ type: 'exited_review_mode', review_output: { findings: [] } });
      },
      unknown: () => put('thing_of_tomorrow', { type: 'odd', text }),
      'item only': () => said('user', text),
      'event only': () => event({ type: 'agent_message', message: text }),
      mail: () =>
        item({
          type: 'agent_message',
          author: 'a',
          recipient: 'b',
          content: [{ type: 'input_text', text }],
        }),
      approved: () => said('developer', `Approved command prefix saved:\n${text}`),
    };
    write[how]();
  };
  const finish = ({ end, answer: text }: Turn) => {
    const complete = (last: string | null) => {
      if (era.hasTasks)
        event({ type: 'task_complete', turn_id: turnId, last_agent_message: last, duration_ms: 9 });
    };
    const answered = () => {
      answer(text, phased('final_answer'));
      usage();
      complete(text);
    };
    const write: Record<Turn['end'], () => unknown> = {
      answer: answered,
      aborted: () => {
        event({ type: 'turn_aborted', reason: 'interrupted', turn_id: turnId });
        said('user', '<turn_aborted>\nThe user interrupted the previous turn on purpose.\n</turn_aborted>');
      },
      nothing: () => null,
      failed: () => complete(null),
      'rolled back': () => {
        answered();
        event({ type: 'thread_rolled_back', num_turns: 1 });
      },
      'rolled back twice': () => {
        answered();
        event({ type: 'thread_rolled_back', num_turns: 2 });
      },
    };
    write[end]();
  };
  const tell = (turns: readonly Turn[]) => {
    for (const one of turns) {
      begin(one);
      for (const each of one.acts) act(each);
      finish(one);
    }
  };
  return { lines, put, tell };
}
