import { bugTriage } from './world/bugTriage.js';
import { commitMessages } from './world/commitMessages.js';
import { landingCopy } from './world/landingCopy.js';
import { oddLines, tornLine } from './world/oddLines.js';
import { type RouterPlan, routerSpool } from './world/router.js';
import { seqLines } from './world/seqMemory.js';
import { shopQueries } from './world/shopQueries.js';
import { type EventLine, makeSpool, spoolFiles } from './world/spool.js';
import { storeListing } from './world/storeListing.js';

/** Two hundred decisions of a working week: too few for the router gates, with all that they look at. */
const routerWeek: RouterPlan = {
  name: 'router',
  begin: '2026-03-09T08:00:00Z',
  sessions: 26,
  decisions: 204,
  joined: 171,
  overrides: 23,
  failures: 47,
  largest: 66,
};

/** The router session that was noted in seq's memory log alone. */
const seqSession = 'router-22';

/** A pair of the sample logs that a handoff of ours has written into the memory log. */
const ownPair = {
  qaId: 'f0185f1f9759ee3efea559129a1a7172',
  question: 'parse departures like "12:05+1" (the +1 means the next day)',
  answer:
    '`parse("12:05+1", day)` now gives 12:05 on the following day, and `12:05` is read as before.\n\n`partition` splits at the first plus sign, and an empty rest counts as 0 days. `+2` works as well. Timetables in GTFS write the same thing as `36:05:00`; if you are going to read those, hours above 23 need the same treatment.',
};

/** The spool's programs and the events that each of them recorded, in order. */
export function sampleEvents(): Record<string, EventLine[]> {
  const studio = makeSpool('studio', '2026-03-02T09:00:00Z');
  for (const story of [landingCopy, commitMessages, shopQueries, storeListing, bugTriage]) story(studio);
  return {
    'desk-4127-9f3a1c02': studio.lines,
    'desk-5210-c07be911': routerSpool(routerWeek).filter(({ session_id }) => session_id !== seqSession),
    'desk-6001-2b6d40aa': oddLines(studio.lines),
  };
}

/** Path below data/samples -> text, of everything that is recorded and not logged. */
export function sampleFiles(): Map<string, string> {
  const files = new Map<string, string>();
  for (const [name, text] of spoolFiles(sampleEvents())) files.set(`events/${name}`, text);
  const odd = [...files.keys()].filter((name) => name.includes('desk-6001')).at(-1) ?? '';
  files.set(odd, `${files.get(odd)}${tornLine}\n`);
  const bySeq = routerSpool(routerWeek).filter(({ session_id }) => session_id === seqSession);
  files.set('seq_mem.jsonl', seqLines(bySeq, ownPair));
  return files;
}
