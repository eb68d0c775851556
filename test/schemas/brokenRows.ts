import type { Row } from '../support/trainingSets.js';

/** What is wrong with a row, and how a good one becomes so. */
export type Breaks = Readonly<Record<string, (row: Row) => void>>;

type Path = readonly (string | number)[];

const at = (row: unknown, path: Path): Row => path.reduce<Row>((value, key) => value[key] as Row, row as Row);
const put = (path: Path, value: unknown) => (row: Row) => {
  at(row, path.slice(0, -1))[path.at(-1) ?? ''] = value;
};
const drop = (path: Path) => (row: Row) => {
  delete at(row, path.slice(0, -1))[path.at(-1) ?? ''];
};
const append = (path: Path, value: unknown) => (row: Row) => {
  (at(row, path) as unknown as unknown[]).push(value);
};
const empty = (path: Path) => (row: Row) => put(path, [])(row);

/** In every dataset with a tail. */
const tail: Breaks = {
  'an id of another form': put(['id'], 'row 1'),
  'token labels beside the text': put(['input_ids'], [1, 2]),
  'a local time': put(['created_at'], '2026-01-01 10:00'),
  'no source events': put(['source_events'], null),
};

/** In the list of messages `column`, by encoding. */
const messages = (column: string): Readonly<Record<string, Breaks>> => ({
  json: {
    'a null-valued key': put([column, 0, 'tool_calls'], null),
    'a role of nobody': put([column, 0, 'role'], 'developer'),
    'reasoning under a second name': put([column, 0, 'thinking'], 'hm'),
    'content that is a list of parts': put([column, 0, 'content'], [{ type: 'text', text: 'x' }]),
  },
  wire: {
    'a struct that lacks a key': drop([column, 0, 'train']),
    'a role of nobody': put([column, 0, 'role'], 'developer'),
    'arguments as an object': put(
      [column, 0, 'tool_calls'],
      [{ id: 'c', type: 'function', function: { name: 'f', arguments: {} } }],
    ),
  },
  text: {
    'a role that text does not have': put([column, 0, 'role'], 'tool'),
    'a call beside the text': put([column, 0, 'tool_calls'], []),
    'null content': put([column, 0, 'content'], null),
  },
});

const user = { role: 'user', content: 'x' };
const sure = { role: 'assistant', content: 'x' };

/** What is wrong with a dataset whatever its encoding; `list` is its first list of messages. */
const datasets: Readonly<Record<string, { readonly list?: string; readonly breaks: Breaks }>> = {
  sft: {
    list: 'messages',
    breaks: {
      'a last message of the user': append(['messages'], user),
      'no weight': put(['weight'], null),
      'no assistant turn': put(['num_assistant_turns'], 0),
      'tools as a list': put(['tools'], [{}]),
      'no messages': empty(['messages']),
    },
  },
  preference: {
    list: 'prompt',
    breaks: {
      'a null margin': put(['margin'], null),
      'a side of several messages': append(['chosen'], sure),
      'an empty side': put(['rejected', 0, 'content'], ' '),
      'a prompt that ends with the assistant': append(['prompt'], sure),
      'a source of its own': put(['pair_source'], 'guess'),
    },
  },
  reward: {
    list: 'prompt',
    breaks: {
      'an unknown score as null': put(['score'], null),
      'no scale': drop(['score_scale']),
      'a completion of the user': put(['completion', 0, 'role'], 'user'),
      'no completion': empty(['completion']),
      'no prompt': empty(['prompt']),
    },
  },
  unpaired: {
    list: 'prompt',
    breaks: {
      'a null label': put(['label'], null),
      'a label as text': put(['label'], 'true'),
      'two completions': append(['completion'], sure),
      'an empty completion': put(['completion', 0, 'content'], ''),
      'a prompt that ends with the assistant': append(['prompt'], sure),
    },
  },
  stepwise: {
    breaks: {
      'fewer labels than steps': (row) => (row.labels as unknown[]).pop(),
      'no steps': empty(['completions']),
      'a step of white space': put(['completions', 0], '\n'),
      'a label that is a score': put(['labels', 0], 0.5),
      'an empty prompt': put(['prompt'], ''),
    },
  },
  chain_of_thought: {
    list: 'messages',
    breaks: {
      'a last message of the user': append(['messages'], user),
      'no spans': put(['spans'], null),
      'no count of calls': put(['num_tool_calls'], null),
      'a fraction of a call': put(['num_tool_calls'], 0.5),
      'no messages': empty(['messages']),
    },
  },
  router: {
    list: 'prompt',
    breaks: {
      'a reward between the steps': put(['reward'], 0.7),
      'no logged action': put(['logged_action'], null),
      'candidates as text': put(['candidates'], 'mend, explain'),
      'overridden unknown': put(['overridden'], null),
      'a prompt that ends with the assistant': append(['prompt'], sure),
    },
  },
  qa_documents: {
    breaks: {
      'a text without its answer': put(['text'], 'Question: x'),
      'an empty question': put(['question'], ''),
      'an answer that is missing': drop(['answer']),
      'an offset before the file': put(['source_offset'], -1),
      'a time as text': put(['ts_ms'], '2026'),
    },
  },
};

const own: Readonly<Record<string, Readonly<Record<string, Breaks>>>> = {
  openai: {
    sft: {
      'an id': put(['id'], 'x'),
      'a weight on a message of the user': put(['messages', 1, 'weight'], 0),
      'a weight of two': put(['messages', 2, 'weight'], 2),
      'arguments as an object': put(['messages', 2, 'tool_calls', 0, 'function', 'arguments'], {}),
      'reasoning, which is no key of it': put(['messages', 2, 'reasoning_content'], 'hm'),
      'tools that are null': put(['tools'], null),
    },
    preference: {
      'an id': put(['id'], 'x'),
      'a weight in an output': put(['preferred_output', 0, 'weight'], 1),
      'two outputs': append(['non_preferred_output'], sure),
      'messages outside of the input': put(['messages'], []),
      'an input that ends with the assistant': append(['input', 'messages'], sure),
      'an empty output': put(['preferred_output', 0], { role: 'assistant', content: '' }),
    },
  },
  sharegpt: Object.fromEntries(
    ['sft', 'chain_of_thought'].map((dataset) => [
      dataset,
      {
        'two turns of the human': append(['conversations'], { from: 'human', value: 'x' }),
        'a speaker called assistant': put(['conversations', 2, 'from'], 'assistant'),
        'a value that is null': put(['conversations', 1, 'value'], null),
        'a key of the canonical form': put(['conversations', 1, 'role'], 'user'),
        'a system turn in the middle': put(['conversations', 3, 'from'], 'system'),
        'no id': drop(['id']),
      },
    ]),
  ),
  'llama-factory': {
    preference: {
      ...tail,
      'sides as lists': (row) => put(['chosen'], [row.chosen])(row),
      'an empty side': put(['rejected', 'content'], ''),
      'a side of the user': put(['chosen', 'role'], 'user'),
      'a prompt that ends with the assistant': append(['prompt'], sure),
      'no margin': put(['margin'], null),
    },
    unpaired: {
      ...tail,
      'a null label': put(['label'], null),
      'a label as a number': put(['label'], 1),
      'a prompt apart': put(['prompt'], [user]),
      'a last message of the user': append(['messages'], user),
      'no messages': empty(['messages']),
    },
  },
  verl: {
    router: {
      'no right answer': put(['reward_model', 'ground_truth'], null),
      'a style of its own': put(['reward_model', 'style'], 'guess'),
      'a prompt as text': put(['prompt'], 'x'),
      'a prompt that ends with the assistant': append(['prompt'], sure),
      'a column of the lake': put(['logged_action'], 'mend'),
      'no data source': drop(['data_source']),
    },
  },
};

/** What a schema of a profile's dataset must refuse, each a good row with one thing wrong. */
export function brokenRows(profile: string, dataset: string): Breaks {
  const special = own[profile]?.[dataset];
  if (special !== undefined) return special;
  const { list, breaks = {} } = datasets[dataset] ?? {};
  const encoding = profile === 'wire' ? 'wire' : ['trl', 'axolotl'].includes(profile) ? 'json' : 'text';
  return { ...breaks, ...tail, ...(list === undefined ? {} : messages(list)[encoding]) };
}
