import { createHash, type Hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { groupBy } from './groups.js';
import { quote } from './warehouse.js';

/** A source range of the log, as a check sees it. */
export type LoggedRange = {
  readonly source: string;
  readonly path: string;
  readonly fileKey: string;
  readonly start: number;
  readonly end: number;
  readonly sha256: string;
  readonly lines: number;
  /** 1-based number of its first line in its file. */
  readonly firstLine: number;
  /** None where the range was purged. */
  readonly rawFiles: readonly string[];
  /** A last line that a later range read again, longer. */
  readonly superseded: boolean;
};

type Rebuild = {
  range: LoggedRange;
  hash: Hash;
  at: number;
  lines: number;
  state: 'open' | 'done' | 'unordered';
  /** A row has another line number than its line in the file. */
  misnumbered: boolean;
};
type Row = { fileKey: string; line: number; offset: number; length: number; content: Buffer };

const newline = Buffer.from('\n');

/** Every range of the log by file and offset; after readRanges and rawFilesTable. */
export async function loggedRanges(connection: DuckDBConnection): Promise<LoggedRange[]> {
  const reader = await connection.runAndReadAll(`
    select
      ranges.source, files.source_path, ranges.file_key, ranges.start_offset, ranges.end_offset, ranges.sha256,
      ranges.lines, ranges.first_line_no, ranges.raw_files, superseded.file_key is not null as is_superseded
    from ranges
    join raw_files_state as files using (file_key)
    left join raw_superseded as superseded on
      superseded.file_key = ranges.file_key
      and superseded.byte_offset = ranges.start_offset
      and superseded.byte_length = ranges.end_offset - ranges.start_offset
    order by ranges.source, files.source_path, ranges.file_key, ranges.start_offset, ranges.end_offset`);
  return reader.getRowObjectsJson().map((row) => ({
    source: String(row.source),
    path: String(row.source_path),
    fileKey: String(row.file_key),
    start: Number(row.start_offset),
    end: Number(row.end_offset),
    sha256: String(row.sha256),
    lines: Number(row.lines),
    firstLine: Number(row.first_line_no),
    rawFiles: row.raw_files as unknown as string[],
    superseded: row.is_superseded === true,
  }));
}

/** `source/path[start, end)`: how a range is named to people. */
export function rangeName(range: LoggedRange): string {
  return `${range.source}/${range.path} [${range.start}, ${range.end})`;
}

/**
 * Rebuilds every range from the raw files and compares it with the log; gives what differs, in words. Each raw file is read once,
 * in its own order; ranges whose rows lie across days or out of order are read again one at a time, sorted.
 */
export async function checkRanges(options: {
  connection: DuckDBConnection;
  lake: string;
  ranges: readonly LoggedRange[];
  onBytes: (count: number) => void;
}): Promise<string[]> {
  const { connection, lake, onBytes } = options;
  const problems: string[] = [];
  const rebuilds = indexRanges(options.ranges);
  const named = [...new Set(options.ranges.flatMap(({ rawFiles }) => rawFiles))].sort();
  const missing = new Set(named.filter((file) => !existsSync(join(lake, file))));
  for (const file of missing)
    problems.push(`lake/${file}: is named by the log and missing; restore it from a backup`);
  for (const file of named.filter((name) => !missing.has(name))) {
    try {
      const strays = await checkFile({ connection, lake, file, rebuilds, onBytes });
      if (strays > 0) problems.push(`lake/${file}: ${strays} rows belong to no range of the log`);
    } catch {
      // Whatever DuckDB says of a damaged file quotes its bytes at best.
      missing.add(file);
      problems.push(`lake/${file}: is damaged and cannot be read; restore it from a backup`);
    }
  }
  for (const rebuild of rebuilds.all) {
    if (rebuild.state !== 'done') await rebuildSorted({ connection, lake, rebuild, missing, onBytes });
    const problem = judge(rebuild);
    if (problem !== null) problems.push(`${rangeName(rebuild.range)}: ${problem}`);
  }
  return problems;
}

type Index = { all: Rebuild[]; byFile: Map<string, Rebuild[]>; tails: Map<string, Rebuild> };

function indexRanges(ranges: readonly LoggedRange[]): Index {
  const all = ranges.map((range) => {
    const days = new Set(range.rawFiles.map((file) => file.slice(0, file.lastIndexOf('/'))));
    return begin(range, days.size > 1 ? 'unordered' : 'open');
  });
  const isTail = ({ range }: Rebuild) => range.superseded;
  const tailKey = ({ fileKey, start, end }: LoggedRange) => `${fileKey}/${start}/${end - start}`;
  const byFile = groupBy(
    all.filter((rebuild) => !isTail(rebuild)),
    ({ range }) => range.fileKey,
  );
  return { all, byFile, tails: new Map(all.filter(isTail).map((tail) => [tailKey(tail.range), tail])) };
}

function begin(range: LoggedRange, state: Rebuild['state']): Rebuild {
  return { range, hash: createHash('sha256'), at: range.start, lines: 0, state, misnumbered: false };
}

async function checkFile(options: {
  connection: DuckDBConnection;
  lake: string;
  file: string;
  rebuilds: Index;
  onBytes: (count: number) => void;
}): Promise<number> {
  const { connection, lake, file, rebuilds, onBytes } = options;
  let strays = 0;
  for await (const row of readRows(
    connection,
    `read_parquet(${quote(join(lake, file))}, hive_partitioning = false)`,
  )) {
    const rebuild = rebuilds.tails.get(`${row.fileKey}/${row.offset}/${row.length}`) ?? find(rebuilds, row);
    if (rebuild === undefined || !rebuild.range.rawFiles.includes(file)) strays += 1;
    else if (rebuild.state === 'open') {
      if (rebuild.at === row.offset) add(rebuild, row, onBytes);
      else rebuild.state = 'unordered';
    } else if (rebuild.state === 'done') {
      // A row too many: the sorted reading will show it.
      rebuild.state = 'unordered';
    }
  }
  return strays;
}

/** The range that holds a row, by binary search: ranges of a file follow one another. */
function find(rebuilds: Index, row: Row): Rebuild | undefined {
  const list = rebuilds.byFile.get(row.fileKey) ?? [];
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle]?.range.end ?? 0) <= row.offset) low = middle + 1;
    else high = middle;
  }
  const found = list[low];
  const fits =
    found !== undefined && found.range.start <= row.offset && row.offset + row.length <= found.range.end;
  return fits ? found : undefined;
}

async function rebuildSorted(options: {
  connection: DuckDBConnection;
  lake: string;
  rebuild: Rebuild;
  missing: ReadonlySet<string>;
  onBytes: (count: number) => void;
}): Promise<void> {
  const { connection, lake, rebuild, missing, onBytes } = options;
  const { range } = rebuild;
  const files = range.rawFiles.filter((file) => !missing.has(file)).map((file) => quote(join(lake, file)));
  Object.assign(rebuild, begin(range, 'open'));
  if (files.length === 0) return;
  const same = range.superseded ? '=' : '<=';
  const rows = readRows(
    connection,
    `read_parquet([${files.join(', ')}], hive_partitioning = false)
      anti join (
        select * from raw_superseded where ${!range.superseded}
      ) using (file_key, byte_offset, byte_length)
      where file_key = ${quote(range.fileKey)} and byte_offset >= ${range.start}
        and byte_offset + byte_length ${same} ${range.end}
      order by byte_offset`,
  );
  for await (const row of rows) {
    if (rebuild.state === 'open' && rebuild.at === row.offset) add(rebuild, row, onBytes);
    else rebuild.state = 'unordered';
  }
}

function add(rebuild: Rebuild, row: Row, onBytes: (count: number) => void): void {
  rebuild.misnumbered ||= row.line !== rebuild.range.firstLine + rebuild.lines;
  rebuild.hash.update(row.content);
  if (row.length > row.content.length) rebuild.hash.update(newline);
  rebuild.at += row.length;
  rebuild.lines += 1;
  onBytes(row.length);
  if (rebuild.at >= rebuild.range.end) rebuild.state = 'done';
}

function judge(rebuild: Rebuild): string | null {
  const { range, at, lines, state } = rebuild;
  if (state === 'unordered') return 'its rows in the lake overlap or leave gaps';
  if (at !== range.end)
    return `${range.end - at} of its ${range.end - range.start} bytes are missing in the lake`;
  if (lines !== range.lines) return `${lines} rows in the lake, ${range.lines} lines in the log`;
  if (rebuild.hash.digest('hex') !== range.sha256) return 'the bytes in the lake differ from the log';
  return rebuild.misnumbered ? 'rows in the lake have other line numbers than their lines in the file' : null;
}

async function* readRows(connection: DuckDBConnection, from: string): AsyncGenerator<Row> {
  const result = await connection.stream(
    // Bytes stand where the line is no text: both at once would be two contents for one line.
    `select file_key, line_no, byte_offset, byte_length, case
       when bytes is null then encode(line) when line is null then bytes else encode('line and bytes') end
     from ${from}`,
  );
  for await (const rows of result.yieldRows()) {
    for (const [fileKey, line, offset, length, content] of rows) {
      const bytes = (content as { bytes: Uint8Array } | null)?.bytes ?? new Uint8Array();
      yield {
        fileKey: String(fileKey),
        line: Number(line),
        offset: Number(offset),
        length: Number(length),
        content: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      };
    }
  }
}
