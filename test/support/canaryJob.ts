import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

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

/** Several verbs side by side; those that hold a lock must not be among them. */
export async function runAll(env: NodeJS.ProcessEnv, verbs: readonly string[][]): Promise<Said[]> {
  return Promise.all(
    verbs.map(
      (words) =>
        new Promise<Said>((resolve) => {
          const child = spawn(process.execPath, [cli, ...words], { env });
          let [stdout, stderr] = ['', ''];
          child.stdout.on('data', (bytes) => {
            stdout += String(bytes);
          });
          child.stderr.on('data', (bytes) => {
            stderr += String(bytes);
          });
          child.on('close', (status) => resolve({ verb: words.join(' '), status, stdout, stderr }));
        }),
    ),
  );
}

/** Watches until a pass is done that handed something off, then ends it; gives what it wrote into its log. */
export async function watchOnce(env: NodeJS.ProcessEnv, change: () => Promise<void>): Promise<Said[]> {
  const on = run(env, 'capture', 'on');
  await change();
  const state = join(env.TRACEMILL_DATA ?? '', 'state', 'watch.json');
  for (let wait = 0; wait < 600; wait++) {
    const text = existsSync(state) ? await readFile(state, 'utf8') : '{}';
    const { handedOff = 0, trouble = null } = JSON.parse(text) as { handedOff?: number; trouble?: unknown };
    if (handedOff > 0 || trouble !== null) break;
    await sleep(100);
  }
  return [on, run(env, 'capture', 'status'), run(env, 'capture', 'logs'), run(env, 'capture', 'off')];
}
