import { type Row, rowOf, splitOf, type TrainingSets } from './trainingSets.js';

export const user = (content: string): Row => ({ role: 'user', content });
export const assistant = (content: string, more: Row = {}): Row => ({ role: 'assistant', content, ...more });
export const tool = (id: string, name: string, content: string): Row => ({
  role: 'tool',
  content,
  tool_call_id: id,
  name,
});
export const call = (id: string, name: string, args: Row): Row => ({
  id,
  type: 'function',
  function: { name, arguments: args },
});

/** One group a split, so that every file is there. */
export const groups = ['train', 'validation', 'test'].map(
  (split) =>
    Array.from({ length: 500 }, (_, index) => `family-${index}`).find((group) => splitOf(group) === split) ??
    '',
);

/** Texts that a careless encoding breaks: quotes, tags, line separators, control characters, other scripts. */
export const awkward = 'He said "no\\yes"\t<tool_call>\u2028ünïcödé 漢字 \u0001\u001e 🙂';

const readTool = {
  type: 'function',
  function: {
    name: 'read_file',
    description: '',
    parameters: { type: 'object', properties: { path: { type: 'string' } } },
  },
};

/** A conversation with everything a message can hold; `train` false where `withContext`. */
export function conversation(topic: string, withContext = false): Row[] {
  return [
    { role: 'system', content: `Be brief about ${topic}.` },
    user(`Look at ${topic}: ${awkward}`),
    assistant('', {
      reasoning_content: `I read ${topic} first.`,
      tool_calls: [
        call('c1', 'read_file', {
          path: `${topic}/a.txt`,
          note: '</tool_call> "quoted"',
          deep: { n: 1.5, empty: null },
        }),
        call('c2', 'read_file', { path: `${topic}/b.txt`, count: 12 }),
      ],
      ...(withContext ? { train: false } : {}),
    }),
    tool('c2', 'read_file', `content of b of ${topic}`),
    tool('c1', 'read_file', ''),
    user(`And shorter, for ${topic}.`),
    assistant(`Done with ${topic}. ${awkward}`),
  ];
}

/** Rows of every dataset: one a split, and a few more in train. */
export function sampleSets(): TrainingSets {
  const each = (name: string, make: (topic: string, index: number) => Row) =>
    [...groups, ...groups.slice(0, 1), ...groups.slice(0, 1)].map((group, index) =>
      rowOf(name, { ...make(`topic-${index}`, index), group_id: group }),
    );
  const prompt = (topic: string) => [user(`What of ${topic}? ${awkward}`)];
  const tools = JSON.stringify([readTool]);
  return {
    sft: each('sft', (topic, index) => ({
      messages: index === 4 ? [user(topic), assistant('Plain.')] : conversation(topic, index === 3),
      tools: index === 4 ? null : tools,
      weight: 1,
      score: index === 1 ? 9 : null,
      outcome: 'answered',
      num_assistant_turns: index === 4 ? 1 : 2,
      num_tool_calls: index === 4 ? 0 : 2,
      has_reasoning: index !== 4,
    })),
    preference: each('preference', (topic, index) => ({
      prompt: index === 3 ? conversation(topic).slice(0, 5) : prompt(topic),
      chosen: [
        index === 3
          ? assistant('', { tool_calls: [call('c9', 'read_file', { path: 'c.txt' })] })
          : assistant(`A good and rather long answer on ${topic}.`),
      ],
      rejected: [
        assistant(`Bad ${topic}${index === 4 ? ', and at such a length that nobody reads it' : ''}.`, {
          reasoning_content: 'A guess.',
        }),
      ],
      tools: index === 3 ? tools : null,
      margin: index === 2 ? 0 : 3,
      score_chosen: index === 2 ? null : 9,
      score_rejected: index === 2 ? null : 6,
      score_delta: index === 2 ? null : 3,
      pair_weight: 0.5,
      pair_source: index === 2 ? 'retry' : 'scores',
      prompt_hash: `hash of ${topic}`,
      chosen_hash: 'chosen',
      rejected_hash: 'rejected',
    })),
    reward: each('reward', (topic, index) => ({
      prompt: prompt(topic),
      completion: [assistant(`An answer on ${topic}.`)],
      score: 1 + index * 2,
      score_scale: '1-10',
      rater: index === 0 ? null : 'sam',
    })),
    unpaired: each('unpaired', (topic, index) => ({
      prompt: index === 3 ? conversation(topic).slice(0, 5) : prompt(topic),
      completion: [assistant(`An answer on ${topic}.`)],
      label: index % 2 === 0,
      label_source: 'score',
    })),
    stepwise: each('stepwise', (topic) => ({
      prompt: `Mend ${topic}. ${awkward}`,
      completions: [`Read ${topic}.`, `Delete ${topic}.`],
      labels: [true, false],
      step_ids: [`${topic}-1`, `${topic}-2`],
    })),
    chain_of_thought: each('chain_of_thought', (topic) => ({
      messages: conversation(topic),
      spans: [{ span_id: 'a', kind: 'llm_call', children: [{ span_id: 'b', kind: 'tool_call' }] }],
      num_tool_calls: 2,
    })),
    router: each('router', (topic, index) => ({
      prompt: prompt(topic),
      candidates: ['mend', 'explain', 'review'],
      logged_action: 'mend',
      reward: [1, 0.55, 1, 0, null][index],
      overridden: index === 1,
      override_action: index === 1 ? 'review' : null,
      time_to_resolution_ms: 60_000,
      history: index === 0 ? [] : [{ decision_id: 'd0', chosen_task: 'explain', outcome: 'success' }],
    })),
    qa_documents: each('qa_documents', (topic) => ({
      text: `Question: ${topic}?\n\nAnswer: ${awkward}`,
      question: `${topic}?`,
      answer: awkward,
      qa_id: `pair-${topic}`,
      source_path: 'a/b.jsonl',
      source_offset: 10,
      ts_ms: 1_767_261_600_000,
      question_hash: 'q',
      answer_hash: 'a',
    })),
  };
}
