import { wireColumns } from '../lib/encodings.js';
import type { Profile } from '../lib/profile.js';
import { loadSnippet } from '../lib/trlSnippets.js';

/** Messages as structs, arguments as JSON text, for prime-rl and for `datasets` below 4.7. */
export const wire: Profile = {
  name: 'wire',
  describe: 'Parquet, messages as structs whose absent keys are null, `arguments` as JSON text',
  extension: 'parquet',
  encode: (_, columns) => ({ columns: wireColumns(columns) }),
  snippets: (loading) =>
    loading.dataset !== 'sft'
      ? [loadSnippet(loading)]
      : [
          {
            trainer: 'prime-rl',
            language: 'toml',
            lines: [
              '# sft.toml: uv run sft @ sft.toml',
              '[data]',
              'type = "sft"',
              'name = "path/to/this/folder/sft"',
              `seq_len = ${loading.maxLength}`,
            ],
          },
          loadSnippet(loading),
        ],
};
