import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findContamination } from '../pipelines/lib/decontamination.js';
import { loadMacros } from '../pipelines/lib/macros.js';
import { readSqlFolder } from '../pipelines/lib/model.js';
import { type DuckDB, openDuckDB, quote } from '../pipelines/lib/warehouse.js';
import { redactionPolicy } from './support/redaction.js';

const sqlFolder = fileURLToPath(new URL('../../sql', import.meta.url));
let folder = '';
let duckdb: DuckDB;
before(async () => {
  // Characters of a pattern in the path: DuckDB must not take them for one.
  folder = await mkdtemp(join(tmpdir(), 'tracemill-[x]*'));
  duckdb = await openDuckDB();
  await loadMacros(duckdb.connection, (await readSqlFolder(sqlFolder)).macros, await redactionPolicy());
});
after(async () => {
  duckdb.close();
  await rm(folder, { recursive: true, force: true });
});

/** The words `w1 w2 …`, from one number to another. */
const words = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `w${from + index}`).join(' ');

async function write(name: string, content: string): Promise<string> {
  await writeFile(join(folder, name), content);
  return join(folder, name);
}

/** Row id -> the item it holds. */
async function find(benchmarks: string[], texts: Record<string, string>) {
  const { connection } = duckdb;
  const rows = Object.entries(texts).map(
    ([id, text]) => `select 'sft' as dataset, ${quote(id)} as id, ${quote(text)} as text`,
  );
  await findContamination({ connection, benchmarks, rows: rows.join(' union all ') });
  const found = await connection.runAndReadAll('select id, item from contaminated order by id');
  return Object.fromEntries(found.getRowsJS());
}

test('thirteen words in the middle of a long text are found, twelve are not; the item is named', async () => {
  const path = await write(
    'math.jsonl',
    `{"id": 1, "q": "other"}\n${JSON.stringify({ q: { deep: [words(1, 20)] } })}\n`,
  );
  const long = (inside: string) => `${'filler text '.repeat(3000)} ${inside} ${'more of it '.repeat(3000)}`;
  assert.deepEqual(
    await find([path], {
      thirteen: long(words(5, 17)),
      twelve: long(words(5, 16)),
      end: words(8, 20),
      beyond: words(9, 20),
      turned: long(words(5, 17).split(' ').reverse().join(' ')),
    }),
    { thirteen: 'math.jsonl:2', end: 'math.jsonl:2' },
  );
});

test('case, punctuation, white space and Unicode forms do not hide a match', async () => {
  const text = 'Wie viele Äpfel hat Zoë, wenn sie drei von zwölf Äpfeln an Öztürk verschenkt?';
  const path = await write('de.txt', `first paragraph\n\n${text}\n`);
  const other = text.normalize('NFD').toUpperCase().replaceAll(' ', ' \n ').replace(',', ' –');
  assert.deepEqual(await find([path], { other, less: other.slice(20) }), { other: 'de.txt:2' });
});

test('an item of eight to twelve words is looked for as a whole; a shorter one not at all', async () => {
  const path = await write('short.json', JSON.stringify([words(1, 7), words(11, 18), words(31, 42)]));
  assert.deepEqual(
    await find([path], {
      seven: words(1, 7),
      eight: `a ${words(11, 18)} b`,
      twelve: words(31, 42),
      eleven: words(31, 41),
      tail: words(12, 18),
    }),
    { eight: 'short.json:2', twelve: 'short.json:3' },
  );
});

test('the text columns of Parquet, by row', async () => {
  const path = join(folder, 'bench.parquet');
  await duckdb.connection.run(
    `copy (select * from (values (1, 'x', ${quote(words(1, 13))}), (2, ${quote(words(21, 33))}, 'y')) as rows (n, a, b))
     to ${quote(path)} (format parquet)`,
  );
  assert.deepEqual(await find([path], { one: words(1, 13), two: words(20, 40), none: words(40, 60) }), {
    one: 'bench.parquet:1',
    two: 'bench.parquet:2',
  });
});

test('a benchmark that is missing, broken or empty is an error that names it', async () => {
  const broken = await write('broken.jsonl', '{"a": "b"}\n{"a": \n');
  const empty = await write('empty.txt', '');
  await assert.rejects(
    find([join(folder, 'none.txt')], { a: 'b' }),
    /none\.txt: cannot be read; name a file/,
  );
  await assert.rejects(
    find([broken], { a: 'b' }),
    /broken\.jsonl: line 2 is not JSON; correct it or name it \.txt/,
  );
  await assert.rejects(find([empty], { a: 'b' }), /empty\.txt: holds no text/);
  const parquet = await write('no.parquet', 'PAR1');
  await assert.rejects(find([parquet], { a: 'b' }), /no\.parquet: cannot be read as Parquet/);
});
