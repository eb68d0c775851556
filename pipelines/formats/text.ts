import { conversations, refusalSql, textColumns, untrained } from '../lib/encodings.js';
import type { Profile } from '../lib/profile.js';
import { loadSnippet } from '../lib/trlSnippets.js';

/** Role and content alone: calls, results, reasoning and tools as Hermes models write them. Read by anything. */
export const text: Profile = {
  name: 'text',
  describe: 'Parquet, messages as role and content; calls, results, reasoning and tools as Hermes text',
  extension: 'parquet',
  encode: (dataset, columns) => ({
    columns: textColumns(columns),
    // There is no place in role and content to say that a message is context only.
    ...(conversations.includes(dataset) ? { refusal: refusalSql(untrained) } : {}),
  }),
  snippets: (loading) =>
    conversations.includes(loading.dataset)
      ? [
          {
            trainer: 'Unsloth',
            language: 'python',
            lines: [
              'from unsloth import FastLanguageModel',
              'from datasets import load_dataset',
              'from trl import SFTConfig, SFTTrainer',
              '',
              `data = load_dataset("path/to/this/folder", "${loading.dataset}")`,
              'model, tokenizer = FastLanguageModel.from_pretrained(',
              `    "path/to/a/chat/model", max_seq_length=${loading.maxLength})`,
              'rows = data["train"].map(lambda row: {',
              '    "text": tokenizer.apply_chat_template(row["messages"], tokenize=False)})',
              'trainer = SFTTrainer(',
              '    model=model,',
              '    processing_class=tokenizer,',
              `    args=SFTConfig(max_length=${loading.maxLength}, dataset_text_field="text"),`,
              '    train_dataset=rows.select_columns(["text"]),',
              ')',
              'trainer.train()',
            ],
          },
        ]
      : [loadSnippet(loading)],
};
