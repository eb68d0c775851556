import type { Config } from '../config.js';

/**
 * The longest text that is handed on, in UTF-16 units: at most 3 MB as UTF-8. A zvec collection with a document of 4 MB
 * cannot be opened again after a crash, and ingest reads no event from a line beyond 8 MiB.
 */
export const longestText = 1_000_000;

const beforeQuestion = 'Question: ';
const beforeAnswer = '\n\nAnswer: ';

/** A pair as it is handed on: one text, and how much of the question and the answer is in it. */
export type PairText = {
  readonly text: string;
  readonly question: string;
  readonly answer: string;
  readonly isCut: boolean;
};

/** A pair's words as SEQ_AGENT_QA_INCLUDE_TEXT and SEQ_AGENT_QA_MAX_TEXT_CHARS let them out; nothing else heeds these two. */
export function pairText(
  question: string,
  answer: string,
  { handoffText, handoffMaxChars }: Pick<Config, 'handoffText' | 'handoffMaxChars'>,
): PairText {
  if (!handoffText) return { text: '', question: '', answer: '', isCut: false };
  const whole = `${beforeQuestion}${question}${beforeAnswer}${answer}`;
  const text = cutAtWord(whole, Math.min(handoffMaxChars ?? longestText, longestText));
  return { text, ...splitText(text, question.length), isCut: text.length < whole.length };
}

/** The question and the answer in a text; without the question's length the first answer heading parts them. */
export function splitText(text: string, questionChars?: number): { question: string; answer: string } {
  const start = beforeQuestion.length;
  const heading = text.indexOf(beforeAnswer, start);
  const end = questionChars === undefined ? (heading < 0 ? text.length : heading) : start + questionChars;
  return { question: text.slice(start, end), answer: text.slice(end + beforeAnswer.length) };
}

/** A text of at most `longest` characters, cut before a word where there is one in its last fifth. */
export function cutAtWord(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const cut = text.slice(0, longest + 1);
  const space = cut.search(/\s\S*$/);
  if (space > longest * 0.8) return text.slice(0, space).trimEnd();
  // Not between the halves of a character beyond U+FFFF.
  return /[\uD800-\uDBFF]$/.test(text.slice(0, longest))
    ? text.slice(0, longest - 1)
    : text.slice(0, longest);
}
