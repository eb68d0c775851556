import { createHmac } from 'node:crypto';
import type { Finding } from './finding.js';
import { type Around, findSecrets } from './findSecrets.js';
import type { Policy } from './policy.js';

// What is found changes what stands beside the rest, which can come to light by that. Far more than any text took.
const mostPasses = 8;

/** The text with a placeholder for all that was found, null where nothing was; the same again for its own result. */
export function redactText(text: string, policy: Policy, around: Around = {}): string | null {
  let redacted = text;
  for (let pass = 0; pass < mostPasses; pass++) {
    const found = findSecrets(redacted, policy, around);
    if (found.length === 0) break;
    redacted = replaced(redacted, found, policy);
  }
  return redacted === text ? null : redacted;
}

function replaced(text: string, found: readonly Finding[], policy: Policy): string {
  let [result, done] = ['', 0];
  for (const finding of found) {
    const value = text.slice(finding.start, finding.end);
    result += text.slice(done, finding.start) + placeholderOf(finding, value, policy.key) + lineBreaks(value);
    done = finding.end;
  }
  return result + text.slice(done);
}

/** What stands for a value: the same for the same value, told from others by 12 digits of a keyed hash. */
export function placeholderOf(finding: Finding, value: string, key: Policy['key']): string {
  // As home_as_tilde has it.
  if (finding.rule === 'home') return '~';
  if (key === null) throw new Error('a policy without a key redacts nothing');
  const kind = { credential: 'secret', email: 'email', ip: 'ip', home: 'user' }[finding.kind];
  const hash = createHmac('sha256', key).update(`${kind} ${value}`).digest('hex').slice(0, 12);
  return finding.kind === 'credential'
    ? `<SECRET:${finding.rule}:${hash}>`
    : `<${kind.toUpperCase()}:${hash}>`;
}

/** The line breaks of a value, which go on counting when it is gone. */
function lineBreaks(value: string): string {
  return value.match(/\r\n|\r|\n/g)?.join('') ?? '';
}
