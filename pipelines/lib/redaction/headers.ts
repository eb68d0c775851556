import type { Detector, Report, Scanned } from './finding.js';
import { entropy, isSecretValue } from './secretValue.js';

// Words begin where no letter goes before, but for the end of an escape (\n in JSON text that stands as it is).
// RFC 9110, 11.6.2 and RFC 6750: scheme, then the credentials.
const authorization =
  /(?:proxy-)?authorization\\*["']?\]?[ \t]*(?:[:=,]|=>)[ \t]*[bfru]?\\*["'`]?[ \t]*(?:(?:bearer|basic|token|apikey|key|digest|negotiate|bot|aws|ssws)[ \t]+)?([A-Za-z0-9._~+/=:|-]{8,})/gi;
const bearer = /(?<!\w(?<!\\[nrt]))bearer[ \t]+([A-Za-z0-9._~+/=|-]{16,})/gi;
const basic = /(?<!\w(?<!\\[nrt]))basic[ \t]+([A-Za-z0-9+/]{8,}={0,2})(?![\w+/])/gi;
const cookies = /(?<!\w(?<!\\[nrt]))cookies?\\*["']?[ \t]*[:=][ \t]*\\*["']?([^\r\n"'`\\]{8,4000})/gi;
const cookie = /(?:^|[;,\s])([\w.$-]{1,60})=([A-Za-z0-9%._~+/=:|-]{16,})/g;
const netrc = /(?<!\w(?<!\\[nrt]))machine\s+\S+\s+login\s+\S+\s+password\s+(\S+)/g;
const npmrc = /(?<![A-Za-z0-9])(?:_authToken|_auth|_password)\s*=\s*"?([^\s"$][^\s"]{7,})/g;
const dockerAuth = /"auth\\*"\s*:\s*\\*"([A-Za-z0-9+/]{8,}={0,2})\\*"/g;

// Programs that take a password as an argument, by their manual pages: what the text and the line before the option hold.
type Command = { readonly hint: string; readonly before?: RegExp; readonly pattern: RegExp };
const commands: readonly Command[] = [
  {
    hint: '-u',
    before: /(?<!\w(?<!\\[nrt]))(?:curl|wget|https?|xh)\b/,
    pattern: /[ \t](?:-u|--user|--proxy-user)[ =]?["']?[^\s:"'=]+:([^\s"']+)/g,
  },
  {
    hint: 'http',
    before: /(?<!\w(?<!\\[nrt]))(?:https?|xh)\b/,
    pattern: /[ \t](?:-a|--auth)[ =]["']?[^\s:"'=]+:([^\s"']+)/g,
  },
  { hint: 'sshpass', pattern: /(?<!\w(?<!\\[nrt]))sshpass[ \t]+-p[ \t]*["']?([^\s"']+)/g },
  { hint: 'mysql', before: /(?<!\w(?<!\\[nrt]))mysql/, pattern: /[ \t]-p["']?([^\s"']+)/g },
  { hint: 'mariadb', before: /(?<!\w(?<!\\[nrt]))mariadb/, pattern: /[ \t]-p["']?([^\s"']+)/g },
  { hint: 'login', before: /(?<!\w(?<!\\[nrt]))login\b/, pattern: /[ \t]-p[ =]?["']?([^\s"']+)/g },
  { hint: 'redis-cli', pattern: /(?<!\w(?<!\\[nrt]))redis-cli\b[^\n|;]{0,200}?[ \t]-a[ =]?["']?([^\s"']+)/g },
  { hint: 'pass:', pattern: /[ \t]-(?:passin|passout|pass|k)[ \t]+["']?pass:([^\s"']+)/g },
  { hint: '%', pattern: /[ \t]-U[ \t]+["']?[\w.\\-]+%([^\s"']+)/g },
  {
    hint: 'identified',
    pattern: /(?<!\w(?<!\\[nrt]))identified\s+(?:with\s+\S+\s+)?by\s+["']([^"'\n]+)["']/gi,
  },
  { hint: 'chpasswd', pattern: /[\w-]+:([^\s"'|]+)["']?[ \t]*\|[ \t]*(?:sudo[ \t]+)?chpasswd/g },
];
// BIP 39 and its like: twelve words or more that are a wallet.
const seedPhrase =
  /(?:mnemonic|(?:seed|recovery)[ _-]?phrase)\\*["']?\s{0,3}(?:[:=]|is)\s{0,3}\\*["'`]?((?:[a-z]{3,8}(?:[ ,]{1,2}|,?[ \t]*(?:\r?\n|\\n)[ \t]*)){11,23}[a-z]{3,8})/gi;

/** Credentials of HTTP headers, of commands and of files that keep logins. */
export const detectHeaders: Detector = {
  words: [
    'authorization',
    'bearer',
    'basic',
    'cookie',
    'machine',
    '_auth',
    '_password',
    '"auth',
    'mnemonic',
    'phrase',
  ].concat(commands.map(({ hint }) => hint)),
  detect,
};

function detect({ text, held }: Scanned, report: Report): void {
  const has = (hint: string) => held.has(hint);
  if (has('authorization')) each(text, authorization, report, 'authorization', isCredential);
  if (has('bearer')) each(text, bearer, report, 'authorization', isCredential);
  if (has('basic')) each(text, basic, report, 'authorization', isLogin);
  if (has('cookie')) detectCookies(text, report);
  if (has('machine'))
    each(text, netrc, report, 'netrc', (value) => isSecretValue(value, 'environment', true));
  if (has('_auth') || has('_password')) each(text, npmrc, report, 'npmrc', isCredential);
  if (has('"auth')) each(text, dockerAuth, report, 'docker-auth', isLogin);
  if (has('mnemonic') || has('phrase')) each(text, seedPhrase, report, 'seed-phrase', () => true);
  for (const { hint, before, pattern } of commands) {
    if (!has(hint)) continue;
    each(text, pattern, report, 'command-line', (value, index) => {
      return isSecretValue(value, 'environment', true) && (before?.test(lineBefore(text, index)) ?? true);
    });
  }
}

function each(
  text: string,
  pattern: RegExp,
  report: Report,
  rule: string,
  isFound: (value: string, index: number) => boolean,
): void {
  for (const { index, 0: whole, 1: value = '' } of text.matchAll(pattern)) {
    const start = index + whole.lastIndexOf(value);
    if (value !== '' && isFound(value, index)) report(start, start + value.length, rule);
  }
}

/** What goes before a place on its line, or since the command began. */
function lineBefore(text: string, index: number): string {
  const before = text.slice(Math.max(0, index - 300), index);
  return before.slice(
    Math.max(before.lastIndexOf('\n'), before.lastIndexOf('|'), before.lastIndexOf(';')) + 1,
  );
}

function detectCookies(text: string, report: Report): void {
  for (const { index, 0: whole, 1: line = '' } of text.matchAll(cookies)) {
    const offset = index + whole.length - line.length;
    each(
      line,
      cookie,
      (start, end, rule) => report(offset + start, offset + end, rule),
      'cookie',
      isCredential,
    );
  }
}

function isCredential(value: string): boolean {
  if (
    /^[\w-]*(?:token|key|secret|credential|example|bearer|x{4})[\w-]*$/i.test(value) &&
    !/\d.*\d/.test(value)
  )
    return false;
  return isLogin(value) || (/\d/.test(value) && /[a-z]/i.test(value) && entropy(value) >= 2.8);
}

/** Base64 of `user:password` (RFC 7617). */
export function isLogin(value: string): boolean {
  if (!/^[A-Za-z0-9+/]{8,}={0,2}$/.test(value)) return false;
  return /^[\x20-\x39\x3b-\x7e]+:[\x20-\x7e]+$/.test(Buffer.from(value, 'base64').toString('latin1'));
}
