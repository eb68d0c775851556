import fc from 'fast-check';
import { oddEvents } from '../oddEvents.js';
import { claudeFiles } from './claudeLogs.js';
import { claudeSession, type Line, type LogFile } from './claudeSpecs.js';
import { codexFiles } from './codexLogs.js';
import { codexSession } from './codexSpecs.js';
import { type Bytes, type Mutation, mutated, mutation } from './mutations.js';

/** One session (or a spool file) of a world, and what is changed in it. */
export type Case = {
  readonly number: number;
  readonly files: readonly LogFile[];
  readonly mutations: readonly Mutation[];
};

const anyCase = fc.record({
  session: fc.oneof(
    { weight: 10, arbitrary: fc.record({ agent: fc.constant('claude' as const), spec: claudeSession }) },
    { weight: 10, arbitrary: fc.record({ agent: fc.constant('codex' as const), spec: codexSession }) },
    { weight: 1, arbitrary: fc.record({ agent: fc.constant('recorded' as const), spec: fc.nat(1 << 20) }) },
  ),
  mutations: fc.oneof(
    { weight: 1, arbitrary: fc.constant<Mutation[]>([]) },
    { weight: 2, arbitrary: fc.array(mutation, { minLength: 1, maxLength: 3 }) },
  ),
});

/** The sessions of a world, always the same for a seed: the first of them stay as they are where more are asked for. */
export function casesOf(seed: number, count: number): Case[] {
  return fc.sample(anyCase, { seed, numRuns: count }).map(({ session, mutations }, number) => ({
    number,
    mutations,
    files:
      session.agent === 'claude'
        ? claudeFiles(session.spec, number + 1)
        : session.agent === 'codex'
          ? codexFiles(session.spec, number + 1)
          : [recordedFile(session.spec, number)],
  }));
}

function recordedFile(seed: number, number: number): LogFile {
  const lines = oddEvents(seed, 6, 6).map(
    (line): Line => ({ ...JSON.parse(line), id: `${number} ${JSON.parse(line).id}` }),
  );
  return { path: `spool/2026-05-01-desk-${number}.jsonl`, lines };
}

/** The files of cases as they lie on disk, path -> bytes; `all` are the cases of the world that they may borrow from. */
export function bytesOf(cases: readonly Case[], all: readonly Case[]): Map<string, Buffer> {
  const files: Bytes[] = cases.flatMap(({ number, files: logs, mutations }) => {
    const agent = logs[0]?.path.split('/')[0];
    const others = all.filter(
      (other) => other.number !== number && other.files[0]?.path.split('/')[0] === agent,
    );
    return mutated(
      logs,
      mutations,
      others.flatMap((other) => other.files),
    );
  });
  return new Map(files.map(({ path, bytes }) => [path, bytes]));
}
