import type { Config } from './config.js';
import { foldAsOf } from './lib/asOf.js';
import { buildArguments, readSelection } from './lib/buildArguments.js';
import { buildOutcome } from './lib/buildOutcome.js';
import { type Failure, runClaim } from './lib/checks.js';
import type { Command } from './lib/command.js';
import { describeTables } from './lib/describe.js';
import { makeFiles, viewInputs } from './lib/drafts.js';
import { daysOf, hasDays, type Node, type Project, readProject, rowsOn, selectModels } from './lib/graph.js';
import { idleSteps, isIdle } from './lib/idleBuild.js';
import { draftPath, lakeFolder, sweepDrafts } from './lib/lake.js';
import { withLock } from './lib/lock.js';
import { loadMacros } from './lib/macros.js';
import { copyManifest, type Manifest, openPublication, publish } from './lib/manifest.js';
import { fingerprint, planBuild, readPlan, whyStale } from './lib/plan.js';
import type { Progress, StartProgress } from './lib/progress.js';
import { failedQuery } from './lib/queryFailure.js';
import { writeRawState } from './lib/rawState.js';
import { registerRedaction } from './lib/redaction/functions.js';
import { withKey } from './lib/redaction/policy.js';
import { withPolicy } from './lib/redaction/policyColumn.js';
import { describePlan, type Step, type Tally, tally } from './lib/report.js';
import { stagesOf, taskQueue } from './lib/taskQueue.js';
import { type DuckDB, openDuckDB } from './lib/warehouse.js';

/** `tracemill build`. */
export const command: Command = {
  describe: 'Run the SQL models that are out of date; check; publish',
  example: 'tracemill build --select +core.turns',
  options: buildArguments,
  run: async (args, { config, log, progress, now }) => {
    if ((args['as-of'] ?? args.out) !== undefined) return foldAsOf(args, config, progress);
    const { select, full } = readSelection(args);
    if (args['dry-run'] === true) {
      const plan = await readPlan({ config, select, full });
      return { summary: describePlan(plan), json: plan };
    }
    const result = await build({ config, select, full, now: now(), progress });
    return buildOutcome(result, config, log);
  },
};

export type BuildOptions = {
  config: Config;
  /** Decides which replaced files are old enough to go; no table depends on it. */
  now: Date;
  progress: StartProgress;
  select?: string | undefined;
  full?: boolean;
};

export type BuildResult = Tally & { failures: Failure[]; ms: number };

type Run = {
  readonly options: BuildOptions;
  readonly lake: string;
  /** Its manifest is the one being made. */
  readonly project: Project;
  readonly published: Manifest;
  readonly progress: Progress;
  readonly steps: Step[];
  readonly failures: Failure[];
  /** Failed or held back: `core.turns 2026-01-01`, `* 2026-01-01` for a whole day, `* ` for everything. */
  readonly blocked: Set<string>;
};

/** Builds what is out of date into drafts, checks it, and publishes it all in one rename; takes the lake's lock. */
export async function build(options: BuildOptions): Promise<BuildResult> {
  const { config, now, full = false } = options;
  return withLock(config, 'build', async () => {
    const started = performance.now();
    const lake = lakeFolder(config);
    await sweepDrafts(lake);
    const planner = await openDuckDB();
    const read = await readProject(planner.connection, config, lake);
    const project = { ...read, policy: await withKey(read.policy, lake) };
    await openPublication(lake, project.manifest, now);
    const selected = selectModels(project, options.select);
    const plan = planBuild(project, selected, full);
    if (isIdle(project, selected, plan)) {
      planner.close();
      await publish(lake, { before: read.manifest, after: read.manifest, now, isClean: true });
      return { ...tally(idleSteps(project, selected)), failures: [], ms: performance.now() - started };
    }
    const published = copyManifest(project.manifest);
    await describeTables(planner, lake, project, selected);
    await registerRedaction(planner.connection, project.policy);
    await writeRawState(planner.connection, lake);
    planner.close();
    const total = plan.reduce((sum, { days }) => sum + days.length, 0);
    const progress = options.progress('build', total, 'items');
    const [steps, failures, blocked]: [Step[], Failure[], Set<string>] = [[], [], new Set()];
    const run: Run = { options, lake, project, published, progress, steps, failures, blocked };
    const nodes = project.nodes.filter(({ name }) => selected.has(name));
    const workers = await Promise.all(
      Array.from({ length: Math.min(config.workers, total || 1) }, () => openWorker(run)),
    );
    try {
      for (const stage of stagesOf(nodes)) await runStage(run, workers, stage);
    } finally {
      for (const worker of workers) worker.close();
    }
    progress.end();
    if (options.select === undefined) forgetTables(project);
    await publish(lake, { before: published, after: project.manifest, now, isClean: failures.length === 0 });
    await sweepDrafts(lake);
    // Two workers end in an order of their own; what is told of them has one.
    const places = new Map(project.nodes.map(({ name }, place) => [name, place]));
    const placeOf = ({ model }: Failure | Step) => places.get(model) ?? 0;
    steps.sort((a, b) => placeOf(a) - placeOf(b));
    failures.sort((a, b) => placeOf(a) - placeOf(b) || a.day.localeCompare(b.day));
    return { ...tally(steps), failures, ms: performance.now() - started };
  });
}

/** A DuckDB with the macros, for one day at a time. */
async function openWorker({ project, lake, options }: Run): Promise<DuckDB> {
  const memoryMb = Math.max(300, Math.floor(1000 / options.config.workers));
  const worker = await openDuckDB({ memoryMb, spill: draftPath(lake, '.spill') });
  await loadMacros(worker.connection, project.macros, project.policy);
  return worker;
}

/** Runs a stage's models on each day, as many side by side as there are workers. */
async function runStage(run: Run, workers: readonly DuckDB[], nodes: readonly Node[]): Promise<void> {
  const tables = nodes
    .flatMap(({ name, inputs }) => [name, ...inputs])
    .filter((name) => hasDays(run.project, name));
  const perDay = nodes.some((node) => node.partitioned);
  const days = perDay ? [...new Set(tables.flatMap((table) => daysOf(run.project, table)))].sort() : [''];
  const queue = taskQueue(nodes, days);
  const work = async (worker: DuckDB) => {
    let task = await queue.next(undefined);
    while (task !== null) {
      await runNode(run, worker, task.node, task.day);
      queue.end(task);
      task = await queue.next(task.day);
    }
  };
  const ends = await Promise.allSettled(workers.map((worker) => work(worker).finally(queue.stop)));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

async function runNode(run: Run, worker: DuckDB, node: Node, day: string): Promise<void> {
  const { project, blocked } = run;
  const { name, inputs } = node;
  const step: Step = { model: name, what: 'held', rows: 0, bytes: 0, ms: 0 };
  if (isHeld(run, node, day)) {
    blocked.add(`${name} ${day}`);
  } else if (node.partitioned && inputs.every((input) => rowsOn(project, input, day) === undefined)) {
    delete project.manifest.tables[name]?.files[day];
    delete project.manifest.checks[name]?.[day];
    return;
  } else if (!run.options.full && whyStale(project, node, day) === null) {
    step.what = 'current';
  } else {
    const started = performance.now();
    const failures = await buildNode(run, worker, node, day, step);
    run.failures.push(...failures);
    if (failures.length > 0) step.what = 'failed';
    else if (!isHeld(run, node, day)) step.what = 'built';
    if (step.what !== 'built') blocked.add(`${name} ${day}`);
    if (step.what === 'failed' && node.isCheck) takeBack(run, day);
    step.ms = performance.now() - started;
    run.progress.add(1);
  }
  run.steps.push(step);
}

/** Whether something that the model reads there, or a claim, failed. */
function isHeld({ blocked }: Run, { inputs }: Node, day: string): boolean {
  const causes = ['* ', `* ${day}`, ...inputs.flatMap((input) => [`${input} ${day}`, `${input} `])];
  return causes.some((cause) => blocked.has(cause));
}

/** Builds one model's day into the manifest being made; when it fails, that day of the manifest stays as it was. */
async function buildNode(run: Run, worker: DuckDB, node: Node, day: string, step: Step): Promise<Failure[]> {
  const { project, lake, options } = run;
  const { checks, tables } = project.manifest;
  const table = tables[node.name];
  const made = fingerprint(project, node, day);
  try {
    await viewInputs(worker, project, lake, node, day);
    if (table === undefined) {
      const failures = await runClaim(worker.connection, node, day);
      if (failures.length === 0) checks[node.name] = { ...checks[node.name], [day]: made };
      return failures;
    }
    const isEmpty =
      !options.full && node.partitioned && node.inputs.every((input) => !rowsOn(project, input, day));
    const model = withPolicy(node, project.policy);
    const job = { connection: worker.connection, lake, node: model, table, made, isEmpty };
    const { files, failures } = await makeFiles(job, day);
    for (const [key, { rows, bytes }] of Object.entries(files)) {
      if (table.files[key] === files[key]) continue;
      step.rows += rows;
      step.bytes += bytes;
    }
    // A claim that failed meanwhile on another worker took this day back.
    if (failures.length > 0 || isHeld(run, node, day)) return [...failures];
    // A day that is not there any more goes when its turn comes; a split or whole model makes all its files at once.
    if (node.partitioned) Object.assign(table.files, files);
    else table.files = files;
    table.fingerprint = node.split ? made : '';
    return [];
  } catch (error) {
    return [failedQuery(error, node, day)];
  }
}

/** A claim failed: its day, or for a whole claim everything, stays as it was published. */
function takeBack({ project: { manifest }, published, blocked }: Run, day: string): void {
  blocked.add(`* ${day}`);
  if (day === '') manifest.tables = copyManifest(published).tables;
  for (const [name, table] of Object.entries(manifest.tables)) {
    const before = published.tables[name]?.files[day];
    if (before) table.files[day] = before;
    else delete table.files[day];
    // A split model must look at this day again.
    if (day !== '') table.fingerprint = '';
  }
}

/** Tables and claims whose SQL is gone are published no longer. */
function forgetTables({ nodes, manifest }: Project): void {
  const names = new Set(nodes.map(({ name }) => name));
  for (const part of [manifest.tables, manifest.checks]) {
    for (const name of Object.keys(part)) if (!names.has(name)) delete part[name];
  }
}
