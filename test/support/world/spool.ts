import { createHash } from 'node:crypto';

export type Refs = {
  readonly session_id?: string;
  readonly lineage_id?: string;
  readonly agent_id?: string;
  readonly artifact_id?: string;
  readonly attempt_id?: string;
};

export type EventLine = Refs & {
  readonly id: string;
  readonly timestamp: string;
  readonly event_type: string;
  readonly schema_version: number;
  readonly tags?: readonly string[];
  readonly payload: Readonly<Record<string, unknown>>;
};

type Extras = { readonly tags?: readonly string[]; readonly version?: number };

/** What one recording program writes: events one after the other on a clock of its own. */
export type Spool = {
  readonly lines: EventLine[];
  readonly record: (type: string, refs: Refs, payload: Record<string, unknown>, extras?: Extras) => EventLine;
  /** Moves the clock on, by milliseconds or to a later time. */
  readonly wait: (until: number | string) => void;
  /** Unix milliseconds. */
  readonly now: () => number;
};

/** A spool of the program `name`, which begins at an ISO time; the same calls give the same lines, ids included. */
export function makeSpool(name: string, begin: string): Spool {
  const lines: EventLine[] = [];
  let clock = Date.parse(begin);
  return {
    lines,
    record: (type, refs, payload, { tags, version = 1 } = {}) => {
      clock += 7;
      const line = {
        id: timedId(clock, `${name} ${lines.length}`),
        timestamp: new Date(clock).toISOString(),
        event_type: type,
        schema_version: version,
        ...refs,
        ...(tags === undefined ? {} : { tags }),
        payload,
      };
      lines.push(line);
      return line;
    },
    wait: (until) => {
      const next = typeof until === 'number' ? clock + until : Date.parse(until);
      if (!(next >= clock)) throw new Error(`${name}: ${until} is before ${new Date(clock).toISOString()}`);
      clock = next;
    },
    now: () => clock,
  };
}

/** A UUIDv7: the time, then what would be random, here from a seed. */
export function timedId(milliseconds: number, seed: string): string {
  const time = milliseconds.toString(16).padStart(12, '0');
  const random = createHash('sha256').update(seed).digest('hex');
  const variant = '89ab'[Number.parseInt(random[3] ?? '0', 16) % 4];
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-${variant}${random.slice(4, 7)}-${random.slice(8, 20)}`;
}

/** Path -> text of spool files: one a program and day, as the recorder writes them. */
export function spoolFiles(spools: Readonly<Record<string, readonly EventLine[]>>): Map<string, string> {
  const files = new Map<string, string>();
  for (const [name, lines] of Object.entries(spools)) {
    for (const line of lines) {
      const file = `${line.timestamp.slice(0, 10)}-${name}.jsonl`;
      files.set(file, `${files.get(file) ?? ''}${JSON.stringify(line)}\n`);
    }
  }
  return files;
}
