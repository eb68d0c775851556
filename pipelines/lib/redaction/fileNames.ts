import type { Config } from '../../config.js';
import { lakeFolder } from '../lake.js';

/** What a verb says of files, without the people and tokens in their names: what is said ends up in logs. */
export async function withoutSecrets(
  config: Pick<Config, 'data' | 'redact' | 'redactFile'>,
  words: readonly string[],
): Promise<string[]> {
  if (words.length === 0) return [];
  // The rules take a while to load, and mostly there is nothing to say.
  const [{ readPolicy, withKey }, { redactText }] = await Promise.all([
    import('./policy.js'),
    import('./redactText.js'),
  ]);
  const policy = await withKey(await readPolicy(config), lakeFolder(config));
  return words.map((word) => redactText(word, policy) ?? word);
}
