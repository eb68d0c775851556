import { createHash } from 'node:crypto';
import type { EventLine } from './spool.js';

type Row = {
  readonly at: string;
  readonly session: string;
  readonly name: string;
  /** Text, or an object that stands as JSON text. */
  readonly subject: string | Readonly<Record<string, unknown>>;
  readonly id?: string;
  readonly tookUs?: number;
  readonly ok?: boolean;
};

/** Lines of seq's memory log: what other programs noted, some router events among it, and one pair of our own handoff. */
export function seqLines(
  routerEvents: readonly EventLine[],
  ownPair: { qaId: string; question: string; answer: string },
): string {
  const rows: Row[] = [
    { at: '2026-03-12T07:58:02.114Z', session: 'desk', name: 'app.focus', subject: 'Terminal', tookUs: 310 },
    {
      at: '2026-03-12T07:58:40.870Z',
      session: 'desk',
      name: 'cli.run',
      subject: 'git fetch --all',
      tookUs: 1_840_221,
    },
    {
      at: '2026-03-12T07:59:11.020Z',
      session: 'desk',
      name: 'cli.run',
      subject: 'make release',
      tookUs: 402_118,
      ok: false,
    },
    ...foreignPairs,
    // Noted again when that program was started anew.
    { ...(foreignPairs[1] as Row), at: '2026-03-12T08:29:10.771Z' },
    // The other program read one of our sample logs too: the same words are no second document.
    {
      at: '2026-03-12T08:31:03.400Z',
      session: '5f2c9a4e-90c1-4a0e-8a3b-6a1f0c7d2e11',
      name: 'agent.qa.pair',
      subject: { agent: 'codex', question: ownPair.question, answer: ownPair.answer },
    },
    {
      at: '2026-03-12T08:40:00.500Z',
      session: 'handoff',
      name: 'agent.qa.pair',
      id: derivedEventId('agent.qa.pair', ownPair.qaId),
      subject: { qa_id: ownPair.qaId, question: ownPair.question, answer: ownPair.answer },
    },
    ...routerEvents.map((event) => ({
      at: event.timestamp,
      session: event.session_id ?? '',
      name: event.event_type,
      id: event.id,
      subject: event.payload,
      tookUs: 95,
    })),
  ];
  return rows
    .toSorted((a, b) => a.at.localeCompare(b.at))
    .map((row) => `${JSON.stringify(seqRow(row))}\n`)
    .join('');
}

/** Questions and answers that another capture program noted: rows of the established form. */
const foreignPairs: readonly Row[] = [
  {
    at: '2026-03-12T08:05:19.008Z',
    session: '5f2c9a4e-90c1-4a0e-8a3b-6a1f0c7d2e11',
    name: 'agent.qa.pair',
    subject: {
      agent: 'claude',
      project_path: '~/projects/link-garden',
      question: 'Which of the links in links.txt answer with a redirect?',
      answer:
        'Three of forty: lines 4, 17 and 32. All three moved from http to https and would still be found.',
    },
  },
  {
    at: '2026-03-12T08:22:47.650Z',
    session: '5f2c9a4e-90c1-4a0e-8a3b-6a1f0c7d2e11',
    name: 'agent.qa.pair',
    subject: {
      agent: 'claude',
      project_path: '~/projects/link-garden',
      question: 'Then write the new addresses into the file, nothing else.',
      answer: 'Done: three lines changed, the order and the comments are as before.',
    },
  },
];

function seqRow({ at, session, name, subject, id, tookUs = 120, ok = true }: Row) {
  const text = typeof subject === 'string' ? subject : JSON.stringify(subject);
  const contentHash = sha256(text);
  return {
    ts_ms: Date.parse(at),
    dur_us: tookUs,
    ok,
    session_id: session,
    event_id: id ?? sha256(`${at} ${name} ${contentHash}`).slice(0, 32),
    content_hash: contentHash,
    name,
    subject: text,
  };
}

/** The id that tracemill gives an event it derives from the logs. */
export function derivedEventId(type: string, subjectId: string): string {
  return sha256(`event|${type}|${subjectId}`).slice(0, 32);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
