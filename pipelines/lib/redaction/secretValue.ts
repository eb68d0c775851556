/** How a value stands: between quotes, after `NAME=` as in an environment, or bare in code, YAML or prose. */
export type Form = 'quoted' | 'environment' | 'bare';

// Values that stand for a secret to be filled in. Matched against the lower-case value, whole or as a word of it.
const standIns =
  /^(?:none|null|nil|true|false|undefined|optional|required|default|disabled|enabled|string|number|hidden|masked|redacted|removed|omitted|unset|empty|secret|token|password|passwd|pass|root|admin|postgres|mysql|guest|user|username|foo|bar|baz|foobar|test|testing|demo|hello|value|prompt|inherit|bearer|basic)$|change.?me|change.?this|replace|your[-_ .]|^your|my[-_]?(?:secret|password|token|api|key)|example|sample|placeholder|redacted|dummy|todo|fixme|xxxx|\.\.\.|…|\*\*\*|•••|insert[-_ ]|some[-_]|not[-_]?a?[-_]?(?:real|secret|set)|fake|mock|super.?secret|secret.?key|^(?:password|passwd|secret|test|admin|letmein|qwerty|abc|token|pass|key|value)[-_.]?\d{0,4}!?$/;

const references =
  /^(?:[<$%@#]|\{\{|\{%|\\?\$\{|process\.|os\.|env[.[(]|ENV[.[]|secrets?\.|vars?\.|config\.|settings\.|self\.|this\.|ctx\.|req\.|vault:|ref:|sm:\/\/|arn:|projects\/|op:\/\/|\/|\.\/|\.\.\/|~|[a-z][\w+.-]*:\/\/|file:|data:|\{|\[|\(|!|\||>|&|\*)/;

/** Shannon entropy in bits a character. */
export function entropy(value: string): number {
  const counts = new Map<string, number>();
  for (const unit of value) counts.set(unit, (counts.get(unit) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length);
  return bits;
}

/** Whether a value that stands under a name such as `password` is meant as one: no reference, no stand-in, no code. */
export function isSecretValue(value: string, form: Form, isPassword: boolean): boolean {
  if (value.length < (isPassword ? 6 : 8) || value.length > 4096) return false;
  if (references.test(value) || /^(.)\1*$/.test(value)) return false;
  if (standIns.test(value.toLowerCase())) return false;
  // Words with spaces are what a form says about a field; a password phrase has no mark of its own.
  if (/\s/.test(value)) return false;
  if (looksLikeCode(value, form)) return false;
  const { letters, digits, symbols, cases } = classes(value);
  const bits = entropy(value);
  if (letters === 0 && symbols === 0) return isPassword && digits >= 8 && bits >= 2;
  if (isPassword && form !== 'bare') {
    if (digits > 0 && letters > 0) return bits >= 2.2;
    if (symbols > 0 && letters > 0) return /[^\w.:/-]/.test(value) || (cases === 2 && bits >= 3);
    return form === 'environment'
      ? value.length >= 8 && bits >= 2.75
      : cases === 2 && value.length >= 14 && bits >= 3.5;
  }
  if (digits === 0) return looksRandom(value, cases, bits);
  if (letters === 0) return false;
  if (isPassword) return value.length >= 7 && bits >= 2.5 && digits + symbols >= 2;
  return (value.length >= 10 && bits >= 2.8 && digits >= 2) || looksRandom(value, cases, bits);
}

/** Letters that no words are: as many large as small ones, as base64 has them and camelCase has not. */
function looksRandom(value: string, cases: number, bits: number): boolean {
  if (value.length < 20 || cases < 2 || bits < 3.8) return false;
  const large = value.match(/[A-Z]/g)?.length ?? 0;
  const small = value.match(/[a-z]/g)?.length ?? 0;
  return large > 0.3 * (large + small) && small > 0.3 * (large + small) && !/[a-z]{6}/.test(value);
}

function looksLikeCode(value: string, form: Form): boolean {
  if (form === 'bare' && /[()[\]{}]/.test(value)) return true;
  if (form === 'quoted' && /\(.*\)|=>|\?\.|\[\w*\]|\$\{|#\{|%\(|\{\w*\}|<\w+>/.test(value)) return true;
  // a number with its unit (12px, 30min), colours of ls (01;31:*.gz=…), a list of words and numbers
  if (/^\d+(?:\.\d+)?[A-Za-z%]+$/.test(value) || value.includes(':*')) return true;
  // kebab-case, snake_case and dotted words with at most a number at their end: names of things, not values.
  if (/^[A-Za-z][a-z]*(?:[-_./:][A-Za-z][a-z]*)+\d{0,3}$/.test(value)) return true;
  if (/^[A-Z][A-Z]*(?:_[A-Z0-9]+)+$/.test(value)) return true;
  if (form === 'environment') return false;
  // identifiers: camelCase words with at most a number at the end, and members of them
  if (/^[A-Za-z_$][a-z_$]*(?:[A-Z][a-z]+)*\d{0,2}$/.test(value)) return form === 'bare' || !/\d/.test(value);
  return (
    form === 'bare' && /^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+[;,]?$/.test(value) && /[a-z]{5}/.test(value)
  );
}

function classes(value: string) {
  const count = (pattern: RegExp) => value.match(pattern)?.length ?? 0;
  const letters = count(/\p{L}/gu);
  const digits = count(/\d/g);
  const cases = Number(/[a-z]/.test(value)) + Number(/[A-Z]/.test(value));
  return { letters, digits, symbols: value.length - letters - digits, cases };
}
