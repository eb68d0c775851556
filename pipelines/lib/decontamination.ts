import type { DuckDBConnection } from '@duckdb/node-api';
import { readBenchmarks } from './benchmarkItems.js';

/** Words in a row that a text and a benchmark must share (the n of GPT-3's decontamination). */
const gramWords = 13;
/** An item of fewer words than a gram is looked for as a whole, if it has as many as this: less is common speech. */
const leastWords = 8;

/**
 * Makes the temp table `contaminated(dataset, id, item)`: rows that hold 13 words in a row of a benchmark's item, each with
 * the first such item by name. Case, white space, punctuation, ids and folders do not count. The macros of the sql folder
 * must be loaded. Throws a UserError for a benchmark that cannot be read or holds no text.
 */
export async function findContamination({
  connection,
  benchmarks,
  rows,
}: {
  connection: DuckDBConnection;
  /** Paths of the benchmarks' files. */
  benchmarks: readonly string[];
  /** SQL of the rows to look through: dataset, id, text. */
  rows: string;
}): Promise<void> {
  await readBenchmarks(connection, benchmarks);
  await connection.run(`
    create or replace temp table benchmark_words as
      select item, gram_words(text) as words from benchmark_texts;
    create or replace temp table benchmark_grams as
      select word_count, gram, min(item) as item
      from (${grams('item', `select item, words, least(len(words), ${gramWords}) as word_count from benchmark_words where len(words) >= ${leastWords}`)})
      group by word_count, gram`);
  const counts = await connection.runAndReadAll(
    'select distinct word_count from benchmark_grams order by word_count',
  );
  const lengths = counts.getRows().map(([count]) => Number(count));
  const branches = lengths.map(
    (length) => `
      select dataset, id, item
      from (${grams('dataset, id', `select dataset, id, words, ${length} as word_count from row_words where len(words) >= ${length}`)})
      join benchmark_grams using (word_count, gram)`,
  );
  const nothing = 'select null::varchar as dataset, null::varchar as id, null::varchar as item where false';
  await connection.run(`
    create or replace temp table row_words as select dataset, id, gram_words(text) as words from (${rows});
    create or replace temp table contaminated as
      select dataset, id, min(item) as item from (${branches.length === 0 ? nothing : branches.join(' union all ')})
      group by dataset, id;
    drop table row_words;
    drop table benchmark_words`);
}

/** SQL: every run of `word_count` words of each list `words`, as a number, beside `keys`; lists unnest side by side. */
function grams(keys: string, from: string): string {
  const places = Array.from({ length: gramWords }, (_, index) => index + 1);
  const columns = places.map((place) => `unnest(words[${place}:]) as w${place}`);
  // The words beyond the count stand for none; a run that goes over the end of the text is no run.
  const words = places.map((place) => `case when word_count >= ${place} then w${place} end`);
  const last = places.map((place) => `when ${place} then w${place}`);
  return `select ${keys}, word_count, gram_hash(${words.join(', ')}) as gram
    from (select ${keys}, word_count, ${columns.join(', ')} from (${from}))
    where case word_count ${last.join(' ')} end is not null`;
}
