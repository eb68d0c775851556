/** A task an agent can be sent to, what people say when they mean it, and what it is easily taken for. */
export type Task = {
  readonly name: string;
  readonly taken: readonly string[];
  readonly intents: readonly string[];
};

/** Words of one project, put for {page}, {part}, {job}, {thing} and {file} in an intent. */
export type Project = { readonly name: string; readonly words: Readonly<Record<string, string>> };

export const projects: readonly Project[] = [
  {
    name: 'bus-times',
    words: {
      page: 'the departures board',
      part: 'the feed reader',
      job: 'the nightly import',
      thing: 'delay',
      file: 'feed.ts',
    },
  },
  {
    name: 'note-search',
    words: {
      page: 'the results list',
      part: 'the index',
      job: 'the reindex job',
      thing: 'snippet',
      file: 'tokens.py',
    },
  },
  {
    name: 'budget-sheet',
    words: {
      page: 'the month view',
      part: 'the rounding code',
      job: 'the bank import',
      thing: 'category',
      file: 'ledger.rs',
    },
  },
  {
    name: 'photo-renamer',
    words: {
      page: 'the preview',
      part: 'the date parser',
      job: 'the dry run',
      thing: 'album',
      file: 'exif.go',
    },
  },
  {
    name: 'recipe-scaler',
    words: {
      page: 'the shopping list',
      part: 'the unit table',
      job: 'the weekly backup',
      thing: 'ingredient',
      file: 'units.ts',
    },
  },
  {
    name: 'weather-widget',
    words: {
      page: 'the forecast strip',
      part: 'the cache',
      job: 'the hourly refresh',
      thing: 'station',
      file: 'cache.swift',
    },
  },
];

export const tasks: readonly Task[] = [
  {
    name: 'fix-bug',
    taken: ['refactor', 'explain'],
    intents: [
      '{page} shows the same {thing} twice since this morning',
      '{job} has failed three nights in a row with a timeout, please sort it out',
      'a {thing} with an umlaut in its name breaks {part}',
      '{page} stays empty until I reload, only the first time after a start',
      'why is every {thing} an hour off since the clocks changed? make it right',
      '{part} swallows the error when the disk is full',
      'after an undo {page} counts one {thing} too many',
      'the crash in {file} is back, same line as last month',
      '{job} deletes the newest {thing} instead of the oldest',
      'scrolling {page} to the end throws, see the trace I pasted',
      '{part} answers in 8 seconds when there is no {thing} at all',
      'two people saving at once lose one {thing}',
    ],
  },
  {
    name: 'add-feature',
    taken: ['refactor', 'docs'],
    intents: [
      'let me pin a {thing} to the top of {page}',
      'I want {job} to send a mail when it is done',
      '{page} should remember how it was sorted',
      'add a dark mode to {page}',
      'could {part} take a list instead of one {thing} at a time',
      'export every {thing} as CSV, with a button on {page}',
      'a keyboard shortcut to jump to the next {thing}',
      '{job} needs a --since option',
      'show on {page} when the data was last refreshed',
      'make it possible to merge one {thing} into another',
    ],
  },
  {
    name: 'refactor',
    taken: ['fix-bug', 'review'],
    intents: [
      '{file} has grown to 900 lines, split it where it makes sense',
      '{part} and {job} do the same thing twice, bring it together',
      'get rid of the global in {file}',
      'rename {thing} to entry everywhere, the old name misleads',
      'move the SQL out of {page}',
      '{part} should not know about files, pull that apart',
      'replace the callbacks in {file} by async functions, same behaviour',
    ],
  },
  {
    name: 'write-tests',
    taken: ['fix-bug', 'review'],
    intents: [
      '{part} has no test at all, start with the edge cases',
      'cover what happens when a {thing} has no date',
      'write the test that would have caught the doubled {thing}',
      '{job} is only tested by hand, can that change',
      'the tests of {file} take two minutes, they should take seconds',
      'property tests for {part} please, round trips above all',
    ],
  },
  {
    name: 'review',
    taken: ['explain', 'write-tests'],
    intents: [
      'have a look at my branch before I merge it, mostly {file}',
      'is {part} safe now when two threads use it',
      'I rewrote {job}, tell me what I forgot',
      'read the diff of {file} as if you wanted to reject it',
      'anything in {page} that will bite us at ten times the data?',
    ],
  },
  {
    name: 'explain',
    taken: ['docs', 'review'],
    intents: [
      'how does {part} decide which {thing} wins',
      'walk me through what {job} does, step by step',
      'what is the difference between the two caches in {file}',
      'why do we keep a copy of every {thing}',
      'where does {page} get its numbers from',
      'what would break if I removed {part}',
    ],
  },
  {
    name: 'docs',
    taken: ['explain', 'add-feature'],
    intents: [
      'the README still says that {job} is optional, it is not',
      'write down how to add a new {thing}',
      'a page for newcomers about {part}',
      'comment {file} where it is not obvious, and only there',
      'changelog entry for what changed on {page}',
    ],
  },
  {
    name: 'release',
    taken: ['docs', 'fix-bug'],
    intents: [
      'cut a patch release with the fix for {part}',
      'bump the version and publish, {page} is ready',
      'roll back to the release before {job} changed',
      'prepare a beta for the five who test {page}',
    ],
  },
];

/** What went wrong, as an outcome names it, and how often in ten. */
export const errorKinds = ['tests_failed', 'wrong_files', 'no_change', 'timeout'] as const;

export const overrideReasons: Readonly<Record<string, string>> = {
  'fix-bug': 'It is broken; I do not want it prettier, I want it right.',
  'add-feature': 'This is new behaviour.',
  refactor: 'Nothing is broken, it is only in the wrong place.',
  'write-tests': 'I asked for tests, not for a fix.',
  review: 'Only look, change nothing.',
  explain: 'I want to understand it first.',
  docs: 'The words are wrong, not the code.',
  release: 'It is done, it has to go out.',
};
