import { createHash } from 'node:crypto';
import { errorKinds, overrideReasons, projects, type Task, tasks } from './routerTexts.js';
import { type EventLine, makeSpool, type Spool } from './spool.js';

/** How many of what a set of router decisions holds; every number is exact. */
export type RouterPlan = {
  /** Begins the ids of its sessions. */
  readonly name: string;
  readonly begin: string;
  readonly sessions: number;
  readonly decisions: number;
  /** Decisions that have an outcome. */
  readonly joined: number;
  /** Decisions that a person overrode; each wrong choice costs its reward. */
  readonly overrides: number;
  /** Outcomes that are partial, failure or wasted. */
  readonly failures: number;
  /** Decisions for fix-bug, the largest task. */
  readonly largest: number;
};

type Decision = { readonly right: Task; readonly chosen: string; readonly intent: string };

/** Router events as one program records them: decisions, what came of them, and what people chose instead. */
export function routerSpool(plan: RouterPlan): EventLine[] {
  const { name, decisions, sessions, joined, overrides, failures } = plan;
  const pick = dice(name);
  const chosenTasks = spread(plan, pick);
  // Which decisions have an outcome, which of those failed, and which were overridden: the overridden are of all kinds.
  const withOutcome = marks(decisions, joined, pick);
  const outcomeOrder = withOutcome.flatMap((has, index) => (has ? [index] : []));
  const failed = new Set(shuffle(outcomeOrder, pick).slice(0, failures));
  const overridden = new Set(overriddenFirst(decisions, failed, pick).slice(0, overrides));
  const spool = makeSpool(name, plan.begin);
  const used = new Set<string>();
  let index = 0;
  for (let session = 0; session < sessions; session++) {
    const count = Math.floor(decisions / sessions) + (session < decisions % sessions ? 1 : 0);
    const project = projects[session % projects.length] as (typeof projects)[number];
    const id = `${name}-${String(session + 1).padStart(2, '0')}`;
    // Six sessions a day, from eight in the morning on.
    const day = Date.parse(plan.begin) + Math.floor(session / 6) * 86_400_000;
    spool.wait(Math.max(0, day + (session % 6) * 5_400_000 - spool.now()));
    for (let turn = 0; turn < count; turn++, index++) {
      const chosen = chosenTasks[index] ?? '';
      const isOverridden = overridden.has(index);
      const right = rightTask(chosen, isOverridden || (failed.has(index) && pick(2) === 0), pick);
      const intent = unusedIntent(right, project.words, used, pick);
      recordDecision(spool, {
        session: id,
        project: project.name,
        decision: { right, chosen, intent },
        id: `${id}-d${turn + 1}`,
        outcome: withOutcome[index] === true ? outcomeOf(failed.has(index), pick) : null,
        isOverridden,
        turn,
        pick,
      });
    }
  }
  return spool.lines;
}

type Recorded = {
  readonly session: string;
  readonly project: string;
  readonly decision: Decision;
  readonly id: string;
  readonly outcome: string | null;
  readonly isOverridden: boolean;
  readonly turn: number;
  readonly pick: Dice;
};

function recordDecision(spool: Spool, of: Recorded): void {
  const { session, project, decision, id, outcome, isOverridden, turn, pick } = of;
  const refs = { session_id: session };
  const { chosen, right } = decision;
  const others = [right.name, ...right.taken].filter((task) => task !== chosen);
  spool.wait(20_000 + pick(100_000));
  spool.record('flow.router.decision.v1', refs, {
    decision_id: id,
    session_id: session,
    chosen_task: chosen,
    confidence: ((isOverridden ? 45 : 60) + pick(35)) / 100,
    user_intent: decision.intent,
    candidates: [chosen, ...others],
    context: { turn: turn + 1, changed_files: pick(9) },
    project_path: `~/projects/${project}`,
    git_branch: pick(3) === 0 ? 'main' : `${chosen}/${turn + 1}`,
    git_commit: createHash('sha1')
      .update(`${session} ${turn >> 1}`)
      .digest('hex')
      .slice(0, 7),
  });
  const executed = isOverridden ? right.name : chosen;
  if (isOverridden) {
    spool.wait(4_000 + pick(20_000));
    const reason = overrideReasons[right.name];
    spool.record('flow.router.override.v1', refs, {
      decision_id: id,
      original_task: chosen,
      override_task: right.name,
      ...(pick(3) > 0 && reason !== undefined ? { reason } : {}),
    });
  }
  if (outcome === null) return;
  const took = 15_000 + pick(540_000);
  spool.wait(took);
  spool.record('flow.router.outcome.v1', refs, {
    decision_id: id,
    outcome,
    task_executed: executed,
    time_to_resolution_ms: took,
    ...(outcome === 'success' ? {} : { error_kind: errorKinds[pick(errorKinds.length)] }),
    ...(isOverridden ? { manual_override_task: right.name } : {}),
  });
}

/** The chosen task of each decision: the largest as often as planned, the others in turn, in shuffled order. */
function spread({ decisions, largest }: RouterPlan, pick: Dice): string[] {
  const [first, ...others] = tasks.map(({ name }) => name);
  const chosen = Array.from({ length: decisions }, (_, index) =>
    index < largest ? (first ?? '') : (others[index % others.length] ?? ''),
  );
  return shuffle(chosen, pick);
}

/** The task that was meant: the chosen one, or where the choice was wrong one that is easily taken for it. */
function rightTask(chosen: string, isWrong: boolean, pick: Dice): Task {
  const fitting = isWrong
    ? tasks.filter(({ taken }) => taken.includes(chosen))
    : tasks.filter(({ name }) => name === chosen);
  const others = tasks.filter(({ name }) => name !== chosen);
  const from = fitting.length > 0 ? fitting : others;
  return from[pick(from.length)] as Task;
}

function outcomeOf(isFailed: boolean, pick: Dice): string {
  if (!isFailed) return 'success';
  return ['partial', 'failure', 'partial', 'wasted', 'failure'][pick(5)] as string;
}

/** Those that failed first: people override choices that go wrong more often than others. */
function overriddenFirst(decisions: number, failed: ReadonlySet<number>, pick: Dice): number[] {
  const all = shuffle(
    Array.from({ length: decisions }, (_, index) => index),
    pick,
  );
  const wrong = all.filter((index) => failed.has(index));
  const others = all.filter((index) => !failed.has(index));
  const half = Math.ceil(wrong.length / 2);
  return [...others.slice(0, 6), ...wrong.slice(0, half), ...others.slice(6), ...wrong.slice(half)];
}

/** An intent with the project's words; one that was said already comes with the words of another day. */
function unusedIntent(
  { intents }: Task,
  words: Readonly<Record<string, string>>,
  used: Set<string>,
  pick: Dice,
): string {
  const first = pick(intents.length);
  const said = intents.map((_, index) => {
    const text = intents[(first + index) % intents.length] ?? '';
    return text
      .replaceAll(/\{(\w+)\}/g, (_match, slot: string) => words[slot] ?? slot)
      .replaceAll(/\ba (?=[aeiou])/g, 'an ');
  });
  const fresh = said.find((text) => !used.has(text)) ?? again(said[0] ?? '', used);
  used.add(fresh);
  return fresh;
}

function again(text: string, used: ReadonlySet<string>): string {
  const openings = ['once more: ', 'still open: ', 'as last week: ', 'again, and this time for good: '];
  const told = openings.map((opening) => `${opening}${text}`).find((candidate) => !used.has(candidate));
  return told ?? `${text} (${used.size})`;
}

type Dice = (sides: number) => number;

/** Whole numbers below `sides` that look thrown and are the same for the same seed. */
function dice(seed: string): Dice {
  let throws = 0;
  return (sides) => {
    throws += 1;
    const digest = createHash('sha256').update(`${seed} ${throws}`).digest('hex');
    return Number.parseInt(digest.slice(0, 8), 16) % sides;
  };
}

function shuffle<T>(items: readonly T[], pick: Dice): T[] {
  const mixed = [...items];
  for (let index = mixed.length - 1; index > 0; index--) {
    const other = pick(index + 1);
    [mixed[index], mixed[other]] = [mixed[other] as T, mixed[index] as T];
  }
  return mixed;
}

/** `count` of `length` places marked, spread by chance. */
function marks(length: number, count: number, pick: Dice): boolean[] {
  return shuffle(
    Array.from({ length }, (_, index) => index < count),
    pick,
  );
}
