import { escapeHtml } from './htmlTable.js';

/** A chat message as the datasets hold it. */
export type ChatMessage = {
  readonly role: string;
  readonly content?: string | null;
  readonly reasoning_content?: string | null;
  readonly name?: string;
  readonly tool_calls?: readonly {
    readonly function?: { readonly name?: string; readonly arguments?: unknown };
  }[];
  /** Not to be learned from: the step was rejected or interrupted. */
  readonly train?: boolean;
};

/** Messages (also as the JSON text of one) as HTML, with what is longer than `fold` characters folded. */
export function htmlChat(
  messages: readonly (ChatMessage | string)[],
  { caption, fold = 600 }: { caption?: string; fold?: number } = {},
): string {
  const title = caption === undefined ? '' : `<p><b>${escapeHtml(caption)}</b></p>`;
  return `<div style="max-width: 50em">${title}${messages
    .map((message) => (typeof message === 'string' ? (JSON.parse(message) as ChatMessage) : message))
    .map((message) => messageHtml(message, fold))
    .join('\n')}</div>`;
}

const colours: Record<string, string> = {
  system: '#8a8f98',
  user: '#0072b2',
  assistant: '#009e73',
  tool: '#e69f00',
};

function messageHtml(message: ChatMessage, fold: number): string {
  const colour = colours[message.role] ?? '#8a8f98';
  const parts = [
    ...(message.reasoning_content ? [details('reasoning', message.reasoning_content)] : []),
    ...(message.content ? [folded(message.content, fold, message.role === 'tool')] : []),
    ...(message.tool_calls ?? []).map(({ function: called }) =>
      details(`calls ${called?.name ?? 'a tool'}`, JSON.stringify(called?.arguments ?? {}, null, 2), true),
    ),
  ];
  const who = [message.role, message.name, message.train === false ? 'not trained on' : undefined];
  const label = `<b style="color: ${colour}">${escapeHtml(who.filter(Boolean).join(', '))}</b>`;
  const frame = `border-left: 3px solid ${colour}; padding: 2px 0 2px 12px; margin: 10px 0; text-align: left`;
  return `<div style="${frame}">${label}${parts.join('')}</div>`;
}

function folded(text: string, fold: number, isCode: boolean): string {
  // Little is not worth a click.
  if (text.length <= fold * 1.2) return textHtml(text, isCode);
  const end = lastSpace(text, fold);
  const rest = text.slice(end);
  const more = `${rest.length.toLocaleString('en-US')} more characters`;
  return `${textHtml(`${text.slice(0, end)} …`, isCode)}${details(more, rest, isCode)}`;
}

/** The last space before a place, if it is near, so that no word (or surrogate pair) is cut. */
function lastSpace(text: string, place: number): number {
  const found = text.slice(place - 40, place).search(/\s\S*$/);
  if (found >= 0) return place - 40 + found;
  return /[\uD800-\uDBFF]/.test(text[place - 1] ?? '') ? place - 1 : place;
}

function details(summary: string, text: string, isCode = false): string {
  return `<details><summary style="cursor: pointer; opacity: 0.75">${escapeHtml(summary)}</summary>${textHtml(text, isCode)}</details>`;
}

function textHtml(text: string, isCode: boolean): string {
  const font = isCode ? '; font-family: monospace; font-size: 0.9em' : '';
  return `<div style="white-space: pre-wrap; overflow-wrap: anywhere; margin: 2px 0${font}">${escapeHtml(text)}</div>`;
}
