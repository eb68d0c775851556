import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors.js';

/** One SELECT of the sql folder and what its header promises. */
export type Model = {
  /** The table it makes: `core.turns` for sql/core/turns.sql. */
  readonly name: string;
  /** Where it was read, for people: `sql/core/turns.sql`. */
  readonly file: string;
  /** The whole text of the file. */
  readonly sql: string;
  readonly grain: string;
  /** A claim of sql/checks: it makes no table and returns the rows that break it. */
  readonly isCheck: boolean;
  readonly partitioned: boolean;
  /** A whole model written as one file a day. */
  readonly split: boolean;
  readonly key: readonly string[];
  readonly notNull: readonly string[];
  readonly checks: readonly string[];
  /** What each column holds, where the header says it. */
  readonly columns: ReadonlyMap<string, string>;
};

/** A shared expression: `text` is its `create or replace macro …` statement. */
export type Macro = { readonly name: string; readonly text: string };

export type SqlFolder = { readonly models: readonly Model[]; readonly macros: readonly Macro[] };

const tags = ['partition', 'split', 'key', 'not_null', 'check', 'column'];
// raw and the rest are the lake's, not made by models; clickhouse holds DDL for another engine, reports what verbs ask.
const otherFolders = ['macros', 'clickhouse', 'reports', 'raw', 'commits', 'drafts'];

/** SHA-256 in hex, or its first `digits` digits. */
export function sha256(text: string, digits = 64): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}

/** Every model, check and macro of a sql folder, in name order. */
export async function readSqlFolder(folder: string): Promise<SqlFolder> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.sql')).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  const models: Model[] = [];
  const macros: Macro[] = [];
  for (const [index, file] of files.entries()) {
    const text = texts[index] ?? '';
    const [layer = '', ...rest] = file.split('/');
    if (layer === 'macros') macros.push(...readMacros(`sql/${file}`, text));
    else if (rest.length === 1 && !otherFolders.includes(layer)) models.push(readModel(file, text));
  }
  return { models, macros };
}

/** A model from its file's text; `file` is its path in the sql folder. Throws a UserError that names the line. */
export function readModel(file: string, text: string): Model {
  const where = `sql/${file}`;
  const fail = (line: number, problem: string) => new UserError(`${where}:${line}: ${problem}`);
  const name = file.replace(/\.sql$/, '').replace('/', '.');
  if (!/^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/.test(name)) {
    throw fail(1, 'the path is the table, so it must be lower case words; rename the file');
  }
  const isCheck = name.startsWith('checks.');
  const { grain, found } = readHeader(text, fail);
  const values = (tag: string) => found.filter((entry) => entry.tag === tag);
  const list = (tag: string) =>
    values(tag).flatMap(({ value }) => value.split(',').map((word) => word.trim()));
  for (const { tag, value, line } of found) {
    if (!tags.includes(tag)) throw fail(line, `unknown tag @${tag}; use @${tags.join(', @')}`);
    if (value === '') throw fail(line, `@${tag} says nothing; write what it is about after it`);
    if ((tag === 'partition' || tag === 'split') && value !== 'day')
      throw fail(line, `write \`@${tag} day\``);
  }
  if (values('partition').length > 0 && values('split').length > 0) {
    throw fail(1, '@partition and @split exclude each other; keep @split if the model must see all days');
  }
  if (!isCheck && list('key').length === 0)
    throw fail(1, 'has no key; add `-- @key <columns>` that name one row');
  if (text.trimEnd().endsWith(';')) throw fail(text.trimEnd().split('\n').length, 'leave out the semicolon');
  const columns = values('column').map(({ value }) => {
    const [column = '', ...words] = value.split(/\s+/);
    return [column, words.join(' ')] as const;
  });
  return {
    name,
    file: where,
    sql: text.trimEnd(),
    grain,
    isCheck,
    partitioned: values('partition').length > 0,
    split: values('split').length > 0,
    key: list('key'),
    notNull: list('not_null'),
    checks: values('check').map(({ value }) => value),
    columns: new Map(columns),
  };
}

type Tag = { readonly tag: string; readonly value: string; readonly line: number };

/** The comment lines above the SELECT: the grain, then tags; a line indented by three or more goes on with its tag. */
function readHeader(text: string, fail: (line: number, problem: string) => UserError) {
  const found: Tag[] = [];
  const lines = text.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('--'));
  const header = lines.slice(0, end < 0 ? lines.length : end);
  const grain = /^-- ?([^@\s].*)$/.exec(header[0] ?? '')?.[1];
  if (grain === undefined) throw fail(1, 'has no grain; begin with `-- One row per …`');
  for (const [index, line] of header.entries()) {
    const tag = /^-- ?@(\w*)\s*(.*?)\s*$/.exec(line);
    const more = /^--\s{3,}(.*?)\s*$/.exec(line)?.[1];
    const last = found.at(-1);
    if (tag) found.push({ tag: tag[1] ?? '', value: tag[2] ?? '', line: index + 1 });
    else if (more !== undefined && last)
      found[found.length - 1] = { ...last, value: `${last.value} ${more}` };
  }
  return { grain, found };
}

function readMacros(file: string, text: string): Macro[] {
  const begin = /^create or replace macro\b/i;
  const statements = text
    .split(/^(?=create or replace macro\b)/im)
    .filter((statement) => begin.test(statement));
  if (statements.length === 0)
    throw new UserError(`${file}: no \`create or replace macro\`; write one or remove the file`);
  return statements.map((statement) => {
    const name = /^create or replace macro\s+(\w+)\s*\(/i.exec(statement)?.[1];
    if (name === undefined || /^create or replace macro[^)]*\)\s*as\s+table\b/i.test(statement)) {
      const first = statement.split('\n')[0];
      throw new UserError(
        `${file}: \`${first}\` is no scalar macro; a model's inputs must stand in the model itself`,
      );
    }
    return { name: name.toLowerCase(), text: statement };
  });
}
