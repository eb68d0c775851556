/** A piece of a row's text under the name of its column. */
export type Part = { readonly column: string; readonly text: string };

/** Columns that hold text for people, in the order it is read in. */
const textColumns = [
  'question',
  'answer',
  'messages',
  'prompt',
  'candidates',
  'logged_action',
  'override_action',
  'completion',
  'completions',
  'chosen',
  'rejected',
  'final_answer',
  'need',
  'user_intent',
  'chosen_task',
  'title',
  'label',
  'words',
  'comment',
  'tool_name',
  'arguments',
  'result',
  'text',
  'output',
  'payload',
  'content',
];

/** The text of a row, piece by piece; chat messages under who speaks. `text` is passed over where it repeats the others. */
export function textParts(row: Readonly<Record<string, unknown>>): Part[] {
  return textColumns
    .filter((column) => row[column] !== null && row[column] !== undefined)
    .filter(
      (column) => !(column === 'text' && 'question' in row) && !(column === 'label' && 'label_source' in row),
    )
    .flatMap((column) =>
      column === 'candidates'
        ? [{ column, text: [row[column]].flat().join(', ') }]
        : [row[column]].flat().flatMap((value) => partsOf(column, value)),
    )
    .filter(({ text }) => text.trim() !== '');
}

function partsOf(column: string, value: unknown): Part[] {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const message = text.startsWith('{"role":') ? parsed(text) : undefined;
  if (message === undefined) return [{ column, text }];
  const calls = (message.tool_calls ?? []) as { function: { name: string; arguments: unknown } }[];
  const by = column === 'messages' || column === 'prompt' ? String(message.role) : column;
  return [
    { column: 'reasoning', text: String(message.reasoning_content ?? '') },
    { column: by, text: String(message.content ?? '') },
    ...calls.map(({ function: call }) => ({
      column: 'call',
      text: `${call.name} ${JSON.stringify(call.arguments)}`,
    })),
  ];
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What stands beside the words of a line: ids, places, versions. */
const notWords = /^(cwd|gitBranch|version|type|role|model|timestamp|\w*(id|Id|uuid|Uuid))$/;

/** The strings in a JSON text that may be words, JSON inside strings included; of other text the text itself. */
function stringsIn(text: string): string[] {
  const strings: string[] = [];
  const collect = (value: unknown): void => {
    if (typeof value === 'string') {
      strings.push(value);
      if (/^\s*[[{]/.test(value)) {
        const inner = parsed(value);
        if (inner !== undefined) collect(inner);
      }
    } else if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) if (!notWords.test(key)) collect(inner);
  };
  const value = parsed(text);
  if (value === undefined) return [text];
  collect(value);
  return strings;
}

/**
 * Where in a line the longest of its strings stands that the row says, too; undefined where the row says none of them.
 * Only beginnings are compared: the row may have cut what follows.
 */
export function sharedPlace(line: string, rowText: string): number | undefined {
  const beginnings = stringsIn(line)
    .map((text) => text.trim().slice(0, 80))
    .filter((text) => text.length >= 4 && rowText.includes(text))
    .sort((a, b) => b.length - a.length);
  for (const text of beginnings) {
    const place = line.indexOf(JSON.stringify(text).slice(1, -1));
    if (place >= 0) return place;
  }
  return beginnings.length > 0 ? 0 : undefined;
}
