import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What a build must get right after a kill, of each kind one: models by day, a split one, a whole one, a claim of a day. */
const models = {
  'macros/text': 'create or replace macro shout(text) as upper(text);\n',
  'staging/lines': `-- One row per line.
-- @partition day
-- @key source, file_key, line_no
select source, file_key, line_no, shout(line) as line, from raw.claude
union all by name
select source, file_key, line_no, shout(line) as line, from raw.codex
order by source, file_key, line_no
`,
  'core/sizes': `-- One row per file of a day.
-- @partition day
-- @key file_key
select file_key, count(*) as line_count, sha256(string_agg(line, '' order by line_no)) as hash,
from staging.lines group by file_key order by file_key
`,
  'core/copies': `-- One row per line that an older file has too.
-- @split day
-- @key file_key, line_no
select file_key, line_no, day, from staging.lines
qualify row_number() over (partition by line order by day, file_key, line_no) > 1 order by file_key, line_no
`,
  'datasets/days': `-- One row per day.
-- @key day
-- @column day   The day.
-- @column lines Its lines that no older file has.
select day, count(*) as lines, from staging.lines anti join core.copies using (file_key, line_no) group by day order by day
`,
  'checks/lines_are_counted': `-- Every file is counted.
-- @partition day
select file_key from staging.lines anti join core.sizes using (file_key) order by file_key
`,
};

/** Writes them, and `more`, into a folder that TRACEMILL_SQL can name. */
export async function writeDayModels(
  folder: string,
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  for (const [name, text] of Object.entries({ ...models, ...more })) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, `${name}.sql`), text);
  }
}
