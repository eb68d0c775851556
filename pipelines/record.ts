import { z } from 'zod';
import { exitCodes, UserError } from './errors.js';
import type { Command, Context, Outcome } from './lib/command.js';
import { isEventType } from './lib/event.js';
import { eventTypes, refNames } from './lib/eventSchemas.js';
import { NotJsonError, parseJsonText } from './lib/jsonValue.js';
import { sharedName } from './lib/spool.js';
import { createRecorder, type Recorder } from './recorder.js';

type Args = Readonly<Record<string, unknown>>;

// Given once each time, so that the word after it is not taken for another.
const repeated = { type: 'string', array: true, nargs: 1 } as const;

/** `tracemill record`. */
export const command: Command = {
  describe: 'Record a training event into the spool, where ingest finds it',
  example: 'tracemill record artifact.scored --artifact a1 --field score=8',
  positionals: {
    type: { type: 'string', describe: `${Object.keys(eventTypes).join(', ')}, or a type of your own` },
  },
  options: {
    // nargs: without it yargs takes the lone dash for a word of its own.
    payload: { type: 'string', nargs: 1, describe: 'The payload, a JSON object; - reads it from stdin' },
    field: {
      ...repeated,
      describe: 'One field of the payload, name=value; the value is JSON, or else text as it stands',
    },
    session: { type: 'string', describe: 'Id of the session' },
    lineage: { type: 'string', describe: 'Id of the lineage' },
    agent: { type: 'string', describe: 'Id of the agent' },
    artifact: { type: 'string', describe: 'Id of the artifact' },
    attempt: { type: 'string', describe: 'Id of the attempt' },
    tag: { ...repeated, describe: 'A tag' },
    jsonl: {
      type: 'boolean',
      default: false,
      describe: 'Record each line of stdin: {"event_type", "payload", "refs", "tags"}',
    },
  },
  run: async (args, context) => {
    // One file for all these short processes, or the spool would fill with files of one line.
    const recorder = createRecorder({
      folder: context.config.spool,
      name: sharedName(),
      clock: context.now,
      onError: () => {},
    });
    return args.jsonl === true ? recordLines(recorder, args, context) : recordOne(recorder, args, context);
  },
};

async function recordOne(recorder: Recorder, args: Args, { log }: Context): Promise<Outcome> {
  if (args.type === undefined)
    throw usage('record: no type of event is named; write one, as `tracemill record artifact.scored`');
  const type = String(args.type);
  const recorded = recorder.recordEvent(type, await readPayload(args), refsOf(args), tagsOf(args));
  if (!recorded.ok) throw recorded.error;
  if (!isEventType(type)) log(`${type}: not a type that tracemill knows; recorded as it is`);
  return { summary: [`recorded ${type} ${recorded.id}`], json: { id: recorded.id } };
}

async function readPayload(args: Args): Promise<Record<string, unknown>> {
  const isPiped = args.payload === '-';
  let text = isPiped ? '' : String(args.payload ?? '{}');
  if (isPiped) for await (const chunk of stdinText()) text += chunk;
  const payload = parsed(text, isPiped ? 'stdin' : '--payload');
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload))
    throw badData(`${isPiped ? 'stdin' : '--payload'}: must be a JSON object; nothing was recorded`);
  const fields = (args.field as string[] | undefined) ?? [];
  return { ...payload, ...Object.fromEntries(fields.map(readField)) };
}

function readField(field: string): [string, unknown] {
  const [, name, value = ''] = /^([^=]+)=(.*)$/s.exec(field) ?? [];
  if (name === undefined) throw usage('--field: must be name=value; write one, as --field score=8');
  try {
    JSON.parse(value);
  } catch {
    return [name, value];
  }
  return [name, parsed(value, `--field ${name}`)];
}

const eventOfLine = z.strictObject({
  event_type: z.string(),
  payload: z.looseObject({}),
  refs: z.exactOptional(z.looseObject({})),
  tags: z.exactOptional(z.array(z.string())),
});

async function recordLines(recorder: Recorder, args: Args, { log }: Context): Promise<Outcome> {
  if (args.type !== undefined || args.payload !== undefined || args.field !== undefined)
    throw usage(
      '--jsonl: each line names its own type and payload; leave out the type, --payload and --field',
    );
  const ids: string[] = [];
  const refused: { line: number; error: string }[] = [];
  let number = 0;
  for await (const line of stdinLines()) {
    number += 1;
    if (line.trim() === '') continue;
    try {
      ids.push(recordLine(recorder, args, line));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const message = `line ${number}: ${error.message}`;
      // The next ones would not be written either.
      if (error.exitCode !== exitCodes.dataFailed) throw new UserError(message, { cause: error });
      refused.push({ line: number, error: error.message });
      log(message);
    }
  }
  const words = refused.length === 0 ? '' : `, refused ${refused.length}`;
  return {
    summary: [`recorded ${ids.length} events${words}`],
    json: { ids, refused },
    ...(refused.length > 0 ? { exitCode: exitCodes.dataFailed } : {}),
  };
}

function recordLine(recorder: Recorder, args: Args, line: string): string {
  const event = parsed(line, 'event');
  const read = eventOfLine.safeParse(event);
  if (!read.success) {
    const issues = read.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`.trim());
    throw badData(`event: ${issues.join(', ')}; give event_type, payload, refs and tags only`);
  }
  // As it was read: zod's copy drops the key __proto__.
  const { event_type: type, payload, refs = {}, tags = [] } = event as z.output<typeof eventOfLine>;
  const allRefs = { ...refsOf(args), ...refs };
  const recorded = recorder.recordEvent(type, payload, allRefs, [...tagsOf(args), ...tags]);
  if (!recorded.ok) throw recorded.error;
  return recorded.id;
}

function refsOf(args: Args): Record<string, string> {
  const given = refNames.map((name) => [name, args[name.replace('_id', '')]] as const);
  return Object.fromEntries(given.flatMap(([name, id]) => (id === undefined ? [] : [[name, String(id)]])));
}

function tagsOf(args: Args): string[] {
  return (args.tag as string[] | undefined) ?? [];
}

function parsed(text: string, name: string): unknown {
  try {
    return parseJsonText(text, name);
  } catch (error) {
    if (error instanceof NotJsonError) throw badData(`${error.message}; nothing was recorded`);
    throw error;
  }
}

/** What stdin holds, in pieces; readline would also break lines at U+2028, which JSON text may hold. */
async function* stdinText(): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (chunk?: Uint8Array) => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch {
      throw badData('stdin: holds bytes that are no UTF-8; convert it and record the rest');
    }
  };
  for await (const chunk of process.stdin) yield decode(chunk as Buffer);
  yield decode();
}

async function* stdinLines(): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of stdinText()) {
    rest += chunk;
    if (!chunk.includes('\n')) continue;
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  yield rest;
}

function usage(message: string): UserError {
  return new UserError(message, { exitCode: exitCodes.usage });
}

function badData(message: string): UserError {
  return new UserError(message, { exitCode: exitCodes.dataFailed });
}
