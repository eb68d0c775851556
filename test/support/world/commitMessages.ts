import type { Spool } from './spool.js';
import { type Input, openStudio } from './studio.js';

const guide =
  'CONTRIBUTING.md: First line is an imperative sentence of at most 60 characters, no full stop, no prefix. If the reason is not plain from the diff, leave a line blank and give it in one or two sentences. Never list the files.';

const retry: Input = {
  key: 'retry',
  text: 'diff --git a/src/fetch.ts b/src/fetch.ts\n@@ -14,3 +14,5 @@\n-  return fetch(url);\n+  const response = await fetch(url);\n+  if (response.status === 429) return later(url, response.headers.get("retry-after"));\n+  return response;',
  documents: [guide],
};

const rounding: Input = {
  key: 'rounding',
  text: 'diff --git a/src/total.py b/src/total.py\n@@ -3,2 +3,2 @@\n-    return round(sum(p.price for p in parts), 2)\n+    return sum(round(p.price, 2) for p in parts)\n\ndiff --git a/tests/test_total.py b/tests/test_total.py\n+    assert total([Part(0.125), Part(0.125)]) == 0.24',
  documents: [guide],
};

const flag: Input = {
  key: 'flag',
  text: 'diff --git a/cmd/serve.go b/cmd/serve.go\n@@ -31,4 +31,3 @@\n-\tport := flag.Int("p", 8080, "port")\n-\tflag.IntVar(port, "port", 8080, "port")\n+\tport := flag.Int("port", 8080, "port to listen on")',
  documents: [guide],
};

/** Three lineages write commit messages for given diffs, over two cycles; the second has a new diff. */
export function commitMessages(spool: Spool): void {
  const studio = openStudio(spool, 'commit-messages', '2026-03-04T08:30:00Z', {
    title: 'Commit messages',
    need: 'Write the commit message for this diff.',
    constraints: ['follow CONTRIBUTING.md', 'answer with the message alone'],
  });
  const model = 'gpt-5.5';
  studio.lineage('A', {
    strategy: 'What changed, in one line.',
    name: 'One line',
    config: { model, system_prompt: 'You write commit messages. One line, imperative, nothing else.' },
  });
  studio.lineage('B', {
    strategy: 'The line, then the reason.',
    name: 'With a reason',
    config: {
      model,
      system_prompt:
        'You write commit messages. One imperative line; then, after a blank line, the reason for the change as far as the diff shows it.',
    },
  });
  // The same configuration as A: whether the small model will do.
  studio.lineage('C', {
    strategy: 'What changed, in one line, from a small model.',
    name: 'One line, small',
    config: {
      model: 'claude-haiku-4-5-20251001',
      system_prompt: 'You write commit messages. One line, imperative, nothing else.',
    },
  });
  studio.cycle(1, [
    {
      input: retry,
      answers: {
        A: {
          says: 'Retry requests that were rate limited',
          score: 7,
          comment: 'True and short. When does it retry?',
        },
        B: {
          thinks:
            'A 429 is answered by waiting as long as the server asks. The reason is that server, not us.',
          says: 'Wait and retry when the server answers 429\n\nThe server says in retry-after how long to wait; asking again sooner only prolongs the block.',
          score: 9,
          comment: 'The second sentence is not in the diff but anyone would agree.',
        },
        C: {
          says: 'feat(fetch): add 429 handling to src/fetch.ts.',
          score: 3,
          comment: 'Prefix, file name, full stop: three rules broken.',
        },
      },
    },
    {
      input: rounding,
      answers: {
        A: { says: 'Round each price before adding', score: 8 },
        B: {
          says: 'Round prices one by one\n\nThe total must equal the sum of the prices shown on the lines, so rounding happens there.',
          score: 6,
          comment: 'Likely, but the diff does not say what is shown.',
        },
        C: { fails: 'rate limited: 429 after 5 retries' },
      },
    },
  ]);
  studio.directive('B', 'sticky', 'Give a reason only where the diff or its tests show it.');
  studio.directive('C', 'oneshot', 'Read CONTRIBUTING.md aloud to yourself before you answer.');
  studio.insight(
    'reasons-need-evidence',
    'Reasons that go beyond the diff cost two points even when they are likely.',
    [studio.artifact('B', 1, 'rounding')],
    0.65,
  );
  studio.evolve('B', {
    changes: ['system prompt: reasons only from the diff and its tests'],
    hypothesis: 'A reason with a source keeps the nine and avoids the six.',
    config: {
      system_prompt:
        'You write commit messages. One imperative line. If the diff or its tests show why, add a blank line and the reason in one sentence; if they do not, stop after the line.',
    },
  });
  studio.applied('reasons-need-evidence', 'commit-messages-agent-B');
  studio.spool.wait('2026-03-04T16:10:00Z');
  studio.cycle(2, [
    {
      input: rounding,
      answers: {
        A: { says: 'Round prices before summing them', score: 7 },
        B: {
          thinks: 'The test shows the case: two prices of 0.125 must give 0.24. That is the reason.',
          says: 'Round each price before adding\n\nTwo prices of 0.125 are shown as 0.12 and must add up to 0.24.',
          score: 9,
          comment: 'The reason is in the test. Exactly.',
        },
        C: { says: 'Change rounding order in total', score: 5, comment: 'Which order?' },
      },
    },
    {
      input: flag,
      answers: {
        A: { says: 'Drop -p, the short form of --port', score: 7 },
        B: { says: 'Drop the short flag -p; --port stays', score: 7, comment: 'As good as A.' },
        // Nobody has looked at this one yet: it has no score, which is not a score of nought.
        C: { says: 'Clean up flags' },
      },
    },
  ]);
  studio.compare(
    [studio.artifact('A', 2, 'flag'), studio.artifact('C', 2, 'flag')],
    'A says which flag goes. C says nothing.',
  );
  studio.outcome('B', 1.5, true);
  studio.insightOutcome('reasons-need-evidence', true, 1.5);
  // The lock names no artifact: it holds the last one, B's for the flag, which its score alone does not put above A's.
  studio.lock('B', undefined, "Goes into the team's hook.");
}
