import type { Column } from './manifest.js';
import type { EncodedColumn } from './profile.js';
import { identifier, quote } from './warehouse.js';

/** The columns as the lake has them: messages as lists of JSON. */
export function canonicalColumns(columns: readonly Column[]): EncodedColumn[] {
  return columns.map(([name]) => ({ name, sql: identifier(name) }));
}

/** Messages as structs, arguments as text, no JSON type anywhere: one such column makes `datasets` below 4.7 fail. */
export function wireColumns(columns: readonly Column[]): EncodedColumn[] {
  return columns.map(([name, type]) => {
    const column = identifier(name);
    return { name, sql: type === 'JSON[]' ? `wire_messages(${column})` : withoutJson(column, type) };
  });
}

/** Messages as role and content alone; the tools go into the first list of messages, the row's prompt or the whole. */
export function textColumns(columns: readonly Column[]): EncodedColumn[] {
  const first = columns.find(([, type]) => type === 'JSON[]')?.[0];
  const tools = toolsOf(columns);
  return columns
    .filter(([name]) => name !== 'tools')
    .map(([name, type]) => {
      const column = identifier(name);
      const own = name === first ? tools : 'null';
      return {
        name,
        sql: type === 'JSON[]' ? `text_messages(${column}, ${own})` : withoutJson(column, type),
      };
    });
}

/** SQL of a row's tools, null where the dataset has none. */
export function toolsOf(columns: readonly Column[]): string {
  return columns.some(([name]) => name === 'tools') ? 'tools' : 'null';
}

/** SQL of a refusal: the first of the conditions that holds, as its words. */
export function refusalSql(conditions: Readonly<Record<string, string>>): string {
  const cases = Object.entries(conditions).map(
    ([words, condition]) => `when ${condition} then ${quote(words)}`,
  );
  return `case ${cases.join(' ')} end`;
}

/** A message that only the canonical and wire forms can keep out of the loss. */
export const untrained = { 'a message that is context only ("train": false)': 'has_untrained(messages)' };

/** The sets whose rows are whole conversations to imitate. */
export const conversations: readonly string[] = ['sft', 'chain_of_thought'];

function withoutJson(column: string, type: string): string {
  return type === 'JSON' ? `${column}::varchar` : column;
}
