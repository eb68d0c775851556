// `just soak`: hundreds of logs are written while ingest, build, load and a reader run and everything goes wrong; then looks whether the lake is the one of a quiet run.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layOut } from '../../pipelines/lib/terminal.js';
import { argument } from '../bench/measuring.js';
import { soak } from './soak.js';
import { survived } from './summary.js';

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
const more = [models === 'few' ? ' --few' : '', files === 300 ? '' : ` --files ${files}`].join('');
const [header = [], ...rows] = survived(soaked);
process.stdout.write(`${layOut([{ header, rows }]).join('\n')}\n\n`);
process.stdout.write(`again: just soak --minutes ${minutes} --seed ${seed}${more} (disk: ${soaked.disk})\n`);
for (const problem of soaked.problems.slice(0, 50)) process.stdout.write(`! ${problem}\n`);
process.stdout.write(
  soaked.problems.length === 0 ? 'all of it held\n' : `${soaked.problems.length} things did not hold\n`,
);
process.exitCode = soaked.problems.length === 0 ? 0 : 1;
