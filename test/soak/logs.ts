import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeCorpus } from '../bench/corpus.js';

/** What a file goes through besides growing. */
type Fate = 'calm' | 'moves' | 'rewritten' | 'vanishes' | 'rotates';

/** One log as its agent writes it; `versions` are all the bytes it ever held, the last one those it holds now. */
export type Log = {
  path: string;
  readonly source: 'claude' | 'codex' | 'events';
  readonly fate: Fate;
  versions: Buffer[];
  /** What is still to be written. */
  left: Buffer;
  /** `closed` stays as it is, `hidden` comes back, `gone` does not. */
  state: 'waiting' | 'open' | 'ended' | 'closed' | 'hidden' | 'gone';
};

/** Folders that the writers fill, and that settings name. */
export const homes = (folder: string) => ({
  claude: join(folder, 'logs', 'claude', 'projects'),
  codex: join(folder, 'logs', 'codex', 'sessions'),
  spool: join(folder, 'logs', 'spool'),
});

export type LogOptions = {
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
  readonly days: number;
  readonly seed: number;
};

/** The bytes a log holds now. */
export function current(log: Log): Buffer {
  return log.versions.at(-1) ?? Buffer.alloc(0);
}

/** The logs that are to be written, in the order in which they begin. */
export function planLogs(options: LogOptions, random: () => number): Log[] {
  const { folder, files, days, seed } = options;
  const plan = join(folder, 'plan');
  writeCorpus(plan, { files, bytes: options.bytes }, seed);
  const home = homes(folder);
  const logs: Log[] = [];
  for (const entry of readdirSync(plan, { recursive: true, encoding: 'utf8' }).sort()) {
    const from = join(plan, entry);
    if (!statSync(from).isFile()) continue;
    const source = entry.startsWith('claude') ? 'claude' : 'codex';
    // A few days only: each is built again and again.
    const day = `2026-03-0${1 + Math.floor(random() * days)}`;
    const path = entry
      .replace(/\d{4}\/\d\d\/\d\d\//, `${day.replaceAll('-', '/')}/`)
      .replace(/\d{4}-\d\d-\d\d(?=T)/, day);
    const dice = random();
    const fate = dice < 0.6 ? 'calm' : dice < 0.8 ? 'rewritten' : source === 'codex' ? 'moves' : 'vanishes';
    const text = readFileSync(from, 'latin1')
      .replaceAll(/2026-\d\d-\d\d(?=T\d\d:)/g, day)
      // The words that a rewritten file has others for.
      .replaceAll(/\b(return|merge|build)\b/g, 'zz0000');
    const written = join(home[source], path.slice(source.length + 1));
    const log = { source, fate, state: 'waiting' } as const;
    const bytes = Buffer.from(text, 'latin1');
    logs.push({ ...log, path: written, versions: [Buffer.alloc(0)], left: bytes });
    if (source === 'claude' && random() < 0.2) {
      const agent = written.replace(/\.jsonl$/, `/subagents/agent-${logs.length}.jsonl`);
      const left = Buffer.from(subagentOf(text, logs.length), 'latin1');
      logs.push({ ...log, path: agent, versions: [Buffer.alloc(0)], left });
    }
  }
  rmSync(plan, { recursive: true });
  for (let file = 0; file < 1 + files / 50; file += 1) {
    logs.push({
      path: join(home.spool, `writer-${file}.jsonl`),
      source: 'events',
      fate: 'rotates',
      versions: [Buffer.alloc(0)],
      left: Buffer.from(spoolLines(random, days, file).join('')),
      state: 'waiting',
    });
  }
  for (const path of Object.values(home)) mkdirSync(path, { recursive: true });
  return logs;
}

/** The beginning of a session as one of its subagents has it. */
function subagentOf(text: string, agent: number): string {
  const lines = text.split(/(?<=\n)/);
  return lines
    .slice(0, Math.ceil(lines.length / 3))
    .join('')
    .replaceAll('"isSidechain":false', `"isSidechain":true,"agentId":"${agent}"`)
    .replaceAll(/(?<="(?:uuid|parentUuid)":")[0-9a-f]{8}/g, (digits) => [...digits].reverse().join(''));
}

function spoolLines(random: () => number, days: number, file: number): string[] {
  return Array.from({ length: 200 }, (_, index) => {
    const day = `2026-03-0${1 + Math.floor(random() * days)}`;
    const event = {
      id: `load-${file}-${index}`,
      timestamp: `${day}T10:00:00.000Z`,
      event_type: 'load.written',
      schema_version: 1,
      session_id: `session ${index % 7}`,
      payload: { index, body: 'flour '.repeat(random() * 40) },
    };
    return `${JSON.stringify(event)}\n`;
  });
}
