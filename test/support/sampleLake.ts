import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from '../../pipelines/build.js';
import { type Config, readConfig } from '../../pipelines/config.js';
import { ingest } from '../../pipelines/ingest.js';
import { silentProgress } from '../../pipelines/lib/progress.js';
import type { Home } from './builtLake.js';
import { writeKey } from './lake.js';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const folder = here('../../../data/samples');

/** The committed samples. */
export const samples: Home = {
  claude: join(folder, 'claude/projects'),
  codex: join(folder, 'codex/sessions'),
  events: join(folder, 'events'),
  seq: join(folder, 'seq_mem.jsonl'),
};

/** Settings that read the samples; `data` is the data folder. */
export function sampleConfig(data: string): Config {
  return readConfig({
    TRACEMILL_DATA: data,
    SEQ_AGENT_QA_CLAUDE_DIR: samples.claude,
    SEQ_AGENT_QA_CODEX_DIR: samples.codex,
    TRACEMILL_SPOOL: samples.events,
    TRACEMILL_SEQ_MEM: samples.seq,
    TRACEMILL_SETTLE: '0',
  });
}

/**
 * A data folder with a lake of the samples, to be read and never written: one for all test files, in dist/, made by the
 * first that asks after the code, the models or the samples changed.
 */
export async function sampleLake(): Promise<string> {
  const lakes = here('../../lakes');
  const made = join(
    lakes,
    await hashOf(here('../../../package.json'), here('../../pipelines'), here('../../../sql'), folder),
  );
  await mkdir(lakes, { recursive: true });
  const before = await readdir(lakes);
  if (before.some((name) => join(lakes, name) === made)) return made;
  // Two test files may both make it: the second one's rename fails, and it takes the first one's.
  const draft = `${made}.${process.pid}`;
  const config = sampleConfig(draft);
  const now = new Date();
  await writeKey(join(draft, 'lake'));
  await ingest({ config, progress: silentProgress, now: () => now, settleMs: 0 });
  const { failures } = await build({ config, now, progress: silentProgress });
  assert.deepEqual(failures, []);
  await rename(draft, made).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    return rm(draft, { recursive: true });
  });
  // What an older state of the code made is of no use to anybody, nor a draft whose process is gone.
  for (const name of before.filter((old) => !isRunning(old.split('.')[1]))) {
    await rm(join(lakes, name), { recursive: true, force: true });
  }
  return made;
}

function isRunning(pid: string | undefined): boolean {
  return pid !== undefined && existsSync(join('/proc', pid));
}

/** SHA-256 over the bytes of a file, and the names and bytes of all files below some folders. */
async function hashOf(one: string, ...folders: string[]): Promise<string> {
  const hash = createHash('sha256').update(await readFile(one));
  for (const root of folders) {
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    for (const file of files.sort()) hash.update(`${file}\n`).update(await readFile(file));
  }
  return hash.digest('hex').slice(0, 16);
}
