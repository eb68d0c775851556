import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { groupCount, type Plants, planter } from '../canaries.js';
import { appendLines, eventLine } from '../events.js';
import { brokenLines } from './broken.js';
import { claudeCanaries } from './claude.js';
import { codexCanaries, codexEras } from './codex.js';
import { eventCanaries, seqCanaries } from './events.js';

export const canaryDay = '2026-03-02';

/** Writes logs of both agents, a spool and a memory log full of canaries below a folder; gives what stands where. */
export async function writeCanaries(folder: string, groups = groupCount): Promise<Plants> {
  const plants: Plants = new Map();
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  const seq = join(folder, 'seq_mem.jsonl');
  for (let group = 0; group < groups; group++) {
    const put = planter(group, plants);
    for (const [path, text] of claudeCanaries(put, canaryDay)) await write(`claude/${path}`, text);
    for (const era of codexEras) {
      const [path, text] = codexCanaries(put, canaryDay, era);
      await write(`codex/${path}`, text);
    }
    const id = String(group).padStart(12, '0');
    const [claude, codex] = [put.name('claude.broken-folder'), put.name('codex.broken-folder')];
    await write(
      `claude/-Users-carla-${claude}/b10ce000-0000-4000-8000-${id}.jsonl`,
      brokenClaude(group, put),
    );
    await write(
      `codex/2026/03/${codex}/rollout-${canaryDay}T10-00-00-b10ce000-0000-7000-8000-${id}.jsonl`,
      brokenCodex(group, put),
    );
    const spool = join(folder, 'spool', `${put.name('events.file')}.jsonl`);
    await appendLines(spool, eventCanaries(put, canaryDay));
    await appendLines(spool, brokenEvents(group, put));
    await appendLines(seq, seqCanaries(put, canaryDay));
  }
  return plants;
}

type Put = ReturnType<typeof planter>;

function brokenClaude(group: number, put: Put): string {
  const id = `b10ce000-0000-4000-8000-${String(group).padStart(12, '0')}`;
  let count = 0;
  const lines = brokenLines('claude', put, (words) => {
    count++;
    return {
      ...{
        type: 'user',
        uuid: `broken-${group}-${count}`,
        parentUuid: null,
        sessionId: id,
        isSidechain: false,
      },
      ...{
        cwd: '/srv',
        version: '2.1.222',
        timestamp: `${canaryDay}T10:00:${String(count).padStart(2, '0')}.000Z`,
      },
      message: { role: 'user', content: words },
    };
  });
  return `${lines.join('\n')}\n`;
}

function brokenCodex(group: number, put: Put): string {
  const id = `b10ce000-0000-7000-8000-${String(group).padStart(12, '0')}`;
  const timestamp = `${canaryDay}T10:00:00.000Z`;
  const meta = {
    timestamp,
    type: 'session_meta',
    payload: { id, cwd: '/srv', cli_version: '0.144.0', source: 'cli' },
  };
  const lines = brokenLines('codex', put, (message) => {
    return { timestamp, type: 'event_msg', payload: { type: 'user_message', message } };
  });
  return `${[JSON.stringify(meta), ...lines].join('\n')}\n`;
}

function brokenEvents(group: number, put: Put): string {
  let count = 0;
  const lines = brokenLines('events', put, (text) => {
    count++;
    const id = `broken-${group}-${count}`;
    return eventLine({
      ...{ id, event_type: 'directive.added', lineage_id: 'x', payload: { kind: 'sticky', text } },
      timestamp: `${canaryDay}T14:00:00.000Z`,
    });
  });
  return `${lines.join('\n')}\n`;
}

/** A session of another day with one answered turn, for a watch to take up. */
export async function watchedCanaries(folder: string, put: Put): Promise<void> {
  const id = 'a4a7c4ed-0000-4000-8000-000000000000';
  const record = (type: string, second: number) => ({
    ...{ type, uuid: `watched-${second}`, parentUuid: second === 0 ? null : `watched-${second - 1}` },
    ...{ sessionId: id, isSidechain: false, cwd: '/srv', version: '2.1.222' },
    ...{ timestamp: `2026-03-05T10:00:0${second}.000Z` },
  });
  const line = (type: string, content: unknown, second: number) => ({
    ...record(type, second),
    message: { role: type, content, ...(type === 'user' ? {} : { id: 'watched', model: 'claude-opus-4-1' }) },
  });
  await appendLines(join(folder, 'claude', `-home-carla-${put.name('watched.folder')}`, `${id}.jsonl`), [
    line('user', put.text('watched.prompt'), 0),
    line('assistant', [{ type: 'text', text: put.text('watched.answer') }], 1),
    // The turn is over, so that its pair is handed off.
    { ...record('system', 2), subtype: 'turn_duration', durationMs: 1000 },
  ]);
}
