import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { quote } from '../../pipelines/lib/warehouse.js';

/** One log file's lines as SQL rows of `raw.<source>`. */
export type RawLines = { readonly source: string; readonly rows: readonly string[] };

/**
 * The log files of a fixture folder: claude/… and codex/…, paths relative to these; `x.jsonl.gen1` is the second
 * generation of x.jsonl, the newest is current.
 */
export async function readRawLines(folder: string): Promise<RawLines[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = names
    .map((file) => {
      const [, root = '', path = '', generation] =
        /^(claude|codex)\/(.+?)(?:\.gen(\d+))?$/.exec(file.slice(folder.length + 1)) ?? [];
      return { file, root, path, generation: Number(generation ?? 0) };
    })
    .filter(({ root }) => root !== '')
    .sort((one, other) => (one.file < other.file ? -1 : 1));
  return Promise.all(
    files.map(async ({ file, root, path, generation }) => {
      const isCurrent = !files.some((other) => other.path === path && other.generation > generation);
      const source = root === 'claude' && !path.endsWith('.jsonl') ? 'claude_files' : root;
      const key = createHash('sha256').update(`${path} ${generation}`).digest('hex').slice(0, 24);
      const from = { source, path, key, generation, isCurrent };
      return { source, rows: rowsOf(await readFile(file), from) };
    }),
  );
}

/** Makes `raw.<source>` anew of the lines that belong to it, typed also when there are none. */
export function rawTable(source: string, files: readonly RawLines[]): string {
  const rows = files.filter((file) => file.source === source).flatMap((file) => file.rows);
  const columns = `source varchar, source_path varchar, file_key varchar, line_no bigint, byte_offset bigint,
    byte_length bigint, line varchar, bytes blob, generation integer, is_current boolean, day varchar`;
  const values = rows.length > 0 ? `; insert into raw.${source} values ${rows.join(',\n')}` : '';
  return `create or replace table raw.${source} (${columns})${values}`;
}

type From = { source: string; path: string; key: string; generation: number; isCurrent: boolean };

function rowsOf(data: Buffer, { source, path, key, generation, isCurrent }: From): string[] {
  const rows: string[] = [];
  for (let start = 0; start < data.length; ) {
    const newline = data.indexOf(10, start);
    const end = newline < 0 ? data.length : newline;
    const next = newline < 0 ? data.length : newline + 1;
    const bytes = data.subarray(start, end);
    const blob = `from_hex('${bytes.toString('hex')}')`;
    const line = isUtf8(bytes) ? quote(bytes.toString('utf8')) : 'null';
    const place = `${rows.length + 1}, ${start}, ${next - start}, ${line}, ${line === 'null' ? blob : 'null'}`;
    rows.push(
      `(${quote(source)}, ${quote(path)}, ${quote(key)}, ${place}, ${generation}, ${isCurrent}, 'd')`,
    );
    start = next;
  }
  return rows;
}
