// A reader of the lake in a process of its own: opens what is published, holds it for a while, and counts every table against
// the manifest it opened, some of the files by their SHA-256 too. Told to end, it prints what it saw as one JSON value.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorWords } from '../../pipelines/errors.js';
import { readManifest } from '../../pipelines/lib/manifest.js';
import { createView, openDuckDB, tableRelation } from '../../pipelines/lib/warehouse.js';

export type Seen = { opened: number; states: number; tables: number; rows: number; problems: string[] };

const [lake = '', holdMs = '500'] = process.argv.slice(2);
const seen: Seen = { opened: 0, states: 0, tables: 0, rows: 0, problems: [] };
const states = new Set<string>();
let stopping = false;
process.on('SIGTERM', () => {
  stopping = true;
});

while (!stopping) {
  await look().catch((error) => seen.problems.push(`${errorWords(error)} ${String(error).slice(0, 300)}`));
  await sleep(20);
}
process.stdout.write(JSON.stringify({ ...seen, states: states.size }));

async function look(): Promise<void> {
  const { tables } = await readManifest(lake);
  if (Object.keys(tables).length === 0) return;
  states.add(createHash('sha256').update(JSON.stringify(tables)).digest('hex'));
  const duckdb = await openDuckDB();
  try {
    for (const [name, table] of Object.entries(tables))
      await createView(duckdb, name, tableRelation(lake, table));
    seen.opened += 1;
    // Builds publish other states meanwhile, and what they replaced must stay for this one.
    await sleep(Math.random() * Number(holdMs));
    for (const [name, { files }] of Object.entries(tables)) {
      const wanted = Object.values(files).reduce((sum, { rows }) => sum + rows, 0);
      const reader = await duckdb.connection.runAndReadAll(`select count(*) from ${name}`);
      const found = Number(reader.getRows()[0]?.[0]);
      if (found !== wanted) seen.problems.push(`${name}: ${found} rows of the ${wanted} that are published`);
      seen.tables += 1;
      seen.rows += found;
      for (const { file, sha256 } of Object.values(files).filter(() => Math.random() < 0.05)) {
        const bytes = await readFile(join(lake, file));
        if (createHash('sha256').update(bytes).digest('hex') !== sha256)
          seen.problems.push(`${file}: other bytes than those that are published`);
      }
    }
  } finally {
    duckdb.close();
  }
}
