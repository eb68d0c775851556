import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { exitCodes, UserError } from '../errors.js';
import { quote } from './warehouse.js';

/** Characters from which on a text is taken for the same wherever it stands: shorter ones stand in logs that have nothing to do with one another. */
export const tellingChars = 40;

/**
 * Adds to the temp table found_places the lines of raw that hold the texts of some hashes; exit 2 where one is of none.
 * The lines that the tables name for a text, every line anywhere that holds 40 characters or more of it as it is, and for a
 * shorter one those of the same files that hold it as a whole JSON string (the other places where a log repeats it).
 */
export async function findTexts(options: {
  connection: DuckDBConnection;
  lake: string;
  hashes: readonly string[];
}): Promise<void> {
  const { connection, lake, hashes } = options;
  if (hashes.length === 0) return;
  await connection.run('create temp table wanted (hash varchar)');
  for (const hash of hashes) await connection.run(`insert into wanted values (${quote(hash.toLowerCase())})`);
  await connection.run(`create temp table found_texts as ${quickly}`);
  if ((await unfound(connection)).length > 0) await connection.run(`insert into found_texts ${slowly}`);
  const [none] = await unfound(connection);
  if (none !== undefined) {
    throw new UserError(
      `--text-hash ${none}: no text of the lake has this hash; of a row of a dataset name its session, nothing was forgotten`,
      { exitCode: exitCodes.usage },
    );
  }
  await connection.run(
    'insert into found_places select distinct file_key, byte_offset from found_texts where file_key is not null',
  );
  await searchRaw(connection, lake);
}

// Hashes that stand in tables: of pairs, prompts and payloads; and the SHA-256 of one step's text.
const quickly = `
  with turns as (
    select wanted.hash, turns.turn_id, part.unnest as whole_text
    from wanted
    join core.pair_hashes as pairs
      on wanted.hash in (pairs.question_hash, pairs.answer_hash, pairs.content_hash, pairs.qa_id)
    join core.turns as turns using (turn_id),
      unnest(list_concat(
        case when wanted.hash <> pairs.answer_hash then [turns.question] else [] end,
        case when wanted.hash <> pairs.question_hash then [turns.final_answer] else [] end)) as part
    union all
    select wanted.hash, turns.turn_id, turns.question
    from wanted
    join core.turns as turns on turns.prompt_hash = wanted.hash
  )
  select hash, null::varchar as file_key, null::bigint as byte_offset, whole_text as text from turns
  union
  select turns.hash, steps.file_key, steps.byte_offset, steps.text
  from turns
  join core.steps as steps using (turn_id)
  where steps.kind in ('prompt', 'steer', 'text') and has_words(steps.text)
    and contains(turns.whole_text, trim(steps.text, ' ' || chr(9) || chr(10) || chr(13)))
  union
  select wanted.hash, steps.file_key, steps.byte_offset, steps.text
  from wanted
  join core.steps as steps on sha256(steps.text) = wanted.hash
  union
  select wanted.hash, events.file_key, events.byte_offset, null
  from wanted
  join staging.event_rows as events on events.payload_hash = wanted.hash
  union
  select wanted.hash, events.file_key, events.byte_offset, noted.question
  from wanted
  join events.noted_pairs as noted on wanted.hash in (noted.question_hash, noted.answer_hash, noted.content_hash)
  join staging.event_rows as events using (event_id)
  union
  select
    wanted.hash, events.file_key, events.byte_offset,
    case when wanted.hash = answers.prompt_hash then answers.prompt else answers.output end
  from wanted
  join events.answers as answers on wanted.hash in (answers.prompt_hash, answers.output_hash)
  join staging.event_rows as events
    on events.event_id = case when wanted.hash = answers.prompt_hash then answers.input_event else answers.output_event end`;

// The normal text of every step: minutes on a large lake, so only for what is found nowhere else.
const slowly = `
  select wanted.hash, steps.file_key, steps.byte_offset, steps.text
  from core.steps as steps
  join wanted on text_hash(steps.text) = wanted.hash
  where steps.text is not null`;

async function unfound(connection: DuckDBConnection): Promise<string[]> {
  const reader = await connection.runAndReadAll(
    'select hash from wanted where hash not in (select hash from found_texts) order by hash',
  );
  return reader.getRowsJson().map(([hash]) => String(hash));
}

async function searchRaw(connection: DuckDBConnection, lake: string): Promise<void> {
  const reader = await connection.runAndReadAll(
    'select distinct text from found_texts where has_words(text)',
  );
  const needles = reader.getRowsJson().map(([text]) => needleOf(String(text)));
  const holdsAny = (isTelling: boolean) =>
    needles
      .filter((needle) => needle.isTelling === isTelling)
      .map(({ words }) => `contains(line, ${quote(words)})`)
      .join(' or ');
  const [long, short] = [holdsAny(true), holdsAny(false)];
  const holds = [
    ...(long === '' ? [] : [long]),
    ...(short === '' ? [] : [`(file_key in (select file_key from found_texts) and (${short}))`]),
  ];
  if (holds.length === 0) return;
  const files = await connection.runAndReadAll(
    'select distinct unnest(raw_files) as file from ranges order by file',
  );
  for (const [file] of files.getRowsJson()) {
    await connection.run(`
      insert into found_places
      select file_key, byte_offset
      from read_parquet(${quote(join(lake, String(file)))}, hive_partitioning = false)
      where (${holds.join(' or ')}) and not contains(line, '"data.forgotten"')`);
  }
}

/** A text as a line of JSON holds it: its longest part without a placeholder, or where that is short the whole string. */
function needleOf(text: string): { words: string; isTelling: boolean } {
  const parts = text.trim().split(/<[A-Z]+(?::[a-z0-9-]+)?:[0-9a-f]{12}>|~/);
  const longest = parts.reduce((best, part) => (part.length > best.length ? part : best), '').trim();
  if (longest.length >= tellingChars) return { words: JSON.stringify(longest).slice(1, -1), isTelling: true };
  return { words: JSON.stringify(text.trim()), isTelling: false };
}
