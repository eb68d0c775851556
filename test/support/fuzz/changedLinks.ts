import { isHolder } from './changedFields.js';
import type { Line, LogFile } from './claudeSpecs.js';
import { type Mutation, pick } from './mutations.js';

/** Changes what leads from one line to another. */
export function changeLink(
  lines: Line[],
  place: number,
  one: Extract<Mutation, { level: 'link' }>,
  foreign: LogFile | undefined,
): void {
  const line = lines[place];
  const other = pick(lines, one.other);
  if (line === undefined || other === undefined) return;
  const foreignId = sessionOf(foreign) ?? '00000000-0000-4000-8000-00000000dead';
  const calls = lines.flatMap(callsOf);
  const [call, otherCall] = [pick(calls, one.line), pick(calls, one.other)];
  const payloads = lines.map(({ payload }) => payload).filter(isHolder);
  const payload = pick(payloads, one.line);
  const messages = lines.map(({ message }) => message).filter(isHolder);
  const change: Record<typeof one.how, () => unknown> = {
    self: () => (line.parentUuid = line.uuid),
    cycle: () => {
      line.parentUuid = other.uuid;
      other.parentUuid = line.uuid;
    },
    dangling: () => (line.parentUuid = foreignId),
    backwards: () => {
      for (const [index, each] of lines.entries()) each.parentUuid = lines[index + 1]?.uuid ?? lines[0]?.uuid;
    },
    'one uuid': () => (line.uuid = other.uuid),
    'one message': () => {
      for (const message of messages) if ('id' in message) message.id = 'msg_one';
    },
    session: () => {
      if (isHolder(line.payload) && 'id' in line.payload) line.payload.id = foreignId;
      else line.sessionId = foreignId;
    },
    'session all': () => {
      for (const each of lines) each.sessionId = foreignId;
      const meta = payloads[0];
      if (meta !== undefined) meta.id = foreignId;
    },
    'renamed call': () => call?.rename('call_of_nobody'),
    'one call': () => calls.map(({ rename }) => rename('call_one')),
    'later call': () => call?.rename(otherCall?.id ?? null),
    'one agent': () => {
      for (const each of lines) each.agentId = 'a1';
    },
    'one turn': () => {
      for (const each of payloads) each.turn_id = 'one';
    },
    forked: () => {
      if (payload !== undefined)
        Object.assign(payload, { forked_from_id: foreignId, parent_thread_id: foreignId });
    },
    'forked from itself': () => {
      const meta = payloads[0];
      if (meta !== undefined) Object.assign(meta, { forked_from_id: meta.id, parent_thread_id: meta.id });
    },
    'many rolled back': () => {
      const values = [-1, 0, 99, 1.5, '2', null, 2_147_483_648];
      lines.splice(place, 0, {
        timestamp: line.timestamp,
        type: 'event_msg',
        payload: { type: 'thread_rolled_back', num_turns: pick(values, one.other) },
      });
    },
  };
  change[one.how]();
}

function sessionOf(file: LogFile | undefined): string | null {
  for (const { sessionId, payload, id } of file?.lines ?? []) {
    const named = sessionId ?? (isHolder(payload) ? payload.id : id);
    if (typeof named === 'string') return named;
  }
  return null;
}

/** The ids of calls and results in a line, and how to rename each. */
function callsOf(line: Line): { id: unknown; rename: (id: unknown) => void }[] {
  const { message, payload } = line;
  const blocks = isHolder(message) && Array.isArray(message.content) ? message.content.filter(isHolder) : [];
  const holders = isHolder(payload) ? [payload, ...blocks] : blocks;
  return holders.flatMap((holder) =>
    ['call_id', 'tool_use_id', ...(holder.type === 'tool_use' ? ['id'] : [])]
      .filter((key) => key in holder)
      .map((key) => ({ id: holder[key], rename: (id: unknown) => (holder[key] = id) })),
  );
}
