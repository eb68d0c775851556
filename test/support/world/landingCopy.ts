import { plotbook, tidebell } from './landingBriefs.js';
import { secondCycle, thirdCycle } from './landingLater.js';
import type { Spool } from './spool.js';
import { type Config, openStudio, type Studio } from './studio.js';

const base: Pick<Config, 'model' | 'parameters'> = {
  model: 'claude-opus-4-6',
  parameters: { temperature: 0.7 },
};

/** Four lineages write hero sections for landing pages, over three cycles. */
export function landingCopy(spool: Spool): void {
  const studio = openStudio(spool, 'landing-copy', '2026-03-02T09:04:00Z', {
    title: 'Landing page copy',
    need: 'Write the hero section of a landing page: a headline, one or two sentences below it, and the text of the button.',
    constraints: ['the headline has at most nine words', 'no exclamation marks', 'the price is named'],
  });
  studio.lineage('A', {
    strategy: 'Begin with what the reader gets.',
    name: 'Benefit first',
    config: {
      ...base,
      system_prompt:
        'You write copy for small products. Begin with what the reader gets, then how. Short sentences.',
    },
  });
  studio.lineage('B', {
    strategy: 'Facts only, in the order a buyer asks for them.',
    name: 'Plain facts',
    config: {
      ...base,
      system_prompt:
        'You write copy for small products. State facts in the order a buyer asks: what, for whom, how much. No adjectives.',
    },
  });
  studio.lineage('C', {
    strategy: 'A small scene the reader knows.',
    name: 'Scene',
    config: {
      ...base,
      system_prompt:
        'You write copy for small products. Open with a scene the reader has lived through, then turn to the product.',
      parameters: { temperature: 0.9 },
    },
  });
  studio.lineage('D', {
    strategy: 'A question that the product answers.',
    name: 'Question',
    config: {
      ...base,
      system_prompt: 'You write copy for small products. The headline is a question; the rest answers it.',
    },
  });
  firstCycle(studio);
  secondCycle(studio);
  thirdCycle(studio);
}

function firstCycle(studio: Studio): void {
  studio.cycle(1, [
    {
      input: plotbook,
      answers: {
        A: {
          thinks: 'The gain is not missing the moment to sow. Lead with Friday, because that is the habit.',
          says: 'Never miss a sowing week again\n\nPlotbook tells you every Friday what to sow, plant out and pick where you live. Free for one bed, 2 euros a month for more.\n\n[Add your first bed]',
          score: 6,
          comment: 'Says what it does. Headline could be for any garden app.',
        },
        B: {
          says: 'A weekly plan for your allotment, by postcode\n\nWhat to sow, plant out and pick, sent on Fridays and timed to your last frost. Works without signal. One bed free, more for 2 euros a month.\n\n[Enter your postcode]',
          score: 8,
          comment: 'Allotment in the headline, postcode on the button. I would sign up.',
        },
        C: {
          thinks: 'Scene: a neighbour already has beans up. Keep the product for the second sentence.',
          says: 'It rained, and then it was May\n\nYour neighbour has beans. You have plans. Plotbook keeps the calendar so that you can keep the plot, from 2 euros a month.\n\n[See how it works]',
          score: 4,
          comment: 'Nice line, but I do not know what I am being sold. One bed is free.',
        },
        D: {
          says: 'Is it too late to sow carrots?\n\nUnlock the garden of your dreams with Plotbook, the revolutionary planner!\n\n[Find out now]',
          score: 3,
          comment: 'Breaks three of our rules in one sentence, and no price.',
        },
      },
    },
    {
      input: tidebell,
      answers: {
        A: {
          says: 'Be at the slipway while there is water\n\nTidebell rings before high or low water, later each day as the tide moves. Pay 6 euros once.\n\n[Get Tidebell]',
          score: 5,
          comment: 'Good first line. Who is it for?',
        },
        B: {
          says: 'A tide alarm for rowers, swimmers and bait diggers\n\nRings a set time before high or low water at your slipway. A year of tide tables offline. 6 euros, paid once.\n\n[Choose your slipway]',
          score: 7,
          comment: 'Everything is there, a little dry.',
        },
        C: {
          thinks: 'Scene: a boat on mud at six in the morning.',
          fails: 'timeout: no answer within 60 s',
          says: 'The boat was on the hard at six, and so were you,',
        },
        D: {
          says: 'When does the water come back?\n\nTidebell knows. It rings before the tide you row, swim or dig on, and it works offline.\n\n[Set an alarm]',
          score: 5,
          comment: 'The question works here. The price is missing.',
        },
      },
    },
  ]);
  studio.lock('B', studio.artifact('B', 1, 'plotbook'), 'This one goes on the page while the others learn.');
  studio.insight(
    'name-the-reader',
    'Headlines that name the reader (allotment, rowers) score higher than those that name a feeling.',
    [
      studio.artifact('B', 1, 'plotbook'),
      studio.artifact('B', 1, 'tidebell'),
      studio.artifact('C', 1, 'plotbook'),
    ],
    0.7,
  );
  studio.directive('C', 'sticky', 'Name the product and its price within the first two sentences.');
  studio.directive('D', 'oneshot', 'For once, answer the question in the headline itself.');
  studio.evolve('A', {
    changes: ['system prompt: name the reader in the headline'],
    hypothesis: 'The benefit is believed once the reader knows it is meant for them.',
    config: {
      system_prompt:
        'You write copy for small products. Begin with what the reader gets, and name the reader in the headline. Then how, then the price. Short sentences.',
    },
  });
  studio.applied('name-the-reader', 'landing-copy-agent-A');
  studio.evolve('C', {
    changes: ['temperature 0.9 to 0.7', 'system prompt: product by the second sentence'],
    hypothesis: 'The scene may stay when the product comes early enough.',
    config: {
      system_prompt:
        'You write copy for small products. Open with a scene of one sentence the reader has lived through; the second sentence names the product and what it costs.',
      parameters: { temperature: 0.7 },
    },
  });
  studio.evolve('D', {
    changes: ['system prompt: house style added'],
    hypothesis: 'It breaks the rules because it never sees them as its own.',
    config: {
      system_prompt:
        'You write copy for small products. The headline is a question a buyer would really ask; the rest answers it in plain words and names the price. No exclamation marks.',
    },
  });
}
