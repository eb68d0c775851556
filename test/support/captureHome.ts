import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { appendFile, cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { command as captureCommand } from '../../pipelines/capture.js';
import { writeFewModels } from './fewModels.js';
import { type Here, verbHere } from './verbHere.js';

const cli = fileURLToPath(new URL('../../pipelines/cli.js', import.meta.url));
const samples = fileURLToPath(new URL('../../../data/samples', import.meta.url));
const project = '-home-sam-projects-budget-sheet';
const session = '4ed74114-d42c-4a09-81a1-b0ddb154f4ec';

export type HandoffLine = { id: string; text: string; metadata: { revision: number } };

type CaptureOptions = { lines?: number; environment?: Record<string, string> };

/** A home with one session of the samples and a data folder, and what a person does there. */
export type CaptureHome = {
  readonly folder: string;
  readonly data: string;
  readonly state: string;
  readonly env: NodeJS.ProcessEnv;
  /** The command line, as a process of its own. */
  run: (words: string[], environment?: Record<string, string>) => SpawnSyncReturns<string>;
  /** An action of capture within this process: one that starts no other needs none of its own. */
  capture: (action: string, options?: CaptureOptions) => Promise<Here>;
  /** A verb's JSON. */
  json: (words: string[]) => Record<string, unknown>;
  start: (words: string[], environment?: Record<string, string>) => ReturnType<typeof spawn>;
  readonly log: string;
  /** Appends a finished turn to the session: prompt, answer, turn_duration; asked now. */
  turn: (question: string, answer: string) => Promise<void>;
  /** The bytes of such a turn. */
  turnLines: (question: string, answer: string) => Promise<string>;
  /** The questions that stand in the handoff file, in its order. */
  questions: () => Promise<string[]>;
  /** Those that seq_mem.jsonl tells of. */
  noted: () => Promise<string[]>;
  /** True once the watch of that pid has done its first pass. */
  passed: (pid: unknown) => Promise<boolean>;
  remove: () => Promise<void>;
};

/** Lakes that the session was read and built into, by their models, made once a test file. */
const built = new Map<string, string>();

/** The two models of writeFewModels make its tables, or the real ones as far as pairs need them. */
export async function makeCaptureHome(
  environment: Record<string, string> = {},
  models: 'few' | 'real' = 'few',
): Promise<CaptureHome> {
  const before = built.get(models);
  const home = await emptyHome(environment, models);
  if (before !== undefined) {
    await cp(before, home.folder, { recursive: true, preserveTimestamps: true });
    return home;
  }
  for (const words of [['ingest'], ['build', '--select', '+core.qa_pairs']]) {
    const { status, stderr } = home.run(words);
    if (status !== 0) throw new Error(`${words[0]}: ${stderr}`);
  }
  const copy = await mkdtemp(join(tmpdir(), 'tracemill-captured-'));
  await cp(home.folder, copy, { recursive: true, preserveTimestamps: true });
  built.set(models, copy);
  process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
  return home;
}

async function emptyHome(environment: Record<string, string>, models: 'few' | 'real'): Promise<CaptureHome> {
  const folder = await mkdtemp(join(tmpdir(), 'tracemill-capture-'));
  if (models === 'few') await writeFewModels(join(folder, 'sql'));
  const logs = join(folder, 'claude', 'projects');
  await cp(join(samples, 'claude', 'projects', project), join(logs, project), { recursive: true });
  const log = join(logs, project, `${session}.jsonl`);
  const data = join(folder, 'data');
  const env = {
    ...process.env,
    HOME: folder,
    TRACEMILL_DATA: data,
    CLAUDE_CONFIG_DIR: join(folder, 'claude'),
    CODEX_HOME: join(folder, 'codex'),
    ...(models === 'few' ? { TRACEMILL_SQL: join(folder, 'sql') } : {}),
    SEQ_AGENT_QA_POLL_SECONDS: '0.2',
    SEQ_AGENT_QA_STATE: join(folder, 'state', 'agent_qa.json'),
    ...environment,
  };
  const options = (more: Record<string, string>) => ({ env: { ...env, ...more }, encoding: 'utf8' as const });
  const run: CaptureHome['run'] = (words, more = {}) =>
    spawnSync(process.execPath, [cli, ...words], options(more));
  return {
    folder,
    data,
    state: join(folder, 'state'),
    env,
    run,
    capture: (action, { lines = 50, environment: more = {} } = {}) =>
      verbHere(captureCommand, [action, '--lines', String(lines)], { ...env, ...more }),
    json: (words) => JSON.parse(run([...words, '--json']).stdout),
    start: (words, more = {}) =>
      spawn(process.execPath, [cli, ...words], { ...options(more), stdio: 'ignore', detached: true }),
    log,
    turn: async (question, answer) => appendFile(log, await turnLines(log, question, answer)),
    turnLines: (question, answer) => turnLines(log, question, answer),
    questions: async () => {
      const lines = await linesOf(join(data, 'handoff', 'agent_qa.jsonl'));
      return lines.map((line) => /^Question: (.*)/.exec((JSON.parse(line) as HandoffLine).text)?.[1] ?? line);
    },
    noted: async () => {
      const lines = await linesOf(join(data, 'seq_mem.jsonl'));
      return lines.map((line) => JSON.parse((JSON.parse(line) as { subject: string }).subject).question);
    },
    passed: (pid) =>
      until(async () => {
        const text = await readFile(join(folder, 'state', 'watch.json'), 'utf8').catch(() => '{}');
        const watch = JSON.parse(text) as { pid?: number; passes?: number };
        return watch.pid === pid && (watch.passes ?? 0) > 0;
      }),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Waits until a condition holds, at most so long; false where it never did. */
export async function until(holds: () => Promise<boolean> | boolean, mostMs = 300_000): Promise<boolean> {
  for (const end = Date.now() + mostMs; Date.now() < end; await sleep(50)) if (await holds()) return true;
  return false;
}

/** The whole lines of a file; none where there is none. */
async function linesOf(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').slice(0, -1);
}

async function turnLines(log: string, question: string, answer: string): Promise<string> {
  const lines = (await readFile(log, 'utf8')).trim().split('\n');
  const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const last = records.filter(({ uuid }) => uuid !== undefined).at(-1) ?? {};
  const { cwd, version, gitBranch } = last;
  const common = { isSidechain: false, userType: 'external', entrypoint: 'cli', sessionId: session };
  const [prompt, reply, end] = [randomUUID(), randomUUID(), randomUUID()];
  const at = (ms: number) => new Date(Date.now() + ms).toISOString();
  const usage = { input_tokens: 10, output_tokens: 5 };
  const content = [{ type: 'text', text: answer }];
  const message = {
    id: `msg_${reply}`,
    type: 'message',
    role: 'assistant',
    model: 'claude-opus-4-1',
    content,
  };
  const written = [
    { parentUuid: last.uuid, type: 'user', message: { role: 'user', content: question }, uuid: prompt },
    {
      parentUuid: prompt,
      type: 'assistant',
      message: { ...message, stop_reason: 'end_turn', usage },
      uuid: reply,
    },
    { parentUuid: reply, type: 'system', subtype: 'turn_duration', durationMs: 20, isMeta: false, uuid: end },
  ];
  const whole = written.map((record, index) => ({
    ...record,
    ...common,
    ...{ cwd, version, gitBranch, timestamp: at(index * 10) },
  }));
  return whole.map((record) => `${JSON.stringify(record)}\n`).join('');
}
