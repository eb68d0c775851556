import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Config, readConfig } from '../../pipelines/config.js';
import { type Policy, readPolicy, withKey } from '../../pipelines/lib/redaction/policy.js';
import { openWarehouse } from '../../pipelines/lib/warehouse.js';

/** Folders and files that a lake is built of. */
export type Home = { claude: string; codex: string; events: string; seq: string };
export type Query = (sql: string) => Promise<Record<string, unknown>[]>;

const cli = fileURLToPath(new URL('../../pipelines/cli.js', import.meta.url));

/** The folder of real logs that TRACEMILL_CORPUS names (claude/ and codex/ in it). */
export const corpus: Home | undefined = homeOf(process.env.TRACEMILL_CORPUS);

/** Builds a lake by the command line, or takes the one in `built`, a data folder, and lets `use` read it. */
export async function withLake(
  home: Home,
  use: (query: Query, policy: Policy, config: Config) => Promise<void>,
  built?: string,
): Promise<void> {
  const data = built ?? (await mkdtemp(join(tmpdir(), 'tracemill-lake-')));
  const environment = {
    ...process.env,
    TRACEMILL_DATA: data,
    SEQ_AGENT_QA_CLAUDE_DIR: home.claude,
    SEQ_AGENT_QA_CODEX_DIR: home.codex,
    TRACEMILL_SPOOL: home.events,
    TRACEMILL_SEQ_MEM: home.seq,
    TRACEMILL_SETTLE: '0',
  };
  try {
    for (const verb of built === undefined ? ['ingest', 'build'] : []) {
      const { status, stderr } = spawnSync(process.execPath, [cli, verb], {
        encoding: 'utf8',
        env: environment,
      });
      assert.equal(status, 0, stderr);
    }
    const config = readConfig(environment);
    const policy = await withKey(await readPolicy(config), join(data, 'lake'));
    const warehouse = await openWarehouse({ config });
    const query: Query = async (sql) => (await warehouse.connection.runAndReadAll(sql)).getRowObjectsJS();
    await use(query, policy, config).finally(() => warehouse.close());
  } finally {
    if (built === undefined) await rm(data, { recursive: true, force: true });
  }
}

function homeOf(folder: string | undefined): Home | undefined {
  if (folder === undefined) return undefined;
  const at = (name: string) => join(folder, name);
  return { claude: at('claude'), codex: at('codex'), events: at('events'), seq: at('seq_mem.jsonl') };
}
