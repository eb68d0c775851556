import type { EventLine } from './world/spool.js';

/** Something an agent handed in: an artifact, or the output of an attempt without one. */
export type Answer = {
  readonly id: string;
  readonly attempt: string;
  readonly session: string;
  readonly lineage: string;
  readonly cycle: number;
  /** The words asked, and the documents given. */
  readonly asked: string;
  readonly context: string;
  readonly text: string | null;
  readonly failed: boolean;
  readonly at: string;
  /** Payloads of the attempt's spans, in order. */
  readonly spans: readonly Payload[];
  score: number | null;
};

export type Payload = Readonly<Record<string, unknown>>;

const types =
  /^(session|lineage|agent|attempt|artifact|directive|evolution|insight)\.\w+$|^agent\.qa\.pair$|^flow\.router\.\w+\.v1$/;

/** Events in order of time; a type or version nobody reads does not count. */
export function acceptedEvents(lines: readonly EventLine[]): EventLine[] {
  return distinctEvents(lines)
    .filter(({ event_type, schema_version }) => types.test(event_type) && schema_version === 1)
    .toSorted((a, b) => `${a.timestamp} ${a.id}`.localeCompare(`${b.timestamp} ${b.id}`));
}

/** The first line of each id, without scores that no scale has. */
export function distinctEvents(lines: readonly EventLine[]): EventLine[] {
  const byId = new Map<string, EventLine>();
  for (const line of lines) if (!byId.has(line.id)) byId.set(line.id, line);
  return [...byId.values()].filter(
    ({ event_type, schema_version, payload }) =>
      event_type !== 'artifact.scored' || schema_version > 1 || Number(payload.score) <= 10,
  );
}

/** The accepted events of a type, in order of time. */
export type EventsOf = (type: string) => EventLine[];

/** Every answer by its id, with the last score somebody gave it. */
export function handedIn(of: EventsOf): Map<string, Answer> {
  const started = new Map(of('attempt.started').map((event) => [event.attempt_id, event]));
  const answers = new Map<string, Answer>();
  const add = (id: string, event: EventLine, value: unknown, failed: boolean) => {
    const start = started.get(event.attempt_id);
    // An artifact of an attempt nobody recorded answers nothing we know.
    if (start === undefined) return;
    const { need, constraints, test_input, context_documents } = start.payload.input as Payload;
    answers.set(id, {
      id,
      attempt: event.attempt_id ?? '',
      session: start.session_id ?? '',
      lineage: start.lineage_id ?? '',
      cycle: Number(start.payload.cycle),
      asked: JSON.stringify([need, constraints, test_input]),
      context: JSON.stringify(context_documents ?? []),
      text: value === undefined ? null : typeof value === 'string' ? value : JSON.stringify(value),
      failed,
      at: event.timestamp,
      spans: of('attempt.span_recorded')
        .filter(({ attempt_id }) => attempt_id === event.attempt_id)
        .map(({ payload }) => payload),
      score: null,
    });
  };
  for (const event of of('artifact.created'))
    add(event.artifact_id ?? '', event, event.payload.content, false);
  const kept = new Set([...answers.values()].map(({ attempt }) => attempt));
  const alone = (event: EventLine) => !kept.has(event.attempt_id ?? '');
  for (const event of of('attempt.completed').filter(alone))
    add(event.attempt_id ?? '', event, event.payload.output, false);
  for (const event of of('attempt.failed').filter(alone))
    add(event.attempt_id ?? '', event, event.payload.partial_output, true);
  for (const { artifact_id, payload } of of('artifact.scored')) {
    const answer = answers.get(artifact_id ?? '');
    if (answer !== undefined) answer.score = payload.score as number;
  }
  return answers;
}

/** The locks that were not undone, one a lineage at most. */
export function locksInForce(of: EventsOf): EventLine[] {
  const changes = [...of('lineage.locked'), ...of('lineage.unlocked')].toSorted((a, b) =>
    a.timestamp.localeCompare(b.timestamp),
  );
  const last = new Map(changes.map((event) => [event.lineage_id ?? '', event]));
  return [...last.values()].filter(({ event_type }) => event_type === 'lineage.locked');
}

/** The artifact that a lock without one is on: the last of its lineage before it. */
export function newestOf(of: EventsOf, lock: EventLine): string | undefined {
  return of('artifact.created').findLast(
    ({ lineage_id, timestamp }) => lineage_id === lock.lineage_id && timestamp < lock.timestamp,
  )?.artifact_id;
}
