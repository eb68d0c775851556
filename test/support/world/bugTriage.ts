import type { Spool } from './spool.js';
import { type Input, openStudio } from './studio.js';

const areas = {
  id: 'areas',
  content:
    'Areas: sync (accounts, devices, conflicts), editor (typing, undo, paste), import (files, formats). Severity: loss (data is gone), block (no way round), annoy.',
};

const vanish: Input = {
  key: 'vanish',
  text: 'After the update my notes from Tuesday are gone on the phone but still on the laptop. I did nothing.',
  documents: [areas],
};
const paste: Input = {
  key: 'paste',
  text: 'Pasting a table from the spreadsheet makes one long line. Pasting as plain text helps but then I lose the columns.',
  documents: [areas],
};

const tools = [
  {
    name: 'search_issues',
    description: 'Open issues whose title holds the words.',
    parameters: { type: 'object', properties: { words: { type: 'string' } }, required: ['words'] },
  },
];
const search = (words: string, result: unknown, isError = false) => ({
  tool: 'search_issues',
  input: { words },
  result,
  isError,
});

/** Two lineages sort bug reports; their answers are JSON objects. */
export function bugTriage(spool: Spool): void {
  const studio = openStudio(spool, 'bug-triage', '2026-03-06T15:40:00Z', {
    title: 'Bug triage',
    need: 'Sort this bug report: area, severity, the issue it repeats if there is one, and one question to the reporter.',
    constraints: ['answer with one JSON object'],
  });
  const model = 'gpt-5.5';
  studio.lineage('A', {
    strategy: 'Search for repeats first.',
    name: 'Searcher',
    config: { model, tools, system_prompt: 'You sort bug reports. Search for the same bug before you sort.' },
  });
  studio.lineage('B', {
    strategy: 'Read closely, search never.',
    name: 'Reader',
    config: { model, system_prompt: 'You sort bug reports. Read closely what the reporter did and saw.' },
  });
  studio.cycle(1, [
    {
      input: vanish,
      answers: {
        A: {
          thinks: 'Gone on one device and there on another is a conflict or a stalled sync. Search both.',
          uses: [
            search('notes gone', 'index is being rebuilt, try again', true),
            search('missing after update', [{ issue: 812, title: 'Notes missing on Android after 4.2' }]),
          ],
          says: {
            area: 'sync',
            severity: 'loss',
            repeats: 812,
            question: 'Does the phone show a date of last sync, and which?',
          },
          score: 9,
          comment: 'Tried again when the index was down, and found it.',
        },
        B: {
          thinks: 'The laptop has them, so nothing is lost for good.',
          says: { area: 'sync', severity: 'annoy', repeats: null, question: 'Is the phone signed in?' },
          score: 5,
          comment: 'To the reporter they are gone. And 812 is the same bug.',
        },
      },
    },
    {
      input: paste,
      answers: {
        A: {
          uses: [search('paste table', [])],
          says: {
            area: 'editor',
            severity: 'annoy',
            repeats: null,
            question: 'Which spreadsheet, and can you attach two rows?',
          },
          score: 7,
        },
        B: {
          says: {
            area: 'import',
            severity: 'block',
            repeats: null,
            question: 'Have you tried another spreadsheet?',
          },
          score: 3,
          comment: 'It is typing, not import, and they named a way round.',
        },
      },
    },
  ]);
  studio.insight(
    'search-twice',
    'An empty or failed search is worth one more try in other words.',
    [studio.artifact('A', 1, 'vanish')],
    0.5,
  );
  studio.evolve('B', {
    changes: ['tools: search_issues added', 'system prompt: search once'],
    hypothesis: 'Close reading and one search together beat either.',
    config: {
      tools,
      system_prompt:
        'You sort bug reports. Read closely what the reporter did and saw, then search once for the same bug.',
    },
  });
  studio.applied('search-twice', 'bug-triage-agent-A');
  studio.cycle(2, [
    {
      input: paste,
      answers: {
        A: {
          thinks: 'Spreadsheet and table are the words they would use; try both.',
          uses: [
            search('table one line', []),
            search('spreadsheet columns lost', 'index is being rebuilt, try again', true),
            search('spreadsheet columns lost', 'index is being rebuilt, try again', true),
          ],
          says: { area: 'editor', severity: 'annoy' },
          fails: 'gave up: the index stayed down',
        },
        // The machine went to sleep here: the attempt has no end.
        B: { thinks: 'Pasted as one line: a matter of typing.', uses: [search('paste spreadsheet', [])] },
      },
    },
  ]);
}
