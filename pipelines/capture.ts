import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from './config.js';
import { exitCodes, UserError } from './errors.js';
import { describePass } from './lib/capturePass.js';
import { type Capture, endCapture, readCapture, readWatchStatus, writeCapture } from './lib/captureState.js';
import { runVerbs, startVerb } from './lib/childVerb.js';
import type { Command, Context, Outcome } from './lib/command.js';
import { makeFolder, openOwn } from './lib/lake.js';
import { lastLines } from './lib/logFile.js';
import { type Holder, isRunning, readHolder } from './lib/pidFile.js';
import { amount, minute } from './lib/progress.js';
import { probeSpool } from './lib/spoolProbe.js';
import { writing } from './lib/writable.js';

type Call = Context & { readonly json: boolean; readonly lines: number };

/** What may follow `capture`. */
const actions: Record<string, { describe: string; run: (call: Call) => Promise<Outcome> }> = {
  on: { describe: 'watch in the background, hand off what is new from now on', run: turnOn },
  off: { describe: 'end it once its pass is done', run: turnOff },
  status: { describe: 'whether it is on, and what it did last', run: showStatus },
  logs: { describe: 'the last lines of its log', run: showLogs },
  once: { describe: 'one pass, as capture makes it', run: passOnce },
  backfill: { describe: 'one pass that hands off all history', run: backfill },
  'on-backfill': { describe: 'hand off everything from scratch, then on', run: backfillAndOn },
  events: { describe: 'check that events can be recorded', run: checkSpool },
};

/** `tracemill capture`. */
export const command: Command = {
  describe: `Capture in the background: ${Object.keys(actions).join(', ')}`,
  example: 'tracemill capture on',
  positionals: {
    action: {
      type: 'string',
      choices: Object.keys(actions),
      describe: Object.entries(actions)
        .map(([name, { describe }]) => `${name}: ${describe}`)
        .join('; '),
    },
  },
  options: { lines: { type: 'number', default: 50, describe: 'How many lines of the log' } },
  run: async (args, context) => {
    const action = actions[String(args.action ?? '')];
    if (action === undefined) {
      const words = `capture: name an action: ${Object.keys(actions).join(', ')}`;
      throw new UserError(words, { exitCode: exitCodes.usage });
    }
    return action.run({ ...context, json: args.json === true, lines: Number(args.lines) });
  },
};

/** Starts watch; where a crash ended the last one, from the moment that one began at. */
async function turnOn(call: Call): Promise<Outcome> {
  await refuseRunning(call.config);
  const before = await readCapture(call.config);
  if (before !== undefined) return begin(call, before, `; goes on where it was, on since ${before.since}`);
  const since = call.now().toISOString();
  return begin(call, { since, from: since }, '');
}

async function begin({ config }: Call, capture: Capture, words: string): Promise<Outcome> {
  await writeCapture(config, capture);
  const pid = await startWatch(config, capture);
  return {
    summary: [`capture is on: pid ${pid}, ${describeCapture(capture)}${words}`, `log: ${config.watchLog}`],
    json: { running: true, pid, ...capture, log: config.watchLog },
  };
}

async function turnOff({ config, log }: Call): Promise<Outcome> {
  const holder = await readHolder(config.pidFile);
  if (holder !== undefined) {
    end(holder, config);
    for (let waited = 0; await isRunning(holder); waited += 1) {
      if (waited === 20) log(`waiting for pid ${holder.pid} to end its pass`);
      await sleep(100);
    }
  }
  const wasOn = (await readCapture(config).catch(() => undefined)) !== undefined;
  await endCapture(config);
  const words =
    holder !== undefined
      ? `capture is off: pid ${holder.pid} has ended`
      : wasOn
        ? 'capture is off: its process had ended before, the next capture begins anew'
        : 'capture was not on';
  return { summary: [words], json: { running: false, ended: holder?.pid ?? null } };
}

async function showStatus({ config }: Call): Promise<Outcome> {
  const holder = await readHolder(config.pidFile);
  const capture = await readCapture(config);
  const status = await readWatchStatus(config);
  const words = [
    holder !== undefined
      ? `capture is on: pid ${holder.pid}${status === undefined ? '' : `, ${describeCapture(status)}`}`
      : capture !== undefined
        ? 'capture is not running, though it was not turned off; `tracemill capture on` goes on where it was'
        : 'capture is off; `tracemill capture on` turns it on',
    ...(status?.lastPass
      ? [
          `last pass: ${minute(status.lastPass.at)}, ${describePass({ ...status.lastPass, warnings: [], failures: [] })}`,
        ]
      : []),
    ...(status === undefined
      ? []
      : [`${amount(status.passes, 'items')} passes, ${amount(status.handedOff, 'items')} pairs handed off`]),
    ...(status?.trouble ? [`! ${minute(status.trouble.at)}: ${status.trouble.words}`] : []),
    `log: ${config.watchLog}`,
  ];
  const json = { running: holder !== undefined, pid: holder?.pid ?? null, capture: capture ?? null };
  return { summary: words, json: { ...json, watch: status ?? null, log: config.watchLog } };
}

async function showLogs({ config, lines }: Call): Promise<Outcome> {
  const found = await lastLines(config.watchLog, Math.max(1, lines));
  if (found === undefined) {
    throw new UserError(`${config.watchLog}: there is no log yet; \`tracemill capture on\` begins one`);
  }
  return {
    summary: found.map((text) => ({ text, verbatim: true })),
    json: { log: config.watchLog, lines: found },
  };
}

/** What came since capture began; where it never did, it begins now, and the next time goes on from there. */
async function passOnce(call: Call): Promise<Outcome> {
  const before = await readCapture(call.config);
  const since = call.now().toISOString();
  const capture = before ?? { since, from: since };
  if (before === undefined) await writeCapture(call.config, capture);
  const from = capture.from === null ? [] : ['--from', capture.from];
  return pass(call, ['handoff', ...from], describeCapture(capture));
}

async function backfill(call: Call): Promise<Outcome> {
  return pass(call, ['handoff'], 'all history is handed off');
}

/** Remembers first that all is to be handed off: killed half-way, the next `capture on` does the rest. */
async function backfillAndOn(call: Call): Promise<Outcome> {
  await refuseRunning(call.config);
  const capture = { since: call.now().toISOString(), from: null };
  await writeCapture(call.config, capture);
  const done = await pass(call, ['handoff', '--rebuild'], '');
  return done.exitCode === undefined ? begin(call, capture, '') : done;
}

async function checkSpool({ config }: Call): Promise<Outcome> {
  const { spool } = config;
  const { files, bytes } = await probeSpool(spool);
  const found = `${amount(files, 'items')} files, ${amount(bytes, 'bytes')} so far`;
  return {
    summary: [`recording is on: events go to ${spool} (${found}); ingest reads them from there`],
    json: { spool, files, bytes },
  };
}

async function pass(call: Call, handoff: string[], words: string): Promise<Outcome> {
  const verbs = [['ingest'], ['build'], handoff, ['index', '--optional']];
  const { code, failed, results } = await runVerbs(verbs, call);
  if (code !== exitCodes.ok) return { summary: [], json: { failed, results }, exitCode: code };
  return { summary: [words], json: { results } };
}

async function startWatch(config: Config, { from }: Capture): Promise<number> {
  const handle = await writing(config.watchLog, 'SEQ_AGENT_QA_LOG', async () => {
    await makeFolder(dirname(config.watchLog));
    return openOwn(config.watchLog);
  });
  try {
    const words = ['watch', '--background', ...(from === null ? [] : ['--from', from])];
    const { pid, exited } = startVerb(words, handle.fd);
    let code: number | undefined;
    exited.then(
      (status) => {
        code = status;
      },
      () => {
        code = exitCodes.failed;
      },
    );
    while (code === undefined) {
      const holder = await readHolder(config.pidFile);
      if (holder?.pid === pid) return pid;
      await sleep(50);
    }
    const said = (await lastLines(config.watchLog, 1))?.[0] ?? '';
    throw new UserError(`watch did not start: ${said}`, { exitCode: code });
  } finally {
    await handle.close();
  }
}

async function refuseRunning(config: Config): Promise<void> {
  const holder = await readHolder(config.pidFile);
  if (holder === undefined) return;
  throw new UserError(
    `${config.pidFile}: capture is on already, with pid ${holder.pid}; \`tracemill capture off\` ends it`,
    { exitCode: exitCodes.locked },
  );
}

function end({ pid, isCertain }: Holder, config: Config): void {
  if (!isCertain) {
    const words = `was not written by tracemill; end pid ${pid} yourself, or delete the file`;
    throw new UserError(`${config.pidFile}: ${words}`);
  }
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH') return;
    throw new UserError(`${config.pidFile}: pid ${pid} cannot be ended (${code}); end it as its own user`, {
      cause: error,
    });
  }
}

function describeCapture({ from }: Pick<Capture, 'from'>): string {
  return from === null ? 'hands off every pair' : `hands off pairs answered from ${from} on`;
}
