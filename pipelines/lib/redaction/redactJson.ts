import { namesOf, scan } from './findSecrets.js';
import { isJson, jsonStrings } from './jsonStrings.js';
import { homesIn } from './people.js';
import type { Policy } from './policy.js';
import { redactText } from './redactText.js';

const deepest = 10;
// At the top a JSON string is JSON, too.
const opening = /^\s*["[{]/;

/**
 * The JSON text with every string redacted, keys too, and JSON inside strings to any depth up to ten; null where nothing
 * was found. Only changed strings are written anew, so numbers, order and white space stay as they were.
 */
export function redactJson(json: string, policy: Policy): string | null {
  return redactWithin(json, policy, new Set(), 0);
}

/** A text as redactText has it, and where it is JSON, an object or a list, as JSON: output of tools often is. */
export function redactWords(text: string, policy: Policy): string | null {
  return /^\s*[[{]/.test(text) ? redactJson(text, policy) : redactText(text, policy);
}

function redactWithin(
  json: string,
  policy: Policy,
  known: ReadonlySet<string>,
  depth: number,
): string | null {
  // What is no JSON after all is not left as it is.
  if (!isJson(json, opening)) return redactText(json, policy, { names: known });
  const strings = jsonStrings(json);
  // A name that is seen as a home in one string is a name in all of them.
  const homes = policy.kinds.has('home') ? strings.flatMap(({ value }) => homesIn(scan(value))) : [];
  const names = namesOf(homes, known);
  let [result, done] = ['', 0];
  for (const { start, end, value, name, isKey } of strings) {
    const isNested = !isKey && depth < deepest && isJson(value, opening);
    const redacted = isNested
      ? redactWithin(value, policy, names, depth + 1)
      : redactText(value, policy, { name, names, isKey });
    if (redacted === null) continue;
    result += json.slice(done, start) + JSON.stringify(redacted);
    done = end;
  }
  return done === 0 ? null : result + json.slice(done);
}
