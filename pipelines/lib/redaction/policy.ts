import { createHash, randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { exitCodes, UserError } from '../../errors.js';
import { type Kind, kinds } from './finding.js';
import { ruleNames } from './findSecrets.js';

/** An own rule of TRACEMILL_REDACT_FILE. */
export type OwnPattern = { readonly name: string; readonly pattern: RegExp };

/** The settings that choose a policy. */
export type PolicySettings = { readonly redact: readonly Kind[]; readonly redactFile: string | null };

/** What is looked for, what may stay, and the key that placeholders are made with. */
export type Policy = {
  readonly kinds: ReadonlySet<Kind>;
  readonly patterns: readonly OwnPattern[];
  /** Whether a value may stay. */
  readonly allows: (value: string) => boolean;
  /** Null where nothing is redacted, only read: a lake has a key from its first build on. */
  readonly key: Uint8Array | null;
  /** 12 hex digits of a SHA-256 over rules, kinds and file: what was redacted under another one is out of date. */
  readonly version: string;
};

// Goes up whenever the detectors find other things than before.
const redaction = 2;
const longestPattern = 500;

const fileSchema = z.strictObject({
  patterns: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'write a name of lower case letters, digits and -'),
        pattern: z
          .string()
          .min(1)
          .max(longestPattern, `write a pattern of at most ${longestPattern} characters`),
        flags: z
          .string()
          .regex(/^[imsu]*$/, 'use the flags i, m, s, u')
          .optional(),
      }),
    )
    .default([]),
  allow: z.array(z.string().min(1)).default([]),
});
type PolicyFile = z.output<typeof fileSchema>;

/** The policy of the settings. Throws a UserError that names what is wrong in TRACEMILL_REDACT_FILE. */
export async function readPolicy(
  { redact, redactFile }: PolicySettings,
  key: Uint8Array | null = null,
): Promise<Policy> {
  const content = redactFile === null ? { patterns: [], allow: [] } : await readPolicyFile(redactFile);
  const where = redactFile ?? '';
  const wanted = kinds.filter((kind) => redact.includes(kind));
  const version = createHash('sha256').update(JSON.stringify([redaction, ruleNames, wanted, content]));
  return {
    kinds: new Set(wanted),
    patterns: content.patterns.map(({ name, pattern, flags }) => ({
      name,
      pattern: ownPattern(where, name, pattern, flags),
    })),
    allows: allowList(where, content.allow),
    key,
    version: version.digest('hex').slice(0, 12),
  };
}

/** The policy with the lake's key, which is made where there is none yet; a policy that looks for nothing needs none. */
export async function withKey(policy: Policy, lake: string): Promise<Policy> {
  const isIdle = policy.kinds.size === 0 && policy.patterns.length === 0;
  return isIdle ? policy : { ...policy, key: await redactionKey(lake) };
}

/** The lake's key for placeholders, made on first use: 32 random bytes that only the owner reads. */
export async function redactionKey(lake: string): Promise<Uint8Array> {
  const path = join(lake, 'redaction.key');
  const found = await readFile(path).catch(() => null);
  if (found !== null) return checkedKey(path, found);
  await mkdir(lake, { recursive: true, mode: 0o700 });
  // Linked into place when it is whole: of two that come at once, both read the one that was there first.
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(draft, 'wx', 0o600);
  await file.writeFile(randomBytes(32));
  await file.sync();
  await file.close();
  await link(draft, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rm(draft);
  return checkedKey(path, await readFile(path));
}

function checkedKey(path: string, key: Uint8Array): Uint8Array {
  if (key.length === 32) return key;
  throw new UserError(
    `${path}: is not 32 bytes long; put the copy of your backup back, or remove it and run \`tracemill build --full\` for other placeholders`,
  );
}

async function readPolicyFile(file: string): Promise<PolicyFile> {
  const refuse = (why: string, cause?: unknown) =>
    new UserError(`${file}: ${why}; correct it or unset TRACEMILL_REDACT_FILE`, {
      exitCode: exitCodes.usage,
      cause,
    });
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw refuse('cannot be read', cause);
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw refuse('is no JSON', cause);
  }
  const read = fileSchema.safeParse(json);
  if (read.success) return read.data;
  throw refuse(read.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join(', '));
}

function ownPattern(file: string, name: string, source: string, flags = ''): RegExp {
  const refuse = (why: string, cause?: unknown) =>
    new UserError(`${file}: pattern ${name} ${why}`, { exitCode: exitCodes.usage, cause });
  let pattern: RegExp;
  try {
    pattern = new RegExp(source, `${flags}g`);
  } catch (cause) {
    throw refuse('is no regular expression; correct it', cause);
  }
  if (new RegExp(source, flags).test(''))
    throw refuse('matches an empty text; let it ask for a character at least');
  // (a+)+ and the like try every way to share a text out, and take for ever over a long one.
  if (/\((?:[^()\\]|\\.)*[+*}](?:[^()\\]|\\.)*\)(?:[+*]|\{\d+,)/.test(source)) {
    throw refuse('repeats what is repeated already, which can take for ever; write it with one repetition');
  }
  return pattern;
}

function allowList(file: string, allow: readonly string[]): Policy['allows'] {
  const literals = new Set(allow.filter((entry) => !isPattern(entry)));
  const patterns = allow.filter(isPattern).map((entry) => {
    const [, source = '', flags] = /^\/(.*)\/([imsu]*)$/s.exec(entry) ?? [];
    const pattern = ownPattern(file, entry, source, flags);
    return new RegExp(pattern.source, pattern.flags.replace('g', ''));
  });
  if (literals.size + patterns.length === 0) return () => false;
  return (value) => literals.has(value) || patterns.some((pattern) => pattern.test(value));
}

function isPattern(entry: string): boolean {
  return /^\/.+\/[imsu]*$/s.test(entry);
}
