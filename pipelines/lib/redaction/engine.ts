import { lintSource } from '@secretlint/core';
import { secretLintProfiler } from '@secretlint/profiler';
import { rules } from '@secretlint/secretlint-rule-preset-recommend';
import { placeholder } from './findSecrets.js';
import type { Policy } from './policy.js';
import { passwordInUrl, presetRuleName } from './secretlint.js';
import { isSecretValue } from './secretValue.js';

// The engine keeps a mark of every step it ever took and searches them all at each: a thousand texts took half a minute.
secretLintProfiler.mark = () => {};

// All rules of the preset but the one that lets a comment in a text switch the others off; one by one, for within a preset
// the engine does not heed `disabled`.
const options: Parameters<typeof lintSource>[0]['options'] = {
  noPhysicFilePath: true,
  config: {
    rules: rules
      .filter(({ meta }) => meta.id !== '@secretlint/secretlint-rule-filter-comments')
      .map((rule) => ({ id: rule.meta.id, rule })),
  },
};
const addresses = ['basicauth', 'database-connection-string'].map(
  (name) => `@secretlint/secretlint-rule-${name}`,
);
// No token holds it, and nothing that a rule looks around for.
const between = '\n\n';

/** What secretlint's engine found in one of many texts; `value` is the secret itself. */
export type Linted = { readonly index: number; readonly rule: string; readonly value: string };

/**
 * Lints texts as one source, since starting the engine costs more than a text does; where it finds something, the texts
 * that lie there are linted on their own. Addresses with a stand-in for a password, and placeholders, are no findings.
 */
export async function lintTexts(texts: readonly string[], policy: Policy): Promise<Linted[]> {
  const found = await lint(texts.join(between));
  if (found.length === 0) return [];
  const suspects = new Set<number>();
  let [start, at] = [0, 0];
  for (const [from, to] of found.map(({ range }) => range).sort(([a], [b]) => a - b)) {
    while (at < texts.length && start + (texts[at] ?? '').length < from) {
      start += (texts[at] ?? '').length + between.length;
      at += 1;
    }
    for (let [index, begin] = [at, start]; index < texts.length && begin < to; index++) {
      suspects.add(index);
      begin += (texts[index] ?? '').length + between.length;
    }
  }
  const linted: Linted[] = [];
  for (const index of suspects) {
    const text = texts[index] ?? '';
    for (const message of await lint(text)) {
      const value = secretOf(message, text);
      if (value !== null && !policy.allows(value)) {
        linted.push({ index, rule: presetRuleName(message.messageId), value });
      }
    }
  }
  return linted;
}

type Message = Awaited<ReturnType<typeof lintSource>>['messages'][number];

async function lint(content: string): Promise<readonly Message[]> {
  const { messages } = await lintSource({
    source: { content, filePath: 'text', ext: '', contentType: 'text' },
    options,
  });
  return messages;
}

function secretOf({ ruleId, range: [start, end] }: Message, text: string): string | null {
  if (!addresses.includes(ruleId)) {
    const value = text.slice(start, end);
    return /\w/.test(value.replace(placeholder, '')) ? value : null;
  }
  const [from, to] = passwordInUrl(text, start, end);
  const value = text.slice(from, to);
  return isSecretValue(value, 'environment', true) ? value : null;
}
