import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { readCommits } from './commits.js';
import { rawDays } from './rawState.js';
import type { LinePlace } from './rowOrigins.js';
import { quote } from './warehouse.js';

/** A line of a log as raw has it. Purged lines are gone; of forgotten ones the bytes are not given either. */
export type RawLine = LinePlace & {
  readonly source: string;
  readonly state: 'kept' | 'forgotten' | 'purged';
  /** Its bytes without the newline; null where they are gone. */
  readonly bytes: Uint8Array | null;
};

/** The lines at these places, in their order. */
export async function readRawLines(
  connection: DuckDBConnection,
  lake: string,
  places: readonly LinePlace[],
): Promise<RawLine[]> {
  if (places.length === 0) return [];
  await readCommits(connection, lake);
  const days = await rawDays(connection);
  const values = places.map(
    ({ fileKey, byteOffset, byteLength, day }) =>
      `(${quote(fileKey)}, ${byteOffset}, ${byteLength}, ${quote(day)})`,
  );
  await connection.run(`create or replace temp table asked_lines as
    select
      asked.*,
      files.source,
      coalesce(files.is_forgotten, false) or forgotten.file_key is not null as is_forgotten
    from (values ${values.join(', ')}) as asked (file_key, byte_offset, byte_length, day)
    left join raw_files_state as files using (file_key)
    left join raw_forgotten as forgotten using (file_key, byte_offset)`);
  const asked = await connection.runAndReadAll(
    'select distinct source, day from asked_lines where source is not null',
  );
  const wanted = new Set(asked.getRowsJson().map(([source, day]) => `${source} ${day}`));
  const files = days.filter(({ source, day }) => wanted.has(`${source} ${day}`)).flatMap((day) => day.files);
  const raw =
    files.length === 0
      ? 'select null::varchar as file_key, null::bigint as byte_offset, null::bigint as byte_length, null::blob as content where false'
      : `select file_key, byte_offset, byte_length, coalesce(encode(line), bytes) as content
        from read_parquet([${files.map((file) => quote(join(lake, file))).join(', ')}],
          union_by_name = true, hive_partitioning = false)`;
  const reader = await connection.runAndReadAll(`
    select asked.file_key, asked.byte_offset::double, asked.source, asked.is_forgotten, any_value(raw.content)
    from asked_lines as asked
    left join (${raw}) as raw using (file_key, byte_offset, byte_length)
    group by all`);
  const found = new Map(reader.getRowsJS().map((row) => [`${row[0]} ${row[1]}`, row]));
  return places.map((place) => {
    const [, , source, isForgotten, content] = found.get(`${place.fileKey} ${place.byteOffset}`) ?? [];
    const isKept = content instanceof Uint8Array && isForgotten !== true;
    return {
      ...place,
      source: String(source ?? 'unknown'),
      state: isKept ? 'kept' : content instanceof Uint8Array ? 'forgotten' : 'purged',
      bytes: isKept ? content : null,
    };
  });
}
