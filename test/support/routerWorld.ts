import { type RouterPlan, routerSpool } from './world/router.js';
import { spoolFiles } from './world/spool.js';

/** A set of router decisions made within one month, the options it is audited with, and the gates that it fails. */
export type RouterSet = {
  readonly plan: RouterPlan;
  readonly options: Readonly<Record<string, number | string>>;
  readonly fails: readonly string[];
};

const enough = {
  sessions: 18,
  decisions: 600,
  joined: 540,
  overrides: 40,
  failures: 120,
  largest: 210,
};

const set = (
  month: string,
  plan: Partial<RouterPlan>,
  fails: readonly string[],
  options: Readonly<Record<string, number>> = {},
): RouterSet => ({
  plan: { ...enough, name: `routed-${month}`, begin: `2026-${month}-06T08:00:00Z`, ...plan },
  options: { ...options, since: `2026-${month}-01`, until: `2026-${month}-28T12:00Z` },
  fails,
});

/** A set that passes every gate, one that just does, and for each gate one that fails it alone. */
export const routerSets: Readonly<Record<string, RouterSet>> = {
  enough: set('01', {}, []),
  'just enough': set('02', { decisions: 500, joined: 400, overrides: 20, failures: 60, largest: 275 }, []),
  'too few decisions': set('03', { decisions: 499, joined: 450, largest: 170 }, ['decisions']),
  // With 500 decisions of which 80 % are joined there are 400 joined ones: this gate can fail alone only where the link
  // rate's is lowered.
  'too few joined': set('04', { decisions: 520, joined: 399 }, ['joined'], { 'min-link-rate': 0.75 }),
  'too many lost': set('05', { decisions: 700, joined: 559 }, ['link rate']),
  'one task rules': set('06', { largest: 331 }, ['dominance']),
  'too few overrides': set('07', { overrides: 19 }, ['overrides']),
  'too few failures': set('08', { failures: 59 }, ['failures']),
};

/**
 * File name -> text of a spool that all the sets were recorded into, one month each. What takes four days is over within
 * eight hours here: each day more costs a build as much as all its decisions.
 */
export function routerFiles(): Map<string, string> {
  const lines = Object.values(routerSets).flatMap(({ plan }) =>
    routerSpool(plan).map((line) => {
      const begin = Date.parse(plan.begin);
      const after = (Date.parse(line.timestamp) - begin) / 12;
      return { ...line, timestamp: new Date(begin + after).toISOString() };
    }),
  );
  return spoolFiles({ 'desk-7000-5b1f20cd': lines });
}
