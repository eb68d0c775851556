import { canonicalColumns } from '../lib/encodings.js';
import { openrlhfSnippets } from '../lib/openrlhfSnippets.js';
import type { Profile } from '../lib/profile.js';
import { trlSnippets } from '../lib/trlSnippets.js';

/** Canonical Parquet: messages as LIST<JSON>, what TRL 1.x, Axolotl, OpenRLHF and the Hub viewer read. */
export const trl: Profile = {
  name: 'trl',
  describe: 'Parquet, messages as `LIST<JSON>`',
  extension: 'parquet',
  encode: (_, columns) => ({ columns: canonicalColumns(columns) }),
  snippets: (loading) => [...trlSnippets(loading), ...openrlhfSnippets(loading)],
};
