import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { spillFolder } from '../pipelines/lib/spillFolder.js';
import { temporary } from './support/warehouse.js';

test('folders that killed readers spilled into go, those of running ones and of others stay', async () => {
  const { folder, remove } = await temporary();
  const running = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
  const { pid: ended } = spawnSync(process.execPath, ['--version']);
  const own = basename(await spillFolder(folder));
  const stay = [`tracemill-${running.pid}-abcdef`, `tracemill-${ended}-no`, 'tracemill-abcdef', own];
  for (const name of [...stay, `tracemill-${ended}-abcdef`])
    await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, `tracemill-${ended}-abcdef`, 'duckdb_temp_storage-0.tmp'), 'spilled');
  const next = basename(await spillFolder(folder));
  assert.deepEqual((await readdir(folder)).toSorted(), [...stay, next].toSorted());
  running.kill();
  await remove();
});
