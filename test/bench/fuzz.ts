import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { brokenClaims } from '../support/fuzz/fuzzLake.js';
import { shrink } from '../support/fuzz/shrink.js';
import { bytesOf, casesOf } from '../support/fuzz/worlds.js';

// Worlds of random sessions, damaged in random ways, through the whole job, until the time is over.
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    sessions: { type: 'string', default: '300' },
    minutes: { type: 'string', default: '5' },
    only: { type: 'string' },
    out: { type: 'string', default: 'data/fuzz' },
    keep: { type: 'boolean', default: false },
    'no-shrink': { type: 'boolean', default: false },
  },
});
const count = Number(values.sessions);
const until = Date.now() + Number(values.minutes) * 60_000;
const checks = { again: true, halves: true, exported: true };
const said = new Set<string>();
let worlds = 0;
for (let seed = Number(values.seed); worlds === 0 || Date.now() < until; seed += 1, worlds += 1) {
  const all = casesOf(seed, count);
  const only = values.only?.split(',').map(Number);
  const cases = only === undefined ? all : all.filter(({ number }) => only.includes(number));
  const files = bytesOf(cases, all);
  const broken = await brokenClaims(files, checks);
  const cpu = process.cpuUsage();
  console.log(
    `seed ${seed}: ${cases.length} sessions, ${files.size} files, ${broken.length} claims broken; ${Math.round((cpu.user + cpu.system) / 1e6)} s CPU`,
  );
  for (const { claim, shown } of broken) {
    console.log(`  ${claim}\n    ${shown.map((one) => show(one)).join('\n    ')}`);
    process.exitCode = 1;
    if (values['no-shrink'] || said.has(claim)) continue;
    said.add(claim);
    const needed = {
      again: claim.includes('second run'),
      halves: claim.includes('two goes'),
      exported: claim.includes('an export'),
    };
    const least = await shrink(cases, claim, needed);
    if (least === null) continue;
    const folder = join(resolve(values.out), `${seed}-${claim.replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 60)}`);
    for (const [path, bytes] of least.files) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), bytes);
    }
    console.log(
      `    least: sessions ${least.numbers.join(',')} in ${folder}\n    ${least.broken.shown.map((one) => show(one)).join('\n    ')}`,
    );
    console.log(
      `    again: just fuzz --seed ${seed} --sessions ${count} --minutes 0 --only ${least.numbers.join(',')}`,
    );
  }
}

function show(value: unknown): string {
  return (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 1000);
}
