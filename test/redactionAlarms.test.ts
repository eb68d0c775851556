import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findSecrets } from '../pipelines/lib/redaction/findSecrets.js';
import { redactionPolicy } from './support/redaction.js';

const policy = await redactionPolicy();
const root = fileURLToPath(new URL('../../', import.meta.url));

function credentialsIn(text: string): string[] {
  const found = findSecrets(text, policy).filter(({ kind }) => kind === 'credential');
  return found.map(({ rule, start, end }) => `${rule}: ${text.slice(Math.max(0, start - 30), end)}`);
}

test('this project and the packages it reads with hold no credential, but what tests plant', async () => {
  const folders = ['pipelines', 'sql', 'node_modules/yargs', 'node_modules/zod', 'node_modules/fast-check'];
  let [characters, alarms]: [number, string[]] = [0, []];
  for (const folder of folders) {
    const files = await readdir(join(root, folder), { recursive: true });
    for (const file of files.filter((name) => /\.(?:ts|js|cjs|sql|md|json)$/.test(name))) {
      const text = await readFile(join(root, folder, file), 'utf8');
      characters += text.length;
      alarms = [...alarms, ...credentialsIn(text).map((alarm) => `${folder}/${file}: ${alarm}`)];
    }
  }
  assert.ok(characters > 2e6, `${characters} characters`);
  assert.ok(alarms.length < characters / 1e6, alarms.join('\n'));
});

test('hashes, ids and lock files are no credentials', () => {
  let count = 0;
  const hash = (kind: string, encoding: 'hex' | 'base64') =>
    createHash(kind).update(String(count++)).digest(encoding);
  const uuid = () => hash('md5', 'hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  for (let run = 0; run < 200; run++) {
    const text = [
      `commit ${hash('sha1', 'hex')}`,
      `${hash('sha256', 'hex')}  dist/app.tar.gz`,
      `"integrity": "sha512-${hash('sha512', 'base64')}",`,
      `"resolved": "https://registry.npmjs.org/yargs/-/yargs-17.7.2.tgz#${hash('sha1', 'hex')}"`,
      `checksum = "${hash('sha256', 'hex')}"`,
      `h1:${hash('sha256', 'base64')}`,
      `sessionId: ${uuid()}`,
      `{"uuid":"${uuid()}","parentUuid":"${uuid()}","message":{"id":"msg_01${hash('sha1', 'hex')}"}}`,
      `image@sha256:${hash('sha256', 'hex')}`,
      `ETag: W/"${hash('md5', 'hex')}"`,
      `data:font/woff2;base64,${hash('sha512', 'base64')}${hash('sha512', 'base64')}`,
    ].join('\n');
    assert.deepEqual(credentialsIn(text), []);
  }
});

test('what stands for a secret is none, nor is code that handles one', () => {
  const lines = [
    'PASSWORD=changeme',
    'API_KEY=<your-key>',
    `TOKEN=${'$'}{GITHUB_TOKEN}`,
    'export SECRET=$(cat secret.txt)',
    'password: ********',
    'const token = process.env.API_TOKEN;',
    'api_key = os.environ["API_KEY"]',
    'secret: None',
    'password: str',
    'token = null',
    'password: form.password',
    'const accessToken = await getAccessToken(user);',
    'max_tokens: 4096,',
    '"input_tokens": 123456789,',
    'token_type = "access_token_refresh"',
    'apiKey: string;',
    'passwordField: "user-password-input"',
    'keyboard: "us-intl-104"',
    'Authorization: Bearer <token>',
    'Authorization: Bearer $TOKEN',
    'mkdir -p build/output2',
    'https://user:password@example.com/',
    'postgres://postgres:postgres@localhost:5432/db',
    'secretName: tls-certificate-2',
    'primary_key = "user_id_2024_v1"',
    '"token": "{{ secrets.DEPLOY_TOKEN }}"',
    'token: 725px;',
    'tokenizer: gpt2-medium-1024',
    'The password is required to log in.',
    'private_key: ed25519.Ed25519PrivateKey',
    '-----BEGIN PRIVATE KEY-----',
    'git config user.password "$PASS"',
    'pass 12 tests',
  ];
  for (const line of lines) assert.deepEqual(credentialsIn(line), [], line);
});
