import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sampleFiles } from './sampleWorld.js';

// Writes data/samples/events and data/samples/seq_mem.jsonl anew: `node dist/test/support/writeSamples.js`.
const samples = fileURLToPath(new URL('../../../data/samples', import.meta.url));
const files = sampleFiles();
for (const name of await readdir(join(samples, 'events')).catch(() => [])) {
  if (!files.has(`events/${name}`)) await rm(join(samples, 'events', name));
}
for (const [path, text] of files) {
  await mkdir(dirname(join(samples, path)), { recursive: true });
  await writeFile(join(samples, path), text);
}
