import { type RouterPlan, routerSpool } from './world/router.js';
import { spoolFiles } from './world/spool.js';

/** A set of router decisions, the options it is audited with, and the gates that it fails. */
export type RouterSet = {
  readonly plan: RouterPlan;
  readonly options: Readonly<Record<string, number>>;
  readonly fails: readonly string[];
};

const enough: RouterPlan = {
  name: 'routed',
  begin: '2026-04-06T08:00:00Z',
  sessions: 18,
  decisions: 600,
  joined: 540,
  overrides: 40,
  failures: 120,
  largest: 210,
};

const set = (
  plan: Partial<RouterPlan>,
  fails: readonly string[],
  options: Readonly<Record<string, number>> = {},
): RouterSet => ({ plan: { ...enough, ...plan }, options, fails });

/** A set that passes every gate, one that just does, and for each gate one that fails it alone. */
export const routerSets: Readonly<Record<string, RouterSet>> = {
  enough: set({}, []),
  'just enough': set({ decisions: 500, joined: 400, overrides: 20, failures: 60, largest: 275 }, []),
  'too few decisions': set({ decisions: 499, joined: 450, largest: 170 }, ['decisions']),
  // With 500 decisions of which 80 % are joined there are 400 joined ones: this gate can fail alone only where the link
  // rate's is lowered.
  'too few joined': set({ decisions: 520, joined: 399 }, ['joined'], { 'min-link-rate': 0.75 }),
  'too many lost': set({ decisions: 700, joined: 559 }, ['link rate']),
  'one task rules': set({ largest: 331 }, ['dominance']),
  'too few overrides': set({ overrides: 19 }, ['overrides']),
  'too few failures': set({ failures: 59 }, ['failures']),
};

/** File name -> text of the spool that a set was recorded into. */
export function routerFiles({ plan }: RouterSet): Map<string, string> {
  return spoolFiles({ 'desk-7000-5b1f20cd': routerSpool(plan) });
}
