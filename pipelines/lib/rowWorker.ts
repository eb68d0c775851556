import { parentPort } from 'node:worker_threads';
import { type DatasetRule, ruleOf } from './datasetRules.js';
import type { Column } from './manifest.js';
import { type Message, parse, toolsRefusal } from './rowRules.js';
import { countMessageTokens, countTokens } from './tokens.js';

/** A row to look at, in the order of its rule's columns: messages and other values as JSON texts, plain texts, tools. */
export type RowTask = {
  readonly lists: readonly (readonly string[])[];
  readonly texts: readonly string[];
  readonly values: readonly string[];
  readonly tools: string | null;
};
export type RowsTask = {
  readonly dataset: string;
  readonly columns: readonly Column[];
  readonly rows: readonly RowTask[];
};
/** `tokens` counts a row that may be written; `refusal` says why another may not. */
export type RowVerdict = { readonly tokens: number; readonly refusal: string | null };

parentPort?.on('message', (task: RowsTask) => parentPort?.postMessage(judgeTask(task)));

/** The verdicts of a task's rows, in their order. */
export function judgeTask({ dataset, columns, rows }: RowsTask): RowVerdict[] {
  const rule = ruleOf(dataset, columns);
  return rows.map((row) => judge(row, rule));
}

function judge({ lists, texts, values, tools }: RowTask, rule: DatasetRule): RowVerdict {
  const messages = lists.map((list) => list.map(parse));
  const named = <T>(names: readonly string[], of: readonly T[]) =>
    Object.fromEntries(names.map((name, index) => [name, of[index] as T]));
  const row = { lists: named(rule.lists, messages), values: named(rule.values, values.map(parse)) };
  const refusal =
    rule.refusal(row) ??
    toolsRefusal(tools) ??
    (texts.some((text) => text.trim() === '') ? 'empty text' : null);
  if (refusal !== null) return { tokens: 0, refusal };
  const counts = [
    ...messages.map((list) => countMessageTokens(list as Message[])),
    ...texts.map(countTokens),
    ...((row.values.completions as string[] | undefined) ?? []).map(countTokens),
  ];
  return { tokens: counts.reduce((sum, count) => sum + count, 0), refusal };
}
