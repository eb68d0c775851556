import { parentPort } from 'node:worker_threads';
import { type Message, messagesRefusal, parse, type RowRules, toolsRefusal } from './rowRules.js';
import { countMessageTokens, countTokens } from './tokens.js';

/** A row to look at: its lists of messages as JSON texts, its plain texts, its tools. */
export type RowTask = {
  readonly lists: readonly (readonly string[])[];
  readonly texts: readonly string[];
  readonly tools: string | null;
};
export type RowsTask = { readonly rules: RowRules; readonly rows: readonly RowTask[] };
/** `tokens` counts a row that may be written; `refusal` says why another may not. */
export type RowVerdict = { readonly tokens: number; readonly refusal: string | null };

parentPort?.on('message', ({ rules, rows }: RowsTask) => {
  parentPort?.postMessage(rows.map((row) => judge(row, rules)));
});

function judge({ lists, texts, tools }: RowTask, rules: RowRules): RowVerdict {
  const parsed = lists.map((list) => list.map(parse));
  const refusals = [...parsed.map((messages) => messagesRefusal(messages, rules)), toolsRefusal(tools)];
  const refusal = refusals.find((reason) => reason !== null) ?? (texts.includes('') ? 'empty text' : null);
  if (refusal !== null) return { tokens: 0, refusal };
  const inMessages = parsed.map((messages) => countMessageTokens(messages as Message[]));
  const counts = [...inMessages, ...texts.map(countTokens)];
  return { tokens: counts.reduce((sum, count) => sum + count, 0), refusal };
}
