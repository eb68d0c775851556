import { type EventLine, makeSpool } from './spool.js';

/** Lines of a recorder of another version and of a bad day, told apart by what the lake does with them. */
export function oddLines(recorded: readonly EventLine[]): EventLine[] {
  const spool = makeSpool('odd', '2026-03-06T17:30:00Z');
  const scored = (artifact: string): EventLine => {
    const line = recorded.find(
      ({ event_type, artifact_id }) => event_type === 'artifact.scored' && artifact_id === artifact,
    );
    if (line === undefined) throw new Error(`${artifact}: has no score`);
    return line;
  };
  // A type nobody knows yet: kept, read by no view.
  spool.record('studio.layout.changed', { session_id: 'bug-triage' }, { columns: 3, pinned: ['A'] });
  // A newer form of a known type: kept, and no evaluation until a view reads it.
  const newer = { scale: '0-100', value: 31, criteria: { tone: 40, facts: 22 } };
  spool.record('artifact.scored', { artifact_id: 'bug-triage-A1-paste-text' }, newer, { version: 2 });
  // A score that no scale has: rejected.
  spool.record(
    'artifact.scored',
    { artifact_id: 'store-listing-B1-bread-text' },
    { score: 11, rater: 'sam' },
  );
  // An artifact of an attempt that was recorded elsewhere: an orphan.
  spool.record(
    'artifact.created',
    { session_id: 'bug-triage', artifact_id: 'bug-triage-draft', attempt_id: 'bug-triage-lost' },
    { content: 'area: sync', kind: 'text' },
  );
  const again = scored('store-listing-A1-reading-text');
  const changed = scored('store-listing-B1-reading-text');
  return [
    ...spool.lines,
    // Written twice, the second time with its keys in another order: one event.
    { ...again, payload: Object.fromEntries(Object.entries(again.payload).reverse()) },
    // The id of one event with the payload of another: the first stays, this is rejected.
    { ...changed, payload: { ...changed.payload, score: 10 } },
  ];
}

/** What is left of a line when the disk is full; the next recorder begins a new one. */
export const tornLine = '{"id":"019cc415-2a5e-7b10-9c44-51d8e7f0aa21","timestamp":"2026-03-06T17:31:00.0';
