import type { Spool } from './spool.js';
import { type Input, openStudio, type ToolUse } from './studio.js';

const schema = {
  id: 'shop-schema',
  content:
    'orders(order_id, customer_id, ordered_at, status), order_lines(order_id, sku, quantity, unit_price), customers(customer_id, country, joined_at). Prices are in cents. status is one of paid, sent, returned.',
};

const returns: Input = {
  key: 'returns',
  text: 'Which country sends back the largest share of its orders this year?',
  documents: [schema],
};
const basket: Input = {
  key: 'basket',
  text: 'What is the median value of a paid order, in euros?',
  documents: [schema],
};
const loyal: Input = {
  key: 'loyal',
  text: 'How many customers who joined in January have ordered again since?',
  documents: [schema],
};

const tools = [
  {
    name: 'run_query',
    description: 'Runs one SELECT on the shop database and gives back at most 20 rows.',
    parameters: { type: 'object', properties: { sql: { type: 'string' } }, required: ['sql'] },
  },
  {
    name: 'count_rows',
    description: 'How many rows a table has.',
    parameters: { type: 'object', properties: { table: { type: 'string' } }, required: ['table'] },
  },
];

const query = (sql: string, result: unknown, isError = false): ToolUse => ({
  tool: 'run_query',
  input: { sql },
  result,
  isError,
});

/** Two lineages answer questions about a shop with SQL, over two cycles; the third version of B is its first again. */
export function shopQueries(spool: Spool): void {
  const studio = openStudio(spool, 'shop-queries', '2026-03-05T07:45:00Z', {
    title: 'Questions about the shop',
    need: 'Answer the question with SQL on the shop database. Give the answer in one sentence, then the query.',
    constraints: ['one SELECT for the answer', 'say the unit'],
  });
  const careful =
    'You answer questions about a shop. Look at the data before you trust it, then run one SELECT and say what it gives.';
  const quick = 'You answer questions about a shop. Run one SELECT and say what it gives.';
  studio.lineage('A', {
    strategy: 'Look first, then ask once.',
    name: 'Careful',
    config: { model: 'claude-opus-4-6', system_prompt: careful, tools, parameters: { temperature: 0 } },
  });
  studio.lineage('B', {
    strategy: 'Ask at once.',
    name: 'Quick',
    config: { model: 'claude-opus-4-6', system_prompt: quick, tools, parameters: { temperature: 0 } },
  });
  const shares =
    "select country, avg((status = 'returned')::int) as share from orders join customers using (customer_id) where ordered_at >= '2026-01-01' group by country order by share desc limit 1";
  const values =
    "select median(value) / 100 from (select sum(quantity * unit_price) as value from order_lines join orders using (order_id) where status = 'paid' group by order_id)";
  studio.cycle(
    1,
    [
      {
        input: returns,
        answers: {
          A: {
            thinks: 'A country with three orders could win by chance. Count orders a country first.',
            uses: [
              query(
                "select country, count(*) from orders join customers using (customer_id) where ordered_at >= '2026-01-01' group by country",
                [
                  ['AT', 412],
                  ['DE', 2210],
                  ['LI', 3],
                ],
              ),
              query(`${shares.replace(' order by', ' having count(*) >= 100 order by')}`, [['AT', 0.081]]),
            ],
            says: `Austria, with 8.1 % of its 412 orders (Liechtenstein has only three and is left out).\n\n${shares.replace(' order by', ' having count(*) >= 100 order by')}`,
            score: 9,
            comment: 'It noticed Liechtenstein.',
          },
          B: {
            uses: [query(shares, [['LI', 0.333]])],
            says: `Liechtenstein, with 33 % of its orders.\n\n${shares}`,
            score: 4,
            comment: 'One of three orders. True and useless.',
          },
        },
      },
      {
        input: basket,
        answers: {
          A: {
            thinks: 'Prices are in cents; order value is the sum of its lines.',
            uses: [
              {
                tool: 'count_rows',
                input: { table: 'order_line' },
                result: 'no such table: order_line',
                isError: true,
              },
              { tool: 'count_rows', input: { table: 'order_lines' }, result: 9120 },
              query(values, [[34.9]]),
            ],
            says: `34.90 euros.\n\n${values}`,
            score: 8,
          },
          B: {
            thinks: 'Median of the lines of paid orders, divided by a hundred.',
            uses: [
              query(
                "select median(unit_price) / 100 from order_lines join orders using (order_id) where status = 'paid'",
                [[12.5]],
              ),
            ],
            says: "12.50 euros.\n\nselect median(unit_price) / 100 from order_lines join orders using (order_id) where status = 'paid'",
            score: 2,
            comment: 'That is the median price of a line, not of an order.',
          },
        },
      },
    ],
    { rollout: 'shop-queries-morning' },
  );
  studio.insight(
    'look-before-asking',
    'Answers that looked at the data first were right; the quick ones were right about another question.',
    [studio.artifact('A', 1, 'returns'), studio.artifact('B', 1, 'basket')],
    0.8,
  );
  studio.evolve('B', {
    changes: ['system prompt: say in words what is computed before the query'],
    hypothesis: 'Saying it in words shows the slip before the query is run.',
    config: { system_prompt: `${quick} Before it, say in your own words what one row of the answer is.` },
  });
  studio.applied('look-before-asking', 'shop-queries-agent-B');
  studio.spool.wait('2026-03-05T13:20:00Z');
  const again =
    "select count(*) from customers where joined_at >= '2026-01-01' and joined_at < '2026-02-01' and customer_id in (select customer_id from orders group by customer_id having count(*) > 1)";
  studio.cycle(
    2,
    [
      {
        input: loyal,
        answers: {
          A: {
            thinks: 'Again means a second order, not any order after January.',
            uses: [
              query(
                "select count(*) from customers where joined_at >= '2026-01-01' and joined_at < '2026-02-01'",
                [[318]],
              ),
              query(again, [[121]]),
            ],
            says: `121 of the 318 customers who joined in January.\n\n${again}`,
            score: 8,
          },
          B: {
            thinks: 'One row is one customer who joined in January and has two or more orders.',
            uses: [
              query(
                'select count(*) from customer where joined_at >= 2026-01-01',
                'no such table: customer',
                true,
              ),
              query(again, [[121]]),
            ],
            says: `121 customers.\n\n${again}`,
            score: 7,
            comment: 'Right, though I had to ask: of how many?',
          },
        },
      },
      {
        input: basket,
        answers: {
          A: { uses: [query(values, [[35.1]])], says: `35.10 euros.\n\n${values}`, kept: false },
          B: {
            thinks: 'One row is one paid order; its value is the sum of its lines.',
            uses: [
              query(`${values};`, 'only one statement is allowed', true),
              query(`${values} ;`, 'only one statement is allowed', true),
            ],
            says: 'The median of',
            fails: 'gave up: the tool refused the query twice',
          },
        },
      },
    ],
    { rollout: 'shop-queries-afternoon' },
  );
  studio.outcome('B', 4, true);
  studio.insightOutcome('look-before-asking', true, 4);
  // What it gained is not worth its length: back to the first configuration, under a new version.
  studio.evolve('B', {
    changes: ['system prompt: as in version 1'],
    hypothesis: 'A is better at this; B shall stay the quick one it was meant to be.',
    config: { system_prompt: quick },
  });
}
