import type { Project } from './graph.js';
import type { TableColumn, Tables } from './tables.js';

/** What a column holds; `from` is the table whose words these are, null where they are its own. */
export type ColumnWords = { readonly text: string; readonly from: string | null };

/** Table -> column -> words; a column that nobody describes is absent. */
export type Words = ReadonlyMap<string, ReadonlyMap<string, ColumnWords>>;

// What no model makes is described here, once: the columns of raw, and those that the runner writes itself.
const rawWords: Readonly<Record<string, string>> = {
  source: 'The kind of log: claude, codex, claude_files, seq or events.',
  source_path: 'The file, relative to the root of its source; where it moved, its present place.',
  file_key:
    'Hash of source, first path and generation: it stays when the file is moved or compressed; a rewritten one has another.',
  line_no: 'Number of the line in its file, from 1.',
  byte_offset: 'Where the line begins in its file, in bytes from 0; of a compressed file in what it holds.',
  byte_length: 'Length of the line in bytes, with its newline.',
  line: 'The line as it stands in the file; null where its bytes are not valid UTF-8.',
  bytes: 'The bytes of a line that is not valid UTF-8; null otherwise.',
  generation: 'How many times the file had been rewritten when this was read, from 0.',
  is_current: 'Whether this is of the newest generation of its file.',
};
const runnerWords: Readonly<Record<string, string>> = {
  day: 'The partition: the day (UTC) on which the session began, or of the row itself where it belongs to no session.',
  redaction_policy: 'Version of the redaction policy under which the row was made; the runner writes it.',
};

/**
 * The words of every column: of its model's own header, else inherited from the column of the same name that it is passed
 * on from; of a union the first branch that has words.
 */
export function describeColumns({ nodes }: Project, tables: Tables): Words {
  const headers = new Map(nodes.map((node) => [node.name, node.columns]));
  const words = new Map<string, Map<string, ColumnWords>>();
  // In building order, so that what is inherited is there.
  for (const [table, columns] of tables) {
    const own = table.startsWith('raw.') ? new Map(Object.entries(rawWords)) : headers.get(table);
    const found = new Map<string, ColumnWords>();
    for (const column of columns) {
      const text = own?.get(column.name) ?? runnerWords[column.name];
      const told = text === undefined ? inherited(column, words) : { text, from: null };
      if (told?.text) found.set(column.name, told);
    }
    words.set(table, found);
  }
  return words;
}

/** Columns without words, as `core.turns: question, answer`, a line a table. */
export function silentColumns(tables: Tables, words: Words): string[] {
  return [...tables].flatMap(([table, columns]) => {
    const silent = columns.filter(({ name }) => !words.get(table)?.has(name)).map(({ name }) => name);
    return silent.length > 0 ? [`${table}: ${silent.join(', ')}`] : [];
  });
}

function inherited({ name, sources, isPassedOn }: TableColumn, words: Words): ColumnWords | undefined {
  for (const source of isPassedOn ? sources : []) {
    const table = source.split('.').slice(0, 2).join('.');
    const told = source === `${table}.${name}` ? words.get(table)?.get(name) : undefined;
    if (told) return { text: told.text, from: told.from ?? table };
  }
  return undefined;
}
