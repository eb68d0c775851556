import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { UserError } from '../pipelines/errors.js';
import { ingest } from '../pipelines/ingest.js';
import { silentProgress } from '../pipelines/lib/progress.js';
import { layOut } from '../pipelines/lib/terminal.js';
import { auditRouter, command } from '../pipelines/router-audit.js';
import { makeLake, type TestLake } from './support/lake.js';
import { routerFiles, routerSets } from './support/routerWorld.js';

const sql = new URL('../../sql/', import.meta.url).pathname;
let lake: TestLake;

before(async () => {
  lake = await makeLake({ TRACEMILL_SQL: sql });
  await mkdir(lake.config.spool, { recursive: true });
  for (const [name, text] of routerFiles()) await writeFile(join(lake.config.spool, name), text);
  await ingest({ config: lake.config, progress: silentProgress, now: () => new Date(), settleMs: 0 });
  const { failures } = await lake.build({ select: '+events.router_decisions' });
  assert.deepEqual(failures, []);
});

after(() => lake.remove());

const run = (args: Record<string, unknown>) =>
  command.run(args, {
    config: lake.config,
    log: () => {},
    progress: silentProgress,
    now: () => new Date(),
  });

for (const [name, { plan, options, fails }] of Object.entries(routerSets)) {
  test(`router decisions, ${name}: ${fails.length > 0 ? `fails ${fails.join()}` : 'passes'}`, async () => {
    const audit = await auditRouter({ config: lake.config, args: options });
    const failed = audit.gates.filter(({ pass }) => !pass).map(({ gate }) => gate);
    assert.deepEqual(failed, fails);
    assert.equal(audit.pass, fails.length === 0);
    const { decisions, joined, largest, overrides, failures } = plan;
    assert.deepEqual(
      audit.gates.map(({ value }) => value),
      [decisions, joined, joined / decisions, largest / decisions, overrides, failures],
    );
    assert.equal(audit.sessions, plan.sessions);
    assert.equal((await run(options)).exitCode ?? 0, fails.length === 0 ? 0 : 65);
  });
}

test('every gate is open or shut by its own option', async () => {
  const { options } = routerSets.enough ?? { options: {} };
  const limits = {
    'min-decisions': [600, 601],
    'min-joined': [540, 541],
    'min-link-rate': [0.9, 0.901],
    'max-dominance': [0.35, 0.349],
    'min-overrides': [40, 41],
    'min-failures': [120, 121],
  };
  for (const [option, [open, shut]] of Object.entries(limits)) {
    assert.equal((await run({ ...options, [option]: open })).exitCode ?? 0, 0, `--${option} ${open}`);
    assert.equal((await run({ ...options, [option]: shut })).exitCode, 65, `--${option} ${shut}`);
  }
});

test('the table says gate, value, threshold and what to do; a share never reads as the threshold it misses', async () => {
  const { summary } = await run(routerSets['too many lost']?.options ?? {});
  assert.deepEqual(layOut(summary), [
    '700 router decisions in 18 sessions, 2026-05-06 to 2026-05-06',
    '',
    'gate        value  threshold      pass',
    'decisions     700  at least 500   yes',
    'joined        559  at least 400   yes',
    'link rate  79.8 %  at least 80 %  no',
    'dominance  30.0 %  at most 55 %   yes  (fix-bug)',
    'overrides      40  at least 20    yes',
    'failures      120  at least 60    yes',
    '',
    '1 of 6 gates fails. What to do:',
    '  link rate:  find where decisions lose their outcome: sessions cut short, or another decision_id',
  ]);
});

test('without a decision every gate fails and no share is made up', async () => {
  const audit = await auditRouter({ config: lake.config, args: { since: '2027-01-01' } });
  assert.deepEqual(
    audit.gates.map(({ value, pass }) => [value, pass]),
    [
      [0, false],
      [0, false],
      [null, false],
      [null, false],
      [0, false],
      [0, false],
    ],
  );
});

test('a threshold that is no number, or no share, is a usage error that names its option', async () => {
  const cases = { 'min-joined': Number.NaN, 'min-link-rate': 80, 'max-dominance': -0.1, since: 'yesterday' };
  for (const [option, value] of Object.entries(cases)) {
    await assert.rejects(run({ [option]: value }), (error: UserError) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.exitCode, 2);
      assert.match(error.message, new RegExp(`^--${option}`));
      return true;
    });
  }
});
