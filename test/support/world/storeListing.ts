import type { Spool } from './spool.js';
import { type Input, openStudio } from './studio.js';

const limits =
  'Store rules: at most 170 characters. No prices, no ranking claims ("number one"), no names of other apps.';

const pages: Input = {
  key: 'reading',
  text: 'Halfpage: an app that reads a book aloud from where your paper bookmark is. You photograph the page; it finds the place.',
  documents: [limits],
};
const bread: Input = {
  key: 'bread',
  text: 'Crumb: a timer for sourdough. It watches the room temperature and moves the folding times when the kitchen cools down.',
  documents: [limits],
};

/** Two lineages write the short description of apps, in one cycle. */
export function storeListing(spool: Spool): void {
  const studio = openStudio(spool, 'store-listing', '2026-03-06T10:15:00Z', {
    title: 'Store listings',
    need: 'Write the short description of this app for a store.',
    constraints: ['at most 170 characters', 'no price'],
    tags: ['published'],
  });
  const tools = [
    {
      name: 'count_characters',
      description: 'How many characters a text has.',
      parameters: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
    },
  ];
  studio.lineage('A', {
    strategy: 'What you do, what it does.',
    name: 'You and it',
    config: {
      model: 'claude-opus-4-6',
      system_prompt:
        'You write store descriptions. One sentence for what the user does, one for what the app does.',
    },
  });
  studio.lineage('B', {
    strategy: 'A list of features.',
    name: 'Feature list',
    config: {
      model: 'claude-haiku-4-5-20251001',
      tools,
      system_prompt: 'You write store descriptions. Name the three most important features.',
    },
  });
  studio.cycle(1, [
    {
      input: pages,
      answers: {
        A: {
          thinks:
            'User: photographs the page. App: finds the place and reads on. Is it under 170 characters?',
          uses: [
            {
              tool: 'count_characters',
              input: {
                text: 'Photograph the page your bookmark is in. Halfpage finds the place in the audiobook and reads on while you cook.',
              },
              result: 111,
            },
          ],
          says: 'Photograph the page your bookmark is in. Halfpage finds the place in the audiobook and reads on while you cook.',
          score: 9,
          comment: 'I understood it at once.',
        },
        B: {
          says: 'Page recognition. Audio playback. Works with any paper book. The number one reading companion.',
          score: 3,
          comment: '"Number one" would be refused.',
        },
      },
    },
    {
      input: bread,
      answers: {
        A: {
          says: 'Start your dough and put the phone on the counter. When the kitchen cools, Crumb moves the next fold for you.',
          score: 8,
        },
        B: {
          thinks: 'Three features: timer, temperature, moving folds.',
          uses: [
            { tool: 'count_characters', input: {}, result: 'text is required', isError: true },
            {
              tool: 'count_characters',
              input: {
                text: 'Sourdough timer with room temperature, folding reminders that move, and a log of every loaf.',
              },
              result: 92,
            },
          ],
          says: 'Sourdough timer with room temperature, folding reminders that move, and a log of every loaf.',
          score: 6,
          comment: 'Nobody said anything about a log.',
        },
      },
    },
  ]);
  studio.directive('B', 'sticky', 'Only features that the brief names.');
  studio.lock('A', studio.artifact('A', 1, 'reading'), 'Sent to the store today.');
}
