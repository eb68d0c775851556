import type { Loading, Snippet } from './profile.js';

/** Programs that train with TRL 1.x on a dataset; `max_length` is set in all: its default of 1,024 cuts or drops rows. */
export function trlSnippets(loading: Loading): Snippet[] {
  const make = snippets[loading.dataset];
  return make === undefined ? [loadSnippet(loading)] : make(loading);
}

/** A program that loads a dataset and does no more. */
export function loadSnippet({ dataset }: Loading): Snippet {
  return {
    trainer: 'datasets',
    language: 'python',
    lines: [
      'from datasets import load_dataset',
      '',
      `data = load_dataset("path/to/this/folder", "${dataset}")`,
      'print(data["train"][0])',
    ],
  };
}

const snippets: Readonly<Record<string, (loading: Loading) => Snippet[]>> = {
  sft: (loading) => [imitate(loading)],
  chain_of_thought: (loading) => [imitate(loading)],
  preference: (loading) => [
    trainer(loading, { kind: 'DPO', name: 'TRL, DPO' }),
    trainer(loading, {
      kind: 'Reward',
      name: 'TRL, reward model',
      note: 'RewardTrainer drops rows above `max_length`; it takes `margin` from the row.',
    }),
  ],
  unpaired: (loading) => [trainer(loading, { kind: 'KTO', name: 'TRL, KTO', from: 'trl.experimental.kto' })],
  stepwise: (loading) => [
    trainer(loading, {
      kind: 'PRM',
      name: 'TRL, process reward model',
      from: 'trl.experimental.prm',
      model: 'AutoModelForTokenClassification.from_pretrained("path/to/a/model", num_labels=2)',
      before: ['from transformers import AutoModelForTokenClassification, AutoTokenizer'],
      more: ['    processing_class=AutoTokenizer.from_pretrained("path/to/a/model"),'],
    }),
  ],
  router: (loading) => [
    trainer(loading, {
      kind: 'GRPO',
      name: 'TRL, GRPO',
      length: 'max_completion_length=64',
      after: [
        '',
        'def earned(completions, logged_action, reward, override_action, **columns):',
        '    """1 for what the human chose instead, the logged reward for what was logged, else 0; None: unknown."""',
        '    rows = zip(completions, logged_action, reward, override_action)',
        '    said = lambda completion: completion[0]["content"].strip()',
        '    return [',
        '        float(said(words) == better) if better else value if said(words) == action else 0.0',
        '        for words, action, value, better in rows',
        '    ]',
        '',
      ],
      more: ['    reward_funcs=earned,'],
    }),
  ],
};

function imitate(loading: Loading): Snippet {
  return trainer(loading, {
    kind: 'SFT',
    name: 'TRL, SFT',
    config: ['        assistant_only_loss=True,'],
    note:
      'TRL does not read `"train": false`: leave such messages out of the loss in the template ' +
      '(`{% generation %}` where `message.train` is not false), or export in the profile `axolotl`.',
  });
}

type Parts = {
  readonly kind: string;
  readonly name: string;
  readonly from?: string;
  readonly model?: string;
  readonly length?: string;
  readonly config?: readonly string[];
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  readonly more?: readonly string[];
  readonly note?: string;
};

function trainer({ dataset, maxLength }: Loading, parts: Parts): Snippet {
  const { kind, name, from = 'trl', length = `max_length=${maxLength}` } = parts;
  return {
    trainer: name,
    language: 'python',
    lines: [
      'from datasets import load_dataset',
      ...(parts.before ?? []),
      `from ${from} import ${kind}Config, ${kind}Trainer`,
      '',
      `data = load_dataset("path/to/this/folder", "${dataset}")`,
      ...(parts.after ?? []),
      `trainer = ${kind}Trainer(`,
      `    model=${parts.model ?? '"path/to/a/chat/model"'},`,
      ...(parts.more ?? []),
      `    args=${kind}Config(`,
      `        ${length},`,
      ...(parts.config ?? []),
      '    ),',
      '    train_dataset=data["train"],',
      '    eval_dataset=data.get("validation"),',
      ')',
      'trainer.train()',
    ],
    ...(parts.note === undefined ? {} : { note: parts.note }),
  };
}
