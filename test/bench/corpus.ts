import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** `days`: the sessions are spread evenly over so many days from 2024 on, a few a day; left out, over those of 2026. */
export type CorpusSize = { readonly files: number; readonly bytes: number; readonly days?: number };

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
 * ones (many small, a few large), about `bytes` in all. The same arguments give the same bytes.
 */
export function writeCorpus(folder: string, { files, bytes, days }: CorpusSize, seed = 7): void {
  const random = seeded(seed);
  const weights = Array.from({ length: files }, () => Math.exp(1.5 * normal(random)));
  const unit = bytes / weights.reduce((sum, weight) => sum + weight, 0);
  for (const [index, weight] of weights.entries()) {
    const write = index % 2 === 0 ? claudeSession : codexSession;
    const midnight =
      days === undefined
        ? Date.UTC(2026, index % 9, 1 + (index % 27))
        : Date.UTC(2024, 0, 1 + Math.floor((index * days) / files));
    write(folder, index, { bytes: weight * unit, midnight, random });
  }
}

type Session = { readonly bytes: number; readonly midnight: number; readonly random: () => number };

function claudeSession(folder: string, index: number, { bytes, midnight, random }: Session): void {
  const session = uuid(random);
  const path = join(folder, 'claude', `-home-sam-project-${index % 40}`, `${session}.jsonl`);
  let clock = midnight + 8 * 3600e3;
  let parent: string | null = null;
  const line = (type: string, message: unknown): object => {
    clock += Math.floor(20_000 * random());
    const own = uuid(random);
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
    };
    parent = own;
    return record;
  };
  writeLines(path, bytes, function* () {
    for (;;) {
      yield line('user', { role: 'user', content: prose(random, 40) });
      for (let call = 0; call < 1 + 6 * random(); call += 1) {
        const id = `toolu_${uuid(random).replaceAll('-', '').slice(0, 24)}`;
        const reply = {
          id: `msg_${id.slice(6)}`,
          role: 'assistant',
          model: 'claude-opus-4-6',
          usage: usage(random),
        };
        const input = { command: prose(random, 12) };
        yield line('assistant', { ...reply, content: [{ type: 'tool_use', id, name: 'Bash', input }] });
        const result = { type: 'tool_result', tool_use_id: id, content: prose(random, 400) };
        yield line('user', { role: 'user', content: [result] });
      }
      const text = { type: 'text', text: prose(random, 120) };
      yield line('assistant', {
        id: `msg_${uuid(random)}`,
        role: 'assistant',
        model: 'claude-opus-4-6',
        usage: usage(random),
        content: [text],
      });
    }
  });
}

function codexSession(folder: string, _index: number, { bytes, midnight, random }: Session): void {
  const session = uuid(random);
  let clock = midnight + 9 * 3600e3;
  const day = new Date(clock).toISOString();
  const name = `rollout-${day.slice(0, 19).replaceAll(':', '-')}-${session}.jsonl`;
  const path = join(folder, 'codex', day.slice(0, 4), day.slice(5, 7), day.slice(8, 10), name);
  const line = (type: string, payload: unknown): object => {
    clock += Math.floor(10_000 * random());
    return { timestamp: new Date(clock).toISOString(), type, payload };
  };
  writeLines(path, bytes, function* () {
    yield line('session_meta', {
      id: session,
      cwd: '/home/sam/project',
      cli_version: '0.104.0',
      source: 'cli',
    });
    for (;;) {
      const question = prose(random, 40);
      const task = uuid(random);
      yield line('event_msg', { type: 'task_started', turn_id: task });
      yield line('response_item', message('user', 'input_text', question));
      yield line('event_msg', { type: 'user_message', message: question });
      for (let call = 0; call < 1 + 6 * random(); call += 1) {
        const id = `call_${uuid(random).slice(0, 18)}`;
        const words = JSON.stringify({ cmd: prose(random, 12) });
        yield line('response_item', {
          type: 'function_call',
          name: 'exec_command',
          arguments: words,
          call_id: id,
        });
        const output = `Process exited with code 0\nOutput:\n${prose(random, 400)}`;
        yield line('response_item', { type: 'function_call_output', call_id: id, output });
      }
      const answer = prose(random, 120);
      yield line('event_msg', { type: 'agent_message', message: answer });
      yield line('response_item', { ...message('assistant', 'output_text', answer), phase: 'final_answer' });
      yield line('event_msg', { type: 'task_complete', turn_id: task, last_agent_message: answer });
    }
  });
}

function message(role: string, type: string, text: string): object {
  return { type: 'message', role, content: [{ type, text }] };
}

function usage(random: () => number): object {
  return { input_tokens: 4, output_tokens: Math.floor(900 * random()), cache_read_input_tokens: 20_000 };
}

function writeLines(path: string, bytes: number, lines: () => Generator<object>): void {
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, 'w');
  let written = 0;
  for (const record of lines()) {
    written += writeSync(file, `${JSON.stringify(record)}\n`);
    if (written >= bytes) break;
  }
  closeSync(file);
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

/** About `average` words, exponentially spread. */
function prose(random: () => number, average: number): string {
  const count = 1 + Math.floor(-Math.log(1 - random()) * average);
  const parts: string[] = [];
  for (let word = 0; word < count; word += 1) parts.push(words[Math.floor(random() * words.length)] ?? '');
  return parts.join(' ');
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function uuid(random: () => number): string {
  const digits = Array.from({ length: 32 }, () => Math.floor(16 * random()).toString(16));
  digits[12] = '4';
  digits[16] = '8';
  const text = digits.join('');
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join(
    '-',
  );
}
