// Prints, as JSON, what stands in the embedded warehouse of a data folder: rows and a sum over all values by table and day.
import { readConfig } from '../../pipelines/config.js';
import { openClickhouse } from '../../pipelines/lib/clickhouse.js';
import { lakeTables } from '../../pipelines/lib/loadPlan.js';

const clickhouse = await openClickhouse(readConfig({ TRACEMILL_DATA: process.argv[2] }));
const sums: Record<string, string> = {};
for (const table of Object.keys(lakeTables)) {
  const rows = await clickhouse.rows<{ day: string; rows: string; sum: string }>(
    `select day, count() as rows, sum(cityHash64(toString(tuple(*)))) as sum from ${table} group by day order by day`,
  );
  for (const { day, rows: count, sum } of rows) sums[`${table} ${day}`] = `${count} rows, ${sum}`;
}
for (const { name } of await clickhouse.rows<{ name: string }>(`show tables like 'stage%'`))
  sums[name] = 'is left behind';
await clickhouse.close();
process.stdout.write(JSON.stringify(sums));
