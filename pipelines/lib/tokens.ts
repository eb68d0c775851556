import { countTokens as countO200k } from 'gpt-tokenizer/encoding/o200k_base';
import type { Message } from './rowRules.js';

/** Longest run of one kind of character that is counted in one piece: the tokenizer's time grows with its square. */
const longestRun = 400;

/** o200k tokens of a text; a run without (or of only) white space above 400 characters is counted in pieces. */
export function countTokens(text: string): number {
  let tokens = 0;
  let start = 0;
  let run = 0;
  let wasSpace = false;
  for (let index = 0; index < text.length; index += 1) {
    const isSpace = text.charCodeAt(index) <= 32;
    run = isSpace === wasSpace ? run + 1 : 1;
    wasSpace = isSpace;
    if (run <= longestRun) continue;
    tokens += countPiece(text.slice(start, index));
    start = index;
    run = 1;
  }
  return tokens + countPiece(text.slice(start));
}

/** o200k tokens of messages: content, reasoning and the arguments of tool calls as JSON; no template around them. */
export function countMessageTokens(messages: readonly Message[]): number {
  let tokens = 0;
  for (const { content, reasoning_content: reasoning, tool_calls: calls = [] } of messages) {
    tokens += countTokens(content) + countTokens(reasoning ?? '');
    for (const call of calls) tokens += countTokens(JSON.stringify(call.function.arguments));
  }
  return tokens;
}

function countPiece(text: string): number {
  // A log may quote <|endoftext|>; here it is text like any other.
  return text === '' ? 0 : countO200k(text, plain);
}

const plain = { disallowedSpecial: new Set<string>() };
