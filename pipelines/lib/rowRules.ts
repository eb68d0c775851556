/** A chat message in canonical form (dataset-contract). */
export type Message = {
  readonly role: string;
  readonly content: string;
  readonly reasoning_content?: string;
  readonly tool_calls?: readonly ToolCall[];
  readonly tool_call_id?: string;
  readonly name?: string;
  readonly train?: boolean;
};
export type ToolCall = {
  readonly id: string;
  readonly function: { readonly name: string; readonly arguments: unknown };
};

/** What a dataset row must hold to: `lastRole` is the role its last message must have, if any. */
export type RowRules = { readonly lastRole?: string };

const roles = new Set(['system', 'user', 'assistant', 'tool']);
const toolName = /^[a-zA-Z0-9_-]{1,64}$/;

/** Why messages may not be written, or null. The reason names the rule, not the text, so that rows can be counted by it. */
export function messagesRefusal(messages: readonly unknown[], rules: RowRules = {}): string | null {
  if (messages.length === 0) return 'no messages';
  const open = new Set<string>();
  for (const value of messages) {
    if (!isObject(value)) return 'a message is not an object';
    const message = value as Message;
    const refusal = shapeRefusal(message) ?? orderRefusal(message, open);
    if (refusal !== null) return refusal;
    for (const call of message.tool_calls ?? []) {
      if (open.has(call.id)) return 'two open calls of one id';
      open.add(call.id);
    }
    if (message.role === 'tool') open.delete(message.tool_call_id ?? '');
  }
  if (open.size > 0) return 'a tool call without a result';
  if (rules.lastRole !== undefined && (messages.at(-1) as Message).role !== rules.lastRole) {
    return `last message is not from ${rules.lastRole}`;
  }
  return null;
}

/** Why a tools column may not be written, or null. */
export function toolsRefusal(tools: string | null): string | null {
  if (tools === null) return null;
  const list = parse(tools);
  if (!Array.isArray(list)) return 'tools is not a JSON array';
  const named = list.every(
    (tool) => isObject(tool) && isObject(tool.function) && toolName.test(String(tool.function.name)),
  );
  return named ? null : 'a tool has no valid name';
}

/** The value of a JSON text; undefined where it is none. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function shapeRefusal(message: Message): string | null {
  if (!roles.has(message.role)) return 'role is not system, user, assistant or tool';
  if (typeof message.content !== 'string') return 'content is not a string';
  if (Object.values(message).includes(null as never)) return 'a key with a null value';
  if (message.tool_calls !== undefined && message.role !== 'assistant')
    return 'tool calls outside an assistant message';
  for (const call of message.tool_calls ?? []) {
    if (typeof call.id !== 'string' || !isObject(call.function)) return 'a tool call without id or function';
    if (!toolName.test(call.function.name)) return 'a tool name outside [a-zA-Z0-9_-]{1,64}';
    if (!isObject(call.function.arguments)) return 'arguments are not an object';
  }
  return null;
}

function orderRefusal(message: Message, open: ReadonlySet<string>): string | null {
  if (message.role === 'tool')
    return open.has(message.tool_call_id ?? '') ? null : 'a tool message answers no open call';
  return open.size > 0 ? 'a tool call without a result' : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
