/** A JSON schema (draft 7) as ajv takes it. */
export type Schema = Readonly<Record<string, unknown>>;

/** An object with these keys and no others; all are required but those named. */
export function object(
  properties: Readonly<Record<string, Schema>>,
  optional: readonly string[] = [],
): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, required, additionalProperties: false };
}

export const text: Schema = { type: 'string' };
export const optionalText: Schema = { type: ['string', 'null'] };
export const words: Schema = { type: 'string', pattern: '\\S' };
export const list = (items: Schema, minItems = 0): Schema => ({ type: 'array', items, minItems });

const toolName: Schema = { type: 'string', pattern: '^[a-zA-Z0-9_-]{1,64}$' };
const jsonObjectText: Schema = { type: 'string', pattern: '^\\{[\\s\\S]*\\}$' };

const calls = (args: Schema, more: Readonly<Record<string, Schema>> = {}) =>
  list(
    object({
      id: text,
      type: { const: 'function' },
      function: object({ name: toolName, arguments: args }),
      ...more,
    }),
    1,
  );

/** A message has `role`, `content`, and where it applies the rest; no key is null. */
const canonicalAssistant = object(
  {
    role: { const: 'assistant' },
    content: text,
    reasoning_content: words,
    tool_calls: calls({ type: 'object' }),
    train: { const: false },
  },
  ['reasoning_content', 'tool_calls', 'train'],
);
const canonicalWords = object({ role: { enum: ['system', 'user'] }, content: text });
const canonicalTool = object({ role: { const: 'tool' }, content: text, tool_call_id: text, name: toolName }, [
  'name',
]);

/** How an encoding writes one message of anybody, and one of the assistant that says or calls something. */
export type MessageSchemas = { readonly any: Schema; readonly assistant: Schema };

const saysSomething: Schema = {
  anyOf: [
    { properties: { content: words } },
    { properties: { tool_calls: { type: 'array', minItems: 1 } }, required: ['tool_calls'] },
  ],
};

export const canonical: MessageSchemas = {
  any: { oneOf: [canonicalWords, canonicalAssistant, canonicalTool] },
  assistant: { allOf: [canonicalAssistant, saysSomething] },
};

/** Every key in every struct, null where a message has none. */
const wireMessage = object({
  role: { enum: ['system', 'user', 'assistant', 'tool'] },
  content: text,
  reasoning_content: optionalText,
  tool_calls: { anyOf: [{ type: 'null' }, calls(jsonObjectText)] },
  tool_call_id: optionalText,
  name: optionalText,
  train: { type: ['boolean', 'null'] },
});

export const wire: MessageSchemas = {
  any: wireMessage,
  assistant: { allOf: [wireMessage, { properties: { role: { const: 'assistant' } } }, saysSomething] },
};

export const plain: MessageSchemas = {
  any: object({ role: { enum: ['system', 'user', 'assistant'] }, content: text }),
  assistant: object({ role: { const: 'assistant' }, content: words }),
};

const openaiAssistant = (more: Readonly<Record<string, Schema>>) =>
  object({ role: { const: 'assistant' }, content: text, tool_calls: calls(jsonObjectText), ...more }, [
    'tool_calls',
  ]);
const openaiOthers = [canonicalWords, object({ role: { const: 'tool' }, content: text, tool_call_id: text })];

/** `weight` 0 or 1 on assistant messages only, and on none of a preference. */
export const openai: MessageSchemas = {
  any: { oneOf: [...openaiOthers, openaiAssistant({ weight: { enum: [0, 1] } })] },
  assistant: { allOf: [openaiAssistant({}), saysSomething] },
};
export const openaiPrompt: Schema = { oneOf: [...openaiOthers, openaiAssistant({})] };
