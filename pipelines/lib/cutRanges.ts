import { createHash, type Hash } from 'node:crypto';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { UserError } from '../errors.js';
import { type CommitRow, commitColumns } from './commits.js';
import { lineHash } from './purgedLines.js';
import { quote } from './warehouse.js';

type Piece = {
  start: number;
  end: number;
  lines: number;
  firstLine: number;
  hash: Hash;
  isGone: boolean;
  files: Set<string>;
  hashes: string[];
};

/** The rows that say what became of each range that held a forgotten line: pieces that stay, and pieces that are gone. */
export async function cutRanges(options: {
  connection: DuckDBConnection;
  lake: string;
  id: string;
  now: Date;
  renamed: ReadonlyMap<string, string | null>;
}): Promise<CommitRow[]> {
  const { connection, lake, id, now, renamed } = options;
  const columns = Object.keys(commitColumns).map((name) => `ranges.${name}`);
  const reader = await connection.runAndReadAll(`
    select ${columns.join(', ')}, coalesce(superseded.file_key is not null, false) as is_superseded
    from ranges
    left join raw_superseded as superseded on
      superseded.file_key = ranges.file_key
      and superseded.byte_offset = ranges.start_offset
      and superseded.byte_length = ranges.end_offset - ranges.start_offset
    where exists (
      select 1 from forgotten_rows as gone
      where gone.file_key = ranges.file_key
        and gone.byte_offset >= ranges.start_offset
        and gone.byte_offset + gone.byte_length <= ranges.end_offset
    )
    order by ranges.file_key, ranges.start_offset, ranges.end_offset`);
  const rows: CommitRow[] = [];
  for (const { is_superseded, ...found } of reader.getRowObjectsJson()) {
    const range = {
      ...(found as unknown as CommitRow),
      start_offset: Number(found.start_offset),
      end_offset: Number(found.end_offset),
      first_line_no: Number(found.first_line_no),
      size: Number(found.size),
      mtime_ms: Number(found.mtime_ms),
      inode: Number(found.inode),
    };
    const pieces = await cut({ connection, lake, range, isSuperseded: is_superseded === true });
    rows.push(
      ...pieces.map((piece) => ({
        ...range,
        op: 'purge' as const,
        batch_id: id,
        committed_at: now.toISOString(),
        start_offset: piece.start,
        end_offset: piece.end,
        sha256: piece.hash.digest('hex'),
        lines: piece.lines,
        first_line_no: piece.firstLine,
        tail_sha256: null,
        raw_files: piece.isGone
          ? []
          : [...piece.files].flatMap((file) => (renamed.has(file) ? (renamed.get(file) ?? []) : file)),
        replaces: [`${range.start_offset}-${range.end_offset}`, ...piece.hashes],
      })),
    );
  }
  return rows;
}

/** Cuts one range; its bytes must still be those of the log, for what is gone cannot be looked at again. */
async function cut(options: {
  connection: DuckDBConnection;
  lake: string;
  range: CommitRow & { start_offset: number; end_offset: number; first_line_no: number };
  isSuperseded: boolean;
}): Promise<Piece[]> {
  const { connection, lake, range, isSuperseded } = options;
  const whole = createHash('sha256');
  const pieces: Piece[] = [];
  let at = range.start_offset;
  let line = range.first_line_no;
  const gone = await placesOf(connection, range);
  for await (const row of sortedRows({ connection, lake, range, isSuperseded })) {
    const isGone = gone.has(`${row.offset}/${row.length}`);
    let piece = pieces.at(-1);
    if (piece === undefined || piece.isGone !== isGone) {
      const hash = createHash('sha256');
      piece = { start: at, end: at, lines: 0, firstLine: line, hash, isGone, files: new Set(), hashes: [] };
      pieces.push(piece);
    }
    whole.update(row.bytes);
    piece.hash.update(row.bytes);
    piece.end = row.offset + row.length;
    piece.lines += 1;
    piece.files.add(row.file);
    if (isGone) piece.hashes.push(lineHash(row.bytes));
    if (row.offset !== at) break;
    at = piece.end;
    line += 1;
  }
  if (at !== range.end_offset || whole.digest('hex') !== range.sha256) {
    throw new UserError(
      `${range.source}/${range.source_path}: its lines in the lake differ from the log; run \`tracemill verify\` and mend it before you purge`,
    );
  }
  return pieces;
}

async function placesOf(connection: DuckDBConnection, range: CommitRow): Promise<Set<string>> {
  const reader = await connection.runAndReadAll(`
    select byte_offset::double, byte_length::double from forgotten_rows
    where file_key = ${quote(String(range.file_key))}
      and byte_offset >= ${range.start_offset} and byte_offset + byte_length <= ${range.end_offset}`);
  return new Set(reader.getRowsJson().map(([offset, length]) => `${offset}/${length}`));
}

type SortedRow = { file: string; offset: number; length: number; bytes: Buffer };

/** The rows of a range in order, each with its line's bytes and the raw file that holds it. */
async function* sortedRows(options: {
  connection: DuckDBConnection;
  lake: string;
  range: CommitRow;
  isSuperseded: boolean;
}): AsyncGenerator<SortedRow> {
  const { connection, lake, range, isSuperseded } = options;
  const files = range.raw_files.map((file) => quote(join(lake, file)));
  const result = await connection.stream(`
    select
      filename,
      byte_offset,
      byte_length,
      if(bytes is null, encode(line), bytes) || if(
        byte_length > coalesce(octet_length(bytes), strlen(line)), '\x0A'::blob, ''::blob) as content
    from read_parquet([${files.join(', ')}], hive_partitioning = false, filename = true)
    anti join (
      select * from raw_superseded where ${!isSuperseded}
    ) using (file_key, byte_offset, byte_length)
    where file_key = ${quote(String(range.file_key))}
      and byte_offset >= ${range.start_offset}
      and byte_offset + byte_length ${isSuperseded ? '=' : '<='} ${range.end_offset}
    order by byte_offset`);
  for await (const rows of result.yieldRows()) {
    for (const [name, offset, length, content] of rows) {
      const { bytes } = content as { bytes: Uint8Array };
      yield {
        file: String(name).slice(lake.length + 1),
        offset: Number(offset),
        length: Number(length),
        bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      };
    }
  }
}
