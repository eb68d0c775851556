// `just soak`: hundreds of logs are written while ingest, build, load and a reader run and everything goes wrong; then looks whether the lake is the one of a quiet run.
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { layOut } from '../../pipelines/lib/terminal.js';
import { argument } from '../bench/measuring.js';
import { withTable } from '../bench/readmeTable.js';
import { soak } from './soak.js';
import { faultsTable, type Results, survived } from './summary.js';

const repository = fileURLToPath(new URL('../../../', import.meta.url));

const minutes = argument('minutes', 5);
const seed = argument('seed', 1);
const files = argument('files', 300);
const megabytes = argument('megabytes', 3);
const models = process.argv.includes('--few') ? 'few' : 'real';
const folder = await mkdtemp(join(tmpdir(), 'tracemill-soak-'));
const say = (words: string) => process.stderr.write(`${words}\n`);
const soaked = await soak({
  folder,
  seconds: minutes * 60,
  seed,
  files,
  megabytes,
  models,
  keep: process.argv.includes('--keep'),
  say,
});
const more = [
  models === 'few' ? ' --few' : '',
  files === 300 ? '' : ` --files ${files}`,
  megabytes === 3 ? '' : ` --megabytes ${megabytes}`,
].join('');
const command = `just soak --minutes ${minutes} --seed ${seed}${more}`;
const [header = [], ...rows] = survived(soaked);
process.stdout.write(`${layOut([{ header, rows }]).join('\n')}\n\n`);
process.stdout.write(`again: ${command} (disk: ${soaked.disk})\n`);
for (const problem of soaked.problems.slice(0, 50)) process.stdout.write(`! ${problem}\n`);
const held = soaked.problems.length === 0;
process.stdout.write(held ? 'all of it held\n' : `${soaked.problems.length} things did not hold\n`);
if (held && process.argv.includes('--write')) {
  const counts = rows.map(([fault = '', times = '', holds = '']) => ({ fault, times, held: holds }));
  const results: Results = { command, disk: soaked.disk, rows: counts };
  const readme = join(repository, 'README.md');
  writeFileSync(join(repository, 'test/soak/results.json'), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(readme, withTable(readFileSync(readme, 'utf8'), 'soak', faultsTable(results)));
  say('written: test/soak/results.json, README.md');
}
process.exitCode = held ? 0 : 1;
