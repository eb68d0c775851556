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
  readonly type?: string;
  readonly function: { readonly name: string; readonly arguments: unknown };
};

/** `canEndOpen`: calls of the last message may be without results, as those of a completion are. */
export type MessageRules = { readonly canEndOpen?: boolean };

const roles = new Set(['system', 'user', 'assistant', 'tool']);
const keys = new Set(['role', 'content', 'reasoning_content', 'tool_calls', 'tool_call_id', 'name', 'train']);
const toolName = /^[a-zA-Z0-9_-]{1,64}$/;

/** Why messages may not be written, or null. The reason names the rule, not the text, so that rows can be counted by it. */
export function messagesRefusal(messages: readonly unknown[], rules: MessageRules = {}): string | null {
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
  if (open.size > 0 && !(rules.canEndOpen === true && (messages.at(-1) as Message).role === 'assistant')) {
    return 'a tool call without a result';
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
  if (hasNull(message)) return 'a key with a null value';
  if (!Object.keys(message).every((key) => keys.has(key))) return 'a message has a key of no trainer';
  if (message.tool_calls === undefined) return null;
  if (message.role !== 'assistant') return 'tool calls outside an assistant message';
  if (!Array.isArray(message.tool_calls) || message.tool_calls.length === 0)
    return 'tool_calls is not a list of calls';
  return message.tool_calls.map(callRefusal).find((refusal) => refusal !== null) ?? null;
}

function callRefusal(call: ToolCall): string | null {
  if (!isObject(call) || typeof call.id !== 'string' || !isObject(call.function))
    return 'a tool call without id or function';
  if (hasNull(call) || call.function.name === null) return 'a key with a null value';
  if (!toolName.test(call.function.name)) return 'a tool name outside [a-zA-Z0-9_-]{1,64}';
  return isObject(call.function.arguments) ? null : 'arguments are not an object';
}

function orderRefusal(message: Message, open: ReadonlySet<string>): string | null {
  if (message.role === 'tool')
    return open.has(message.tool_call_id ?? '') ? null : 'a tool message answers no open call';
  return open.size > 0 ? 'a tool call without a result' : null;
}

function hasNull(value: object): boolean {
  return Object.values(value).includes(null);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
