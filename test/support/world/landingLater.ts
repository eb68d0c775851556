import { plotbook, reviews, style, tidebell } from './landingBriefs.js';
import type { Studio } from './studio.js';

/** The day's second cycle, with what the first one taught. */
export function secondCycle(studio: Studio): void {
  studio.spool.wait('2026-03-02T14:30:00Z');
  studio.cycle(2, [
    {
      input: plotbook,
      answers: {
        A: {
          thinks:
            'Reader: someone with an allotment. Gain: the right week. Headline has to hold both in nine words.',
          says: 'Your allotment, sown in the right week\n\nPlotbook knows the last frost of your postcode and tells you on Fridays what to sow, plant out and pick. One bed is free; more cost 2 euros a month.\n\n[Enter your postcode]',
          score: 9,
          comment: 'Reader and gain in seven words.',
        },
        B: {
          says: 'The allotment planner that knows your last frost\n\nSowing, planting and picking dates by postcode, every Friday. Works without signal. One bed free, more for 2 euros a month.\n\n[Enter your postcode]',
          score: 8,
        },
        C: {
          thinks:
            'The reviews have the scene already: leeks lost to the calendar. Quote it, then product and price.',
          documents: [style, reviews],
          says: '"I stopped losing my leeks to the calendar"\n\nPlotbook tells you each Friday what your allotment needs, free for one bed and 2 euros a month for more.\n\n[Start with one bed]',
          score: 7,
          comment: 'The quote carries it. The others had no quotes to use.',
        },
        D: {
          says: 'What should I sow this week?\n\nPlotbook answers every Friday, for your postcode and your last frost. Free for one bed, then 2 euros a month.\n\n[Ask for this week]',
          score: 6,
          comment: 'Much better. Still any garden, not an allotment.',
        },
      },
    },
    {
      input: tidebell,
      answers: {
        A: {
          thinks:
            'Three readers: rowers, swimmers, bait diggers. What they share is a slipway and too little water.',
          says: 'Rowers: be afloat while there is water\n\nTidebell rings before high or low water at your slipway, later each day as the tide moves. It works offline for a year and costs 6 euros once.\n\n[Choose your slipway]',
          score: 9,
          comment: 'Sharp. Swimmers will forgive it.',
        },
        B: {
          says: 'Tide alarms for one slipway, offline for a year\n\nFor rowers, swimmers and bait diggers. 6 euros, paid once.\n\n[Choose your slipway]',
          score: 7,
        },
        C: {
          says: 'Mud. Again.\n\nWe have all stood there with the oars!\n\n[More]',
          score: 2,
          comment: 'No product, no price, and an exclamation mark.',
        },
        D: {
          thinks: 'The directive asks for the answer in the headline. A time would do it.',
          says: 'High water at six: will you be up?\n\nTidebell rings as long before the tide as you need, at your slipway, on every day of the year. 6 euros once, no signal needed.\n\n[Set the first alarm]',
          score: 9,
          comment: 'I can hear the alarm.',
        },
      },
    },
  ]);
  studio.compare(
    [studio.artifact('D', 2, 'tidebell'), studio.artifact('A', 2, 'tidebell')],
    'Both are a 9. The question wins by a nose: it speaks to all three readers.',
  );
  studio.unlock('B', 'A has overtaken it on both products.');
  studio.outcome('A', 3.5, true, 'Naming the reader was worth three points on both briefs.');
  studio.outcome('C', -1, false, 'Better only where it had reviews to quote.');
  studio.outcome('D', 3.5, true);
  studio.insightOutcome('name-the-reader', true, 3.5, 'Held for A on both briefs.');
  studio.insight(
    'quotes-need-sources',
    'A quoted customer beats an invented scene, but only where reviews are in the context.',
    [studio.artifact('C', 2, 'plotbook'), studio.artifact('C', 2, 'tidebell')],
    0.55,
  );
  studio.directive('A', 'sticky', 'Keep the headline below eight words.');
  studio.directive('C', 'oneshot', 'No scene at all this time: facts first, then one image.');
}

/** The next morning's cycle, and what goes live. */
export function thirdCycle(studio: Studio): void {
  studio.spool.wait('2026-03-03T10:00:00Z');
  studio.evolve('A', {
    changes: ['flow: draft, then cut'],
    hypothesis: 'A second pass that only removes words keeps the headline short.',
    config: { flow: { steps: ['draft', 'cut'] } },
  });
  studio.evolve('C', {
    changes: ['system prompt: facts first, one image after'],
    hypothesis: 'The scene helps as an image, not as an opening.',
    config: {
      system_prompt:
        'You write copy for small products. Facts first, with the price; end the second sentence on one image the reader can see.',
    },
  });
  studio.evolve('D', {
    changes: ['temperature 0.7 to 1.1'],
    hypothesis: 'More variety finds better questions.',
    config: { parameters: { temperature: 1.1 } },
  });
  studio.cycle(3, [
    {
      input: plotbook,
      answers: {
        A: {
          thinks:
            'Draft: "Your allotment, planned week by week by its last frost". Cut: week by week goes, frost stays.',
          says: 'Your allotment, timed to its last frost\n\nEvery Friday Plotbook says what to sow, plant out and pick. One bed is free, more cost 2 euros a month. It works in the shed, without signal.\n\n[Enter your postcode]',
          score: 9,
          comment: 'The shed is a lovely detail and true.',
        },
        C: {
          says: 'Sowing dates for your allotment, every Friday\n\nFree for one bed, 2 euros a month for more, timed to the frost on your own windows.\n\n[Start with one bed]',
          score: 8,
          comment: 'Facts first suits it.',
        },
        D: {
          says: 'Do beans dream of Friday?\n\nPlotbook plans the plot, frost and all. From nothing to 2 euros a month.\n\n[Wake the beans]',
          score: 5,
          comment: 'Too clever by half.',
        },
      },
    },
    {
      input: tidebell,
      answers: {
        A: {
          says: 'Be afloat before the water leaves\n\nTidebell rings ahead of high or low water at your slipway. For rowers, swimmers and bait diggers: 6 euros once, a year of tides offline.\n\n[Choose your slipway]',
          score: 8,
        },
        C: {
          thinks: 'Facts: alarm, slipway, tide, 6 euros, offline. Image: oars dry or wet.',
          says: 'A tide alarm for your own slipway\n\nSet once, it moves with the tide all year, offline, for 6 euros, and your oars are wet before the harbour wakes.\n\n[Choose your slipway]',
          score: 8,
        },
        D: {
          says: 'Who moved the sea?\n\nThe moon did. Tidebell tells you when.\n\n[Blame the moon]',
          score: 4,
          comment: 'No price, no reader.',
        },
      },
    },
  ]);
  // One ranking over both briefs: only copy for the same brief can be compared.
  studio.compare(
    [
      studio.artifact('A', 3, 'plotbook'),
      studio.artifact('C', 3, 'plotbook'),
      studio.artifact('C', 3, 'tidebell'),
      studio.artifact('D', 3, 'tidebell'),
    ],
    'What I would put live today, best first.',
  );
  studio.score(studio.artifact('C', 3, 'plotbook'), 6, '"On your own windows" puzzled me.', 'lena');
  studio.score(studio.artifact('A', 3, 'plotbook'), 10, 'Read it again the next morning. This is the one.');
  studio.outcome('A', 0.5, true, 'Shorter, and no worse.');
  studio.outcome('D', -3, false, 'Variety made it silly.');
  studio.insight(
    'true-details',
    'One true detail (the shed, the oars) is worth more than a second benefit.',
    [studio.artifact('A', 3, 'plotbook'), studio.artifact('C', 3, 'tidebell')],
    0.6,
  );
  studio.lock('A', studio.artifact('A', 3, 'plotbook'), 'Goes live on Monday.');
}
