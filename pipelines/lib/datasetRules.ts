import type { Column } from './manifest.js';
import { type Message, messagesRefusal } from './rowRules.js';

/** A row as the rules see it: lists of messages (whatever their elements turn out to be) and the other columns' values. */
export type RuledRow = {
  readonly lists: Readonly<Record<string, readonly unknown[]>>;
  readonly values: Readonly<Record<string, unknown>>;
};

/** What the rows of a dataset must hold to, beside what every list of messages and every tools column must. */
export type DatasetRule = {
  /** Columns that hold messages, and that hold text: their tokens are counted. */
  readonly lists: readonly string[];
  readonly texts: readonly string[];
  /** Other columns that the rule reads. */
  readonly values: readonly string[];
  /** Why a row may not be written, or null; names the rule, never the text. */
  readonly refusal: (row: RuledRow) => string | null;
};

/** The rule of a dataset of the contract; one of another name is looked at for its messages and its text. */
export function ruleOf(dataset: string, columns: readonly Column[]): DatasetRule {
  const rule = rules[dataset] ?? {
    lists: columns.filter(([, type]) => type === 'JSON[]').map(([name]) => name),
    texts: columns.filter(([name, type]) => name === 'text' && type === 'VARCHAR').map(([name]) => name),
    values: [],
    refusal: ({ lists }) => firstOf(Object.values(lists).map((list) => messagesRefusal(list))),
  };
  const names = new Set(columns.map(([name]) => name));
  const present = (list: readonly string[]) => list.filter((name) => names.has(name));
  return {
    ...rule,
    lists: present(rule.lists),
    texts: present(rule.texts),
    values: present(rule.values),
  };
}

const pairSources = ['scores', 'comparison', 'lock', 'retry', 'rollback', 'override'];

const conversation = {
  lists: ['messages'],
  texts: [],
  values: ['score'],
  refusal: conversationRefusal,
};

const rules: Readonly<Record<string, DatasetRule>> = {
  sft: conversation,
  chain_of_thought: conversation,
  preference: {
    lists: ['prompt', 'chosen', 'rejected'],
    texts: [],
    values: ['margin', 'score_chosen', 'score_rejected', 'pair_weight', 'pair_source'],
    refusal: ({ lists: { prompt = [], chosen = [], rejected = [] }, values }) =>
      promptRefusal(prompt) ??
      completionRefusal(prompt, chosen) ??
      completionRefusal(prompt, rejected) ??
      (said(chosen) === said(rejected) ? 'both sides say the same' : null) ??
      (isNumber(values.margin) ? null : 'margin is not a number') ??
      firstOf(
        [values.score_chosen, values.score_rejected].map((score) =>
          score === null ? null : scaleRefusal(score),
        ),
      ) ??
      (isNumber(values.pair_weight) && values.pair_weight > 0 ? null : 'pair_weight is not above 0') ??
      (pairSources.includes(String(values.pair_source)) ? null : 'pair_source is not of the contract'),
  },
  reward: {
    lists: ['prompt', 'completion'],
    texts: [],
    values: ['score', 'score_scale'],
    refusal: ({ lists: { prompt = [], completion = [] }, values }) =>
      promptRefusal(prompt) ??
      completionRefusal(prompt, completion) ??
      scaleRefusal(values.score, values.score_scale),
  },
  unpaired: {
    lists: ['prompt', 'completion'],
    texts: [],
    values: ['label'],
    refusal: ({ lists: { prompt = [], completion = [] }, values: { label } }) =>
      promptRefusal(prompt) ??
      completionRefusal(prompt, completion) ??
      (typeof label === 'boolean' ? null : 'label is not true or false'),
  },
  stepwise: {
    lists: [],
    texts: ['prompt'],
    values: ['completions', 'labels', 'step_ids'],
    refusal: stepwiseRefusal,
  },
  router: {
    lists: ['prompt'],
    texts: [],
    values: ['candidates', 'logged_action', 'reward'],
    refusal: ({ lists: { prompt = [] }, values: { candidates, logged_action: action, reward } }) =>
      promptRefusal(prompt) ??
      (typeof action === 'string' && action !== '' ? null : 'no logged action') ??
      (!Array.isArray(candidates) || candidates.length === 0 || candidates.includes(action)
        ? null
        : 'the logged action is no candidate') ??
      (reward === null || reward === undefined || (isNumber(reward) && Math.abs(reward) <= 1)
        ? null
        : 'reward is outside -1 to 1'),
  },
  qa_documents: { lists: [], texts: ['text'], values: [], refusal: () => null },
  // Hashes and ids only: there is nothing to count.
  training_examples: { lists: [], texts: [], values: [], refusal: () => null },
};

function conversationRefusal({ lists: { messages = [] }, values: { score } }: RuledRow): string | null {
  const refusal = messagesRefusal(messages);
  if (refusal !== null) return refusal;
  const turns = messages as readonly Message[];
  if (turns.at(-1)?.role !== 'assistant') return 'last message is not from assistant';
  const isTrained = turns.some(({ role, train }) => role === 'assistant' && train !== false);
  if (!isTrained) return 'no message to train on';
  return score === null || score === undefined ? null : scaleRefusal(score);
}

function promptRefusal(prompt: readonly unknown[]): string | null {
  const refusal = messagesRefusal(prompt);
  if (refusal !== null) return `prompt: ${refusal}`;
  return ['user', 'tool'].includes((prompt.at(-1) as Message).role)
    ? null
    : 'prompt does not end with user or tool';
}

/** A completion is one assistant message that says or calls something; its calls may be open. */
function completionRefusal(prompt: readonly unknown[], completion: readonly unknown[]): string | null {
  if (completion.length !== 1) return 'a completion is not exactly one message';
  const refusal = messagesRefusal([...prompt, ...completion], { canEndOpen: true });
  if (refusal !== null) return `completion: ${refusal}`;
  const { role, content, tool_calls: calls = [] } = completion[0] as Message;
  if (role !== 'assistant') return 'a completion is not from assistant';
  return content.trim() === '' && calls.length === 0 ? 'an empty completion' : null;
}

/** What a completion says and does, ids of calls and reasoning aside: two that are equal in this teach nothing. */
function said(completion: readonly unknown[]): string {
  const [message] = completion as readonly Message[];
  const calls = message?.tool_calls?.map((call) => [call.function.name, call.function.arguments]);
  return JSON.stringify([message?.content.trim(), calls ?? []]);
}

/** Whether a score lies in its scale, `1-10` unless it says otherwise. */
function scaleRefusal(score: unknown, scale: unknown = '1-10'): string | null {
  if (!isNumber(score)) return 'score is not a number';
  const [, low, high] = /^(-?[\d.]+)\D+?(-?[\d.]+)$/.exec(String(scale)) ?? [];
  if (low === undefined || high === undefined) return 'score_scale is not like 1-10';
  return score >= Number(low) && score <= Number(high) ? null : 'score is outside its scale';
}

function stepwiseRefusal({ values }: RuledRow): string | null {
  const { completions, labels, step_ids: ids } = values;
  if (!Array.isArray(completions) || !Array.isArray(labels) || !Array.isArray(ids)) return 'no list of steps';
  if (completions.length === 0) return 'no steps';
  if (completions.length !== labels.length || completions.length !== ids.length)
    return 'steps, labels and step_ids are not of one length';
  if (!completions.every((step) => typeof step === 'string' && step.trim() !== '')) return 'an empty step';
  return labels.every((label) => typeof label === 'boolean') ? null : 'label is not true or false';
}

function firstOf(refusals: readonly (string | null)[]): string | null {
  return refusals.find((refusal) => refusal !== null) ?? null;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
