const passwords = ['password', 'passwd', 'pwd', 'passphrase', 'passcode', 'pass', 'pw', 'passw', 'userpass'];
const secrets = [
  'secret',
  'token',
  'apikey',
  'apitoken',
  'accesstoken',
  'authtoken',
  'secretkey',
  'accesskey',
  'privatekey',
  'credential',
  'credentials',
  'creds',
  'auth',
  'authorization',
  'pat',
  'bearer',
  'jwt',
  'sessionid',
  'sessid',
  'sid',
  'dsn',
  'cookie',
  'signature',
  'otp',
  'sas',
];
// `key` says nothing alone: what goes before it must.
const keysOf = [
  'api',
  'access',
  'private',
  'secret',
  'auth',
  'encryption',
  'signing',
  'master',
  'account',
  'storage',
  'service',
  'app',
  'application',
  'shared',
  'client',
  'webhook',
  'subscription',
  'admin',
  'license',
  'deploy',
  'consumer',
  'hmac',
  'jwt',
  'aes',
  'rest',
  'write',
  'read',
  'ingest',
  'integration',
  'server',
  'host',
  'anon',
  'role',
  'crypto',
  'cipher',
  'session',
  'cookie',
];
// What may stand behind the word without changing what the value is.
const suffixes =
  /^(?:key|value|val|base|base64|b64|hex|raw|plain|text|string|str|prod|production|dev|development|staging|stage|test|live|new|old|current|default|env|primary|secondary|v?\d+|[a-z])$/;
// Words that hold one of the above and mean another thing.
const harmless = ['auth', 'cookie', 'signature', 'sid', 'pat', 'pass', 'pw', 'sas', 'dsn', 'otp'];

export type SecretName = { readonly isPassword: boolean };

/** The words of a name: `X-Api-Key`, `dbPassword`, `JWT_SECRET2`, `PGPASSWORD`. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter((word) => word !== '');
}

/** What a name promises of its value: a password, another secret, or (null) nothing, as `max_tokens` and `token_count`. */
export function secretName(name: string): SecretName | null {
  const words = wordsOf(name);
  for (let index = words.length - 1; index >= 0; index--) {
    const word = words[index] ?? '';
    const found = meaning(word, words[index - 1] ?? '', words.length);
    if (found !== null) return found;
    if (!suffixes.test(word)) return null;
  }
  return null;
}

function meaning(word: string, before: string, count: number): SecretName | null {
  // A short word is too common alone; DB_PASS, api_auth, session_sid are not.
  if (harmless.includes(word) && count === 1) return word === 'pass' ? { isPassword: true } : null;
  if (passwords.includes(word) || /^[a-z]{1,12}(?:password|passwd|passphrase)$/.test(word))
    return { isPassword: true };
  if (secrets.includes(word))
    return word === 'auth' || word === 'signature' || word === 'cookie' ? null : { isPassword: false };
  if (/^[a-z]{1,12}(?:secret|token|apikey|authkey|accesskey)$/.test(word)) return { isPassword: false };
  if (word === 'key' && keysOf.includes(before)) return { isPassword: false };
  return null;
}

/** Letters of the words above, in lower case: a text that holds none of them names no secret. */
export const nameHints = [
  'pass',
  'pwd',
  'secret',
  'token',
  'key',
  'cred',
  'auth',
  'bearer',
  'jwt',
  'sess',
  'sid',
  'dsn',
  '_pat',
  'pat_',
  'pw',
  'otp',
  'sas',
];
