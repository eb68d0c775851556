import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../../pipelines/config.js';
import { watch } from '../../pipelines/watch.js';

/** An hour of polls each 5 s, in which logs grow all the time and a new one begins each minute; prints memory as JSON. */
const [folder = ''] = process.argv.slice(2);
const polls = 720;
const begun = 200;

const project = join(folder, 'claude', 'projects', 'p');
const log = (index: number) =>
  join(project, `${String(index).padStart(8, '0')}-0000-4000-8000-000000000000.jsonl`);
mkdirSync(project, { recursive: true });
for (let index = 0; index < begun; index += 1) writeFileSync(log(index), '{}\n');

const config = readConfig({
  TRACEMILL_DATA: join(folder, 'data'),
  CLAUDE_CONFIG_DIR: join(folder, 'claude'),
});
const stop = new AbortController();
const collect = (globalThis as { gc?: () => void }).gc;
// As much as a build says of some hundred models, and warnings that differ each time.
const answer = (poll: number) => ({
  lines: 3,
  bytes: 2000,
  added: 1,
  sources: [{ source: 'claude', waiting: 1 }],
  warnings: Array.from({ length: 20 }, (_, index) => `claude/p/${poll}-${index}.jsonl: cannot be read`),
  models: Array.from({ length: 600 }, (_, index) => ({ name: `core.model_${index}`, poll })),
});
const memory: { poll: number; files: number; rss: number; heap: number }[] = [];
let poll = 0;
let time = Date.parse('2026-06-01T00:00:00Z');
const status = await watch({
  config,
  from: null,
  log: () => {},
  now: () => new Date(time),
  stop: stop.signal,
  run: async () => ({ code: 0, stdout: JSON.stringify(answer(poll)), stderr: 'words\n'.repeat(100) }),
  sleep: async (ms) => {
    time += ms;
    poll += 1;
    for (let index = 0; index < 5; index += 1) appendFileSync(log((poll * 5 + index) % begun), '{"a": 1}\n');
    if (poll % 12 === 0) writeFileSync(log(begun + poll / 12), '{}\n');
    if (poll % 60 === 0) {
      collect?.();
      const { rss, heapUsed } = process.memoryUsage();
      memory.push({ poll, files: begun + poll / 12, rss, heap: heapUsed });
    }
    if (poll === polls) stop.abort();
  },
});
process.stdout.write(JSON.stringify({ passes: status.passes, memory }));
