import { createHash } from 'node:crypto';

/** A secret as it may stand in a log: `value` must be gone from `text` when it is redacted. */
export type Planted = { readonly kind: string; readonly value: string; readonly text: string };

const alphabets = {
  alnum: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
  upper: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789',
  lower: 'abcdefghijklmnopqrstuvwxyz0123456789',
  letters: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
  hex: '0123456789abcdef',
  digits: '0123456789',
  url: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
  base64: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
};

let drawn = 0;

/** Characters that nobody gave out as a key, the same in every run. */
function random(alphabet: keyof typeof alphabets, length: number): string {
  const letters = alphabets[alphabet];
  let result = '';
  for (let block = 0; result.length < length; block++) {
    const bytes = createHash('sha512').update(`${drawn} ${alphabet} ${block}`).digest();
    for (const byte of bytes) result += letters[byte % letters.length] ?? '';
  }
  drawn++;
  return result.slice(0, length);
}

const uuid = () =>
  `${random('hex', 8)}-${random('hex', 4)}-4${random('hex', 3)}-a${random('hex', 3)}-${random('hex', 12)}`;
const base64 = (text: string) => Buffer.from(text).toString('base64');
const base64url = (text: string) => Buffer.from(text).toString('base64url');

/** Tokens that can be told by themselves. Prefixes are put together here, so that no scanner takes this file for a leak. */
function tokens(): [kind: string, value: string][] {
  const of = (...parts: string[]) => parts.join('');
  const jwt = [
    base64url('{"alg":"HS256","typ":"JWT"}'),
    base64url(`{"sub":"${random('lower', 12)}","iat":1700000000}`),
    random('url', 43),
  ];
  return [
    ['aws access key id', of('AK', 'IA', random('upper', 16))],
    ['aws session key id', of('AS', 'IA', random('upper', 16))],
    ['github classic', of('gh', 'p_', random('alnum', 36))],
    ['github oauth', of('gh', 'o_', random('alnum', 36))],
    ['github app', of('gh', 's_', random('alnum', 36))],
    ['github fine-grained', of('github', '_pat_', random('alnum', 22), '_', random('alnum', 59))],
    ['gitlab', of('gl', 'pat-', random('alnum', 20))],
    ['gitlab runner', of('gl', 'rt-', random('alnum', 20))],
    ['bitbucket', of('AT', 'BB', random('alnum', 32))],
    ['anthropic', of('sk', '-ant-api03-', random('alnum', 93), 'AA')],
    ['anthropic oauth', of('sk', '-ant-oat01-', random('alnum', 86))],
    ['openai project', of('sk', '-proj-', random('alnum', 74), 'T3Blbk', 'FJ', random('alnum', 74))],
    ['openai legacy', of('sk', '-', random('alnum', 20), 'T3Blbk', 'FJ', random('alnum', 20))],
    ['openrouter', of('sk', '-or-v1-', random('hex', 64))],
    ['deepseek', of('sk', '-', random('hex', 32))],
    ['groq', of('gs', 'k_', random('alnum', 52))],
    ['hugging face', of('h', 'f_', random('letters', 34))],
    ['replicate', of('r', '8_', random('alnum', 37))],
    ['perplexity', of('pp', 'lx-', random('alnum', 48))],
    ['xai', of('x', 'ai-', random('alnum', 80))],
    ['nvidia', of('nv', 'api-', random('alnum', 64))],
    ['google api key', of('AI', 'za', random('alnum', 35))],
    ['google oauth', of('ya', '29.', random('alnum', 60))],
    ['google client secret', of('GOC', 'SPX-', random('alnum', 28))],
    ['azure client secret', of(random('alnum', 3), '8', 'Q~', random('alnum', 34))],
    ['azure devops', of(random('alnum', 76), 'AZ', 'DO', random('alnum', 4))],
    ['stripe live', of('sk', '_live_', random('alnum', 24))],
    ['stripe restricted', of('rk', '_live_', random('alnum', 24))],
    ['webhook secret', of('wh', 'sec_', random('alnum', 32))],
    ['square', of('sq0', 'atp-', random('alnum', 22))],
    ['shopify', of('shp', 'at_', random('hex', 32))],
    ['paypal braintree', of('access', '_token$production$', random('lower', 16), '$', random('hex', 32))],
    ['slack bot', of('xo', 'xb-', random('digits', 12), '-', random('digits', 12), '-', random('alnum', 24))],
    ['slack user', of('xo', 'xp-', random('digits', 12), '-', random('digits', 12), '-', random('hex', 32))],
    [
      'slack webhook',
      of(
        'https://hooks.',
        'slack.com/services/T',
        random('upper', 8),
        '/B',
        random('upper', 8),
        '/',
        random('alnum', 24),
      ),
    ],
    ['discord bot', of('M', random('alnum', 23), '.', random('alnum', 6), '.', random('alnum', 27))],
    [
      'discord webhook',
      of('https://dis', 'cord.com/api/webhooks/', random('digits', 18), '/', random('alnum', 68)),
    ],
    ['telegram', of('1', random('digits', 8), ':A', 'A', random('alnum', 33))],
    ['twilio', of('S', 'K', random('hex', 32))],
    ['sendgrid', of('S', 'G.', random('alnum', 22), '.', random('alnum', 43))],
    ['mailgun', of('ke', 'y-', random('hex', 32))],
    ['mailchimp', of(random('hex', 32), '-u', 's21')],
    ['brevo', of('xkey', 'sib-', random('hex', 64), '-', random('alnum', 16))],
    ['resend', of('r', 'e_', random('alnum', 8), '_', random('alnum', 24))],
    ['npm', of('np', 'm_', random('alnum', 36))],
    ['pypi', of('py', 'pi-AgEIcHlwaS5vcmc', random('alnum', 80))],
    ['rubygems', of('ruby', 'gems_', random('hex', 48))],
    ['crates.io', of('c', 'io', random('alnum', 31), '7')],
    ['docker hub', of('dc', 'kr_pat_', random('alnum', 27))],
    ['terraform cloud', of(random('alnum', 14), '.atlas', 'v1.', random('alnum', 67))],
    ['vault', of('h', 'vs.', random('alnum', 95))],
    ['databricks', of('da', 'pi', random('hex', 32))],
    ['digitalocean', of('do', 'p_v1_', random('hex', 64))],
    ['heroku', of('HR', 'KU-', uuid())],
    ['vercel', of('vc', 'p_', random('alnum', 24))],
    ['netlify', of('nf', 'p_', random('alnum', 36))],
    ['tailscale', of('ts', 'key-auth-', random('alnum', 12), '-', random('alnum', 32))],
    ['supabase', of('sb', 'p_', random('hex', 40))],
    ['planetscale', of('psc', 'ale_tkn_', random('alnum', 43))],
    ['doppler', of('d', 'p.pt.', random('alnum', 43))],
    ['sentry', of('sn', 'trys_', random('alnum', 80))],
    ['grafana', of('gl', 'sa_', random('alnum', 32), '_', random('hex', 8))],
    ['new relic', of('NR', 'AK-', random('upper', 27))],
    ['dynatrace', of('dt', '0c01.', random('upper', 24), '.', random('upper', 64))],
    ['postman', of('PM', 'AK-', random('hex', 24), '-', random('hex', 34))],
    ['linear', of('lin', '_api_', random('alnum', 40))],
    ['notion', of('nt', 'n_', random('digits', 11), random('alnum', 35))],
    ['airtable', of('pa', 't', random('alnum', 14), '.', random('hex', 64))],
    ['atlassian', of('AT', 'ATT3xFfGF0', random('alnum', 180))],
    ['figma', of('fi', 'gd_', random('alnum', 40))],
    ['hubspot', of('pa', 't-na1-', uuid())],
    ['dropbox', of('s', 'l.', random('alnum', 136))],
    ['age key', of('AGE-SEC', 'RET-KEY-1', random('upper', 58))],
    ['langsmith', of('ls', 'v2_pt_', random('hex', 32), '_', random('hex', 10))],
    ['jwt', jwt.join('.')],
    ['bcrypt', of('$2', 'b$12$', random('alnum', 53))],
  ];
}

/** Secrets that what stands around them gives away; `{}` in the text is the value. */
function inContext(): [kind: string, value: string, text: string][] {
  const password = () => `Tr${random('alnum', 9)}4!z`;
  const pem = (label: string) => [
    `-----BEGIN ${label}-----`,
    ...Array.from({ length: 6 }, () => random('base64', 64)),
    `-----END ${label}-----`,
  ];
  const rsa = pem(['RSA', 'PRIVATE', 'KEY'].join(' '));
  const openssh = pem(['OPENSSH', 'PRIVATE', 'KEY'].join(' '));
  const pgp = pem(['PGP', 'PRIVATE', 'KEY', 'BLOCK'].join(' '));
  return [
    ['rsa private key', rsa[3] ?? '', `key:\n${rsa.join('\n')}\nend`],
    ['openssh private key, crlf', openssh[2] ?? '', openssh.join('\r\n')],
    ['pgp private key', pgp[4] ?? '', pgp.join('\n')],
    ['private key in an environment', rsa[2] ?? '', `KEY="${rsa.join('\\n')}"`],
    ['private key, first lines only', openssh[3] ?? '', openssh.slice(0, 5).join('\n')],
    ['private key, last lines only', rsa[4] ?? '', `${rsa.slice(3).join('\n')}\nconnected`],
    ['private key with line numbers', rsa[5] ?? '', rsa.map((line, at) => `${at + 1}\t${line}`).join('\n')],
    ['private key in a diff', rsa[5] ?? '', rsa.map((line) => `+${line}`).join('\n')],
    [
      'private key in base64',
      base64(rsa.join('\n')).slice(80, 200),
      `client-key-data: ${base64(rsa.join('\n'))}`,
    ],
    ['aws secret key', random('base64', 40), 'aws_secret_access_key = {}'],
    ['environment password', password(), 'HOME=/srv\nDB_PASSWORD={}\nLANG=C'],
    ['environment words', 'correcthorsebattery', 'export PGPASSWORD={}'],
    ['json api key', random('alnum', 32), '{"api_key": "{}"}'],
    ['yaml secret', random('hex', 32), 'client:\n  secret: {}\n'],
    ['toml token', random('alnum', 24), 'token = "{}"'],
    ['camelCase key', random('alnum', 32), "const config = { apiKey: '{}' };"],
    ['typed password', password(), 'password: str = "{}"'],
    ['index assignment', random('alnum', 24), "env['AUTH_TOKEN'] = '{}'"],
    ['uuid as token', uuid(), 'HEROKU_API_KEY={}'],
    ['flag', password(), 'deploy --password {} --yes'],
    ['flag with equals', random('alnum', 24), 'deploy --token={}'],
    ['sentence', password(), 'The password is {} and nothing else.'],
    ['escaped json', random('alnum', 24), String.raw`"{\"token\":\"{}\"}"`],
    ['bearer', random('alnum', 40), 'curl -H "Authorization: Bearer {}" https://api.internal/v1'],
    ['basic', base64(`svc:${password()}`), 'Authorization: Basic {}'],
    ['x-api-key', random('alnum', 32), 'X-Api-Key: {}'],
    ['cookie', random('hex', 32), 'Cookie: theme=dark; sessionid={}; lang=en'],
    ['postgres', password(), 'postgresql://svc:{}@db.internal:5432/app'],
    ['mysql', password(), 'mysql://svc:{}@db.internal/app'],
    ['mongodb', password(), 'mongodb+srv://svc:{}@cluster0.mongodb.net/app'],
    ['redis', password(), 'redis://:{}@cache.internal:6379/0'],
    ['amqp', password(), 'amqps://svc:{}@queue.internal/vhost'],
    ['git remote', random('alnum', 24), 'origin\thttps://deploy:{}@git.internal/team/repo.git (fetch)'],
    ['git remote, token alone', random('alnum', 40), 'https://{}@git.internal/team/repo.git'],
    ['ado.net', password(), 'Server=db;Database=app;User Id=svc;Password={};Encrypt=true'],
    ['jdbc', password(), 'jdbc:sqlserver://db;user=svc;password={};encrypt=true'],
    [
      'azure storage',
      `${random('base64', 86)}==`,
      'DefaultEndpointsProtocol=https;AccountName=x;AccountKey={};EndpointSuffix=core.windows.net',
    ],
    [
      'shared access signature',
      `${random('alnum', 43)}%3D`,
      'https://x.blob.core.windows.net/c?sv=2023&sig={}&se=2027',
    ],
    ['presigned address', random('hex', 64), 'https://b.s3.amazonaws.com/k?X-Amz-Signature={}&X-Amz-Date=1'],
    ['curl login', password(), 'curl -sS -u svc:{} https://api.internal'],
    ['sshpass', password(), "sshpass -p '{}' ssh host"],
    ['mysql login', password(), 'mysql -h db -u svc -p{} app'],
    ['docker login', password(), 'docker login -u svc -p {} registry.internal'],
    ['sql password', password(), "create user svc identified by '{}';"],
    ['netrc', password(), 'machine git.internal login svc password {}'],
    ['npmrc', random('alnum', 36), '//registry.internal/:_authToken={}'],
    ['docker config', base64(`svc:${password()}`), '{"auths":{"registry.internal":{"auth":"{}"}}}'],
    ['wireguard', `${random('base64', 43)}=`, '[Interface]\nPrivateKey = {}\nAddress = 10.0.0.2/32'],
    ['query token', random('alnum', 32), 'GET /v1/items?access_token={}&page=2'],
    ['jwt secret', random('base64', 44), 'JWT_SECRET={}'],
    [
      'seed phrase',
      'lunar',
      'mnemonic: "lunar apple stone river cloud minor tiger salad orbit fence novel zebra"',
    ],
  ];
}

/** E-mail addresses, public addresses and homes. */
export const plantedPeople: readonly Planted[] = (
  [
    ['e-mail', 'carla.meyer@firm.example', 'Author: Carla <{}>'],
    ['e-mail in a url', 'carla.meyer%40firm.example', 'https://x.internal/?user={}&a=1'],
    ['ipv4', '203.0.113.77', 'Connected to {} port 443'],
    ['ipv6', '2001:db8:85a3::8a2e:370:7334', 'inet6 {}/64 scope global'],
    ['linux home', '/home/carla', 'cd {}/work && ls'],
    ['mac home', '/Users/carla', 'open "{}/Desktop"'],
    ['windows home', 'C:\\Users\\carla', 'dir {}\\work'],
    ['windows home in json', 'C:\\\\Users\\\\carla', '{"cwd":"{}\\\\work"}'],
    ['wsl home', '/mnt/c/Users/carla', 'ls {}/work'],
    ['home in a diff', 'home/carla', '--- a/{}/x.ts'],
    ['home behind a flag', '/home/carla', 'cc -I{}/include x.c'],
    ['home in a file address', '/home/carla', 'file://{}/x.html'],
    ['home on a host', '/home/carla', 'scp x host:{}/y'],
    ['owner', 'carla', '/home/{}/x\n-rw-r--r-- 1 {} {} 12 x'],
    ['login', 'carla', 'cwd /home/{}\n{}@host:~$ ls'],
    ['project folder', '-home-carla', '~/.claude/projects/{}-work-app/1.jsonl'],
  ] as const
).map(([kind, value, text]) => ({ kind, value, text: text.replaceAll('{}', value) }));

/** Every kind of credential, tokens alone and in the places where a log holds them. */
export const plantedSecrets: readonly Planted[] = [
  ...tokens().map(([kind, value]) => ({ kind, value, text: `found ${value} there` })),
  ...inContext().map(([kind, value, text]) => ({ kind, value, text: text.replaceAll('{}', () => value) })),
];
