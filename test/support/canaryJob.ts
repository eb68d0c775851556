import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../../pipelines/config.js';
import { readWatchStatus, type WatchStatus, writeCapture } from '../../pipelines/lib/captureState.js';

const cli = fileURLToPath(new URL('../../pipelines/cli.js', import.meta.url));

/** What a verb printed and how it ended. */
export type Said = {
  readonly verb: string;
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

/** The settings by which the canaries below a folder are read into a data folder. */
export function canarySettings(folder: string, data: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    HOME: folder,
    TRACEMILL_DATA: data,
    SEQ_AGENT_QA_CLAUDE_DIR: join(folder, 'claude'),
    SEQ_AGENT_QA_CODEX_DIR: join(folder, 'codex'),
    TRACEMILL_SPOOL: join(folder, 'spool'),
    TRACEMILL_SEQ_MEM: join(data, 'seq_mem.jsonl'),
    TRACEMILL_SETTLE: '0',
    SEQ_AGENT_QA_STATE: join(data, 'state', 'agent_qa.json'),
    SEQ_AGENT_QA_POLL_SECONDS: '0.2',
    CLICKHOUSE_URL: '',
  };
}

/** A verb as the command line runs it, in a process of its own. */
export function run(env: NodeJS.ProcessEnv, ...words: string[]): Said {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...words], {
    ...{ env, encoding: 'utf8', maxBuffer: 1 << 28 },
  });
  return { verb: words.join(' '), status, stdout, stderr };
}

/**
 * Watches until a pass is done that handed something off, then ends it; gives what it wrote into its log. `from` is before
 * what it is to hand off, as where a capture goes on after a crash.
 */
export async function watchOnce(
  env: NodeJS.ProcessEnv,
  from: string,
  change: () => Promise<void>,
): Promise<Said[]> {
  const config = readConfig(env);
  await mkdir(config.state, { recursive: true });
  await writeCapture(config, { since: from, from });
  const on = run(env, 'capture', 'on');
  await change();
  let status = await readWatchStatus(config);
  for (let wait = 0; wait < 1200 && !isOver(status); wait++) {
    await sleep(50);
    status = await readWatchStatus(config);
  }
  const said = [on, run(env, 'capture', 'status'), run(env, 'capture', 'logs'), run(env, 'capture', 'off')];
  assert.ok((status?.handedOff ?? 0) > 0, said.map(({ stdout, stderr }) => stdout + stderr).join('\n'));
  return said;
}

const isOver = (status: WatchStatus | undefined) =>
  status !== undefined && (status.handedOff > 0 || status.trouble !== null);
