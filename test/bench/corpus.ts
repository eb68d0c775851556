import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * `days`: the sessions are spread evenly over so many days, the first of them `firstDay` days after 2023 began; left out,
 * over those of 2026. `below`: folder of each agent that they are put in.
 */
export type CorpusSize = {
  readonly files: number;
  readonly bytes: number;
  readonly days?: number;
  readonly firstDay?: number;
  readonly below?: string;
};

/** mulberry32: a small seeded generator, so that every machine measures the same bytes. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * Writes session logs of both agents below `folder` (claude/ and codex/): half the files each, sizes spread like real
 * ones (many small, a few large), about `bytes` in all. The same arguments give the same bytes; a file is as old as its
 * last line.
 */
export function writeCorpus(
  folder: string,
  { files, bytes, days, firstDay = 0, below = '' }: CorpusSize,
  seed = 7,
): void {
  const random = seeded(seed);
  const weights = Array.from({ length: files }, () => Math.exp(1.5 * normal(random)));
  const unit = bytes / weights.reduce((sum, weight) => sum + weight, 0);
  for (const [index, weight] of weights.entries()) {
    const write = index % 2 === 0 ? claudeSession : codexSession;
    const midnight =
      days === undefined
        ? Date.UTC(2026, index % 9, 1 + (index % 27))
        : Date.UTC(2023, 0, 1 + firstDay + Math.floor((index * days) / files));
    write(folder, index, { bytes: weight * unit, midnight, below, random });
  }
}

/** One line more in the first of Claude's files, in the words of its last prompt: as when a session goes on. */
export function appendLine(folder: string): void {
  const claude = join(folder, 'claude');
  const files = readdirSync(claude, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.jsonl'),
  );
  const path = join(claude, files.sort()[0] ?? '');
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  const last = JSON.parse(lines.at(-1) ?? '') as { uuid: string; timestamp: string };
  const prompt = JSON.parse(lines[0] ?? '') as object;
  const timestamp = new Date(Date.parse(last.timestamp) + 1000).toISOString();
  const uuid = newUuid(seeded(lines.length));
  appendFileSync(path, `${JSON.stringify({ ...prompt, parentUuid: last.uuid, uuid, timestamp })}\n`);
}

type Session = {
  readonly bytes: number;
  readonly midnight: number;
  readonly below: string;
  readonly random: () => number;
};

function claudeSession(folder: string, index: number, { bytes, midnight, below, random }: Session): void {
  const session = newUuid(random);
  const path = join(folder, 'claude', below, `-home-sam-project-${index % 40}`, `${session}.jsonl`);
  let clock = midnight + 8 * 3600e3;
  let parent: string | null = null;
  const line = (type: string, message: unknown, more: object = {}): object => {
    clock += Math.floor(20_000 * random());
    const own = newUuid(random);
    const record = {
      parentUuid: parent,
      isSidechain: false,
      userType: 'external',
      cwd: `/home/sam/project-${index % 40}`,
      sessionId: session,
      version: '2.1.47',
      gitBranch: 'main',
      type,
      message,
      uuid: own,
      timestamp: new Date(clock).toISOString(),
      ...more,
    };
    parent = own;
    return record;
  };
  writeLines(
    path,
    bytes,
    () => clock,
    function* () {
      for (;;) {
        yield line('user', { role: 'user', content: prose(random, 40) }, { permissionMode: 'default' });
        for (let call = 0; call < 1 + 6 * random(); call += 1) {
          const id = `toolu_${newUuid(random).replaceAll('-', '').slice(0, 24)}`;
          const reply = {
            id: `msg_${id.slice(6)}`,
            role: 'assistant',
            model: 'claude-opus-4-6',
            usage: usage(random),
          };
          if (random() < 0.3) {
            const thinking = { type: 'thinking', thinking: prose(random, 60), signature: noise(random, 600) };
            yield line('assistant', { ...reply, content: [thinking] });
          }
          const input = { command: prose(random, 12) };
          yield line('assistant', { ...reply, content: [{ type: 'tool_use', id, name: 'Bash', input }] });
          const stdout = output(random, 200);
          const result = { type: 'tool_result', tool_use_id: id, content: stdout, is_error: random() < 0.05 };
          // The client keeps the output a second time, as it showed it.
          const shown = { stdout, stderr: '', interrupted: false, isImage: false };
          yield line('user', { role: 'user', content: [result] }, { toolUseResult: shown });
        }
        const text = { type: 'text', text: prose(random, 120) };
        yield line('assistant', {
          id: `msg_${newUuid(random)}`,
          role: 'assistant',
          model: 'claude-opus-4-6',
          usage: usage(random),
          content: [text],
        });
      }
    },
  );
}

function codexSession(folder: string, _index: number, { bytes, midnight, below, random }: Session): void {
  const session = newUuid(random);
  let clock = midnight + 9 * 3600e3;
  const day = new Date(clock).toISOString();
  const name = `rollout-${day.slice(0, 19).replaceAll(':', '-')}-${session}.jsonl`;
  const path = join(folder, 'codex', below, day.slice(0, 4), day.slice(5, 7), day.slice(8, 10), name);
  const line = (type: string, payload: unknown): object => {
    clock += Math.floor(10_000 * random());
    return { timestamp: new Date(clock).toISOString(), type, payload };
  };
  writeLines(
    path,
    bytes,
    () => clock,
    function* () {
      yield line('session_meta', {
        id: session,
        cwd: '/home/sam/project',
        cli_version: '0.104.0',
        source: 'cli',
      });
      for (;;) {
        const question = prose(random, 40);
        const task = newUuid(random);
        yield line('event_msg', { type: 'task_started', turn_id: task });
        yield line('turn_context', {
          cwd: '/home/sam/project',
          approval_policy: 'on-request',
          sandbox_policy: { mode: 'workspace-write', network_access: false },
          model: 'gpt-5-codex',
          effort: 'high',
        });
        yield line('response_item', message('user', 'input_text', question));
        yield line('event_msg', { type: 'user_message', message: question });
        for (let call = 0; call < 1 + 6 * random(); call += 1) {
          const id = `call_${newUuid(random).slice(0, 18)}`;
          const words = JSON.stringify({ cmd: prose(random, 12) });
          const summary = [{ type: 'summary_text', text: prose(random, 8) }];
          const encrypted_content = noise(random, 500);
          yield line('response_item', { type: 'reasoning', summary, content: null, encrypted_content });
          yield line('response_item', {
            type: 'function_call',
            name: 'exec_command',
            arguments: words,
            call_id: id,
          });
          const shown = `Process exited with code ${random() < 0.05 ? 1 : 0}\nOutput:\n${output(random, 300)}`;
          yield line('response_item', { type: 'function_call_output', call_id: id, output: shown });
          const last_token_usage = usage(random);
          yield line('event_msg', { type: 'token_count', info: { last_token_usage }, rate_limits: null });
        }
        const answer = prose(random, 120);
        yield line('event_msg', { type: 'agent_message', message: answer });
        yield line('response_item', {
          ...message('assistant', 'output_text', answer),
          phase: 'final_answer',
        });
        yield line('event_msg', { type: 'task_complete', turn_id: task, last_agent_message: answer });
      }
    },
  );
}

function message(role: string, type: string, text: string): object {
  return { type: 'message', role, content: [{ type, text }] };
}

function usage(random: () => number): object {
  return { input_tokens: 4, output_tokens: Math.floor(900 * random()), cache_read_input_tokens: 20_000 };
}

function writeLines(path: string, bytes: number, clock: () => number, lines: () => Generator<object>): void {
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, 'w');
  let written = 0;
  for (const record of lines()) {
    written += writeSync(file, `${JSON.stringify(record)}\n`);
    if (written >= bytes) break;
  }
  closeSync(file);
  utimesSync(path, clock() / 1000, clock() / 1000);
}

const words =
  `the a build test file error function value state parse index read write path line module type config option
  fails passes because when then after before check return result table query commit branch merge server client`
    .split(/\s+/)
    .concat([
      'über',
      'naïve',
      '日本語',
      '—',
      '\n',
      '\n\n',
      '"quoted"',
      '{"key": 1}',
      '\t',
      'src/lib/lines.ts:42',
    ]);

/** About `average` words, exponentially spread; never white space alone. */
function prose(random: () => number, average: number): string {
  const count = 1 + Math.floor(-Math.log(1 - random()) * average);
  const parts = [words[Math.floor(random() * 36)] ?? ''];
  for (let word = 1; word < count; word += 1) parts.push(words[Math.floor(random() * words.length)] ?? '');
  return parts.join(' ');
}

/** What a tool printed; once in a hundred times with what is redacted: a token, an address, a home folder. */
function output(random: () => number, average: number): string {
  const words = prose(random, average);
  if (random() >= 0.01) return words;
  const token = `ghp_${newUuid(random).replaceAll('-', '')}abcd`;
  return `${words}\nGITHUB_TOKEN=${token}\nsam${Math.floor(900 * random())}@mail.example.net\n/home/sam/notes.txt`;
}

/** Text like base64, as signatures and encrypted reasoning are. */
function noise(random: () => number, characters: number): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  let made = '';
  for (let at = 0; at < characters; at += 1) made += letters[Math.floor(64 * random())];
  return made;
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function newUuid(random: () => number): string {
  const digits = Array.from({ length: 32 }, () => Math.floor(16 * random()).toString(16));
  digits[12] = '4';
  digits[16] = '8';
  const text = digits.join('');
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join(
    '-',
  );
}
