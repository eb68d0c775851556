import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs, { mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { chmod, chown, mkdir, readdir, symlink } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ingest } from '../pipelines/ingest.js';
import { line, makeLogs, of, removeLogs, type TestLogs, uuid } from './support/logs.js';

let logs: TestLogs;
beforeEach(async () => {
  logs = await makeLogs();
});
afterEach(() => removeLogs(logs));

const good = 'claude/projects/p/good.jsonl';

/** A file with this content is kept byte for byte, with these words (none: kept without a word), and the run goes on. */
async function keeps(content: Buffer | string, words: RegExp | null): Promise<void> {
  await logs.write('claude/projects/p/odd.jsonl', content);
  await logs.write(good, line('good'));
  const report = await logs.ingest();
  const about = report.warnings.filter((warning) => warning.startsWith('claude/p/odd.jsonl: '));
  if (words === null) assert.deepEqual(report.warnings, []);
  else assert.match(about.join('\n'), words);
  assert.equal((await logs.rebuilt('claude', 'p/good.jsonl')).toString(), line('good'));
  assert.deepEqual(await logs.rebuilt('claude', 'p/odd.jsonl'), Buffer.from(content));
  assert.deepEqual((await logs.verify()).problems, []);
}

test('not UTF-8: only the odd lines are kept as bytes', async () => {
  const odd = Buffer.concat([
    Buffer.from(line('ä')),
    Buffer.from([0x7b, 0xff, 0xfe, 0x7d, 0x0a]),
    // A surrogate as three bytes, which is no UTF-8 either, and a line cut in the middle of a letter.
    Buffer.from([0xed, 0xa0, 0x80, 0x0a]),
    Buffer.from(line('ü')),
    Buffer.from([0x22, 0xc3]),
  ]);
  await keeps(odd, /^claude\/p\/odd.jsonl: has 3 lines that are not valid UTF-8; kept as bytes$/);
  const rows = (await logs.rows('claude')).filter((row) => row.source_path === 'p/odd.jsonl');
  assert.deepEqual(
    rows.map((row) => row.line),
    [line('ä').trimEnd(), null, null, line('ü').trimEnd(), null],
  );
});

test('NUL bytes, also a file that ends in thousands of them', async () => {
  const content = Buffer.concat([Buffer.from(line('a\0b')), Buffer.from('{"x":\0}\n'), Buffer.alloc(3772)]);
  await keeps(content, /holds NUL bytes; kept as they are$/);
});

test('a byte-order mark, which does not hide the day', async () => {
  await keeps(`\ufeff${line('a')}`, /^claude\/p\/odd.jsonl: begins with a byte-order mark; kept as it is$/);
  assert.deepEqual(
    (await logs.rows('claude')).map((row) => row.day),
    ['2026-03-01', '2026-03-01'],
  );
});

test('CR LF, CR alone and blank lines', () =>
  keeps(
    `${line('a').trimEnd()}\r\n\r\n\n\r${line('b')}\r`,
    /has lines that end in CR LF; kept as they are$/,
  ));

test('a line of 200 MB', async () => {
  const text = Buffer.alloc(200e6, 'x');
  const content = Buffer.concat([
    Buffer.from(line('a')),
    Buffer.from('{"text":"'),
    text,
    Buffer.from('"}\n'),
    Buffer.from(line('b')),
  ]);
  await keeps(content, /has a line of 200\.0 MB; kept whole$/);
});

test('50,000 levels of nesting', () =>
  keeps(
    `${line('a')}${'['.repeat(50_000)}${']'.repeat(50_000)}\n${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}\n`,
    null,
  ));

test('a lone surrogate, duplicate keys, message null', () =>
  keeps(`{"a":"\\ud83d"}\n{"a":1,"a":2}\n{"type":"user","message":null}\n`, null));

test('arrays and numbers as lines: a word when the file begins with one', () =>
  keeps('[1,2]\n7\nnull\n', /does not begin with a JSON object, so it may be no log; kept in raw/));

test('JSON written over several lines', () =>
  keeps('{\n  "a": 1\n}\n', /does not begin with a JSON object, so it may be no log; kept in raw/));

test('a git-LFS pointer', () =>
  keeps(
    'version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 12\n',
    /is a git-LFS pointer, not the log itself; run `git lfs pull` there/,
  ));

test('an empty file is known, and read once it has lines; its day is then decided', async () => {
  await keeps('', /is empty; nothing to read yet$/);
  assert.deepEqual((await logs.ingest()).warnings, []);
  await logs.append('claude/projects/p/odd.jsonl', line('a'));
  assert.equal(of(await logs.ingest(), 'claude').grown, 1);
  assert.deepEqual(
    (await logs.rows('claude')).map((row) => row.day),
    ['2026-03-01', '2026-03-01'],
  );
});

test('a folder named like a log, a pipe, links in circles, links that lead nowhere: a word for each', async () => {
  await logs.write(good, line('good'));
  await mkdir(logs.at('claude/projects/p/x.jsonl'));
  await logs.write('claude/projects/p/x.jsonl/y.jsonl', line('inside'));
  spawnSync('mkfifo', [logs.at('claude/projects/p/pipe.jsonl')]);
  await symlink('..', logs.at('claude/projects/p/up'));
  await symlink('self', logs.at('claude/projects/p/self'));
  await symlink('nowhere.jsonl', logs.at('claude/projects/p/dangling.jsonl'));
  await symlink('good.jsonl', logs.at('claude/projects/p/alias.jsonl'));
  await logs.write('elsewhere/z.jsonl', line('far'));
  await symlink(logs.at('elsewhere'), logs.at('claude/projects/p/far'));
  await symlink(logs.at('elsewhere/z.jsonl'), logs.at('claude/projects/p/far.jsonl'));
  const report = await logs.ingest({ sources: ['claude'] });
  assert.deepEqual([...report.warnings].sort(), [
    'claude/p/alias.jsonl: is a symbolic link to a file that is read under its own name; not read twice',
    'claude/p/dangling.jsonl: vanished, or is a link that leads nowhere; not read',
    'claude/p/far.jsonl: is a symbolic link to a file that is read under its own name; not read twice',
    'claude/p/pipe.jsonl: is no regular file; not read',
    'claude/p/self: is a symbolic link in a circle; not followed',
    'claude/p/up: is a symbolic link to a folder that is read anyway; not followed',
    'claude/p/x.jsonl: is a folder, not a log; not read',
  ]);
  const paths = (await logs.rows('claude')).map((row) => row.source_path);
  assert.deepEqual(paths, ['p/far/z.jsonl', 'p/good.jsonl', 'p/x.jsonl/y.jsonl']);
  assert.deepEqual((await logs.verify()).problems, []);
});

test('a file and a folder without read permission: a word, exit 0, and read once they can be', async () => {
  await logs.write(good, line('good'));
  await logs.write('claude/projects/p/shut.jsonl', line('shut'));
  await logs.write('claude/projects/closed/in.jsonl', line('in'));
  await chmod(logs.at('claude/projects/p/shut.jsonl'), 0);
  await chmod(logs.at('claude/projects/closed'), 0);
  // Root may read everything, so the run is somebody else's then.
  const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  const { data } = logs.lake.config;
  for (const path of [logs.lake.folder, data, join(data, 'lake'), join(data, 'lake', 'redaction.key')])
    if (nobody.uid !== undefined) await chown(path, nobody.uid, nobody.gid);
  const run = spawnSync(process.execPath, [cli, 'ingest', '--json', '--settle', '0'], {
    ...nobody,
    encoding: 'utf8',
    env: {
      ...process.env,
      TRACEMILL_DATA: logs.lake.config.data,
      CLAUDE_CONFIG_DIR: logs.at('claude'),
      HOME: logs.lake.folder,
    },
  });
  assert.equal(run.status, 0, run.stderr);
  const report = JSON.parse(run.stdout);
  assert.deepEqual(
    report.warnings.filter((warning: string) => warning.startsWith('claude/')),
    [
      'claude/closed: cannot be listed (EACCES); its files wait until it can',
      'claude/p/shut.jsonl: cannot be read (EACCES); give this user the right to read it, the next run takes it',
    ],
  );
  assert.equal(report.lines, 1);
  await chmod(logs.at('claude/projects/p/shut.jsonl'), 0o600);
  await chmod(logs.at('claude/projects/closed'), 0o700);
  assert.equal((await logs.ingest()).lines, 2);
  assert.deepEqual((await logs.verify()).problems, []);
});

const cli = fileURLToPath(new URL('../pipelines/cli.js', import.meta.url));

test('a file that vanishes while others are read: a word, and the rest is read', async () => {
  await logs.write(good, line('good'));
  const gone = 'claude/projects/p/zz-gone.jsonl';
  await logs.write(gone, line('gone'));
  const report = await ingest({
    config: logs.lake.config,
    now: () => new Date(),
    settleMs: 0,
    // Told of the first file's bytes, when the second was already found.
    progress: () => ({ add: () => rmSync(logs.at(gone), { force: true }), end: () => {} }),
  });
  assert.deepEqual(report.warnings, [
    'claude/p/zz-gone.jsonl: vanished while it was looked at; nothing of it was read',
  ]);
  assert.deepEqual(
    (await logs.rows('claude')).map((row) => row.source_path),
    ['p/good.jsonl'],
  );
  assert.deepEqual((await logs.verify()).problems, []);
});

/** An ingest of two files, the second of which is written when the first one's bytes are told: it was found to have grown by then. */
function ingestWhileWritten(path: string, bytes: string) {
  return ingest({
    config: logs.lake.config,
    now: () => new Date(),
    settleMs: 0,
    progress: () => ({ add: () => writeFileSync(logs.at(path), bytes), end: () => {} }),
  });
}

test('a file rewritten longer between being found and being read: nothing of it lands in the old generation', async () => {
  const path = 'claude/projects/p/zz-rewritten.jsonl';
  await logs.write(good, line('good'));
  await logs.write(path, line('old'));
  await logs.ingest();
  await logs.append(good, line('more'));
  await logs.append(path, line('grown'));
  const rewritten = line('new'.repeat(100)) + line('newer');
  const report = await ingestWhileWritten(path, rewritten);
  assert.deepEqual(report.warnings, [
    'claude/p/zz-rewritten.jsonl: cannot be read further (was rewritten meanwhile); the next run tries again',
  ]);
  assert.equal(of(await logs.ingest(), 'claude').generation, 1);
  assert.equal((await logs.rebuilt('claude', 'p/zz-rewritten.jsonl')).toString(), line('old') + rewritten);
  assert.deepEqual((await logs.verify()).problems, []);
});

test('a new file that is replaced between being found and being read waits: its key and day were those of the other', async () => {
  const path = 'claude/projects/p/zz-new.jsonl';
  await logs.write(good, line('good'));
  await logs.write(path, line('first'));
  const other = line('other', { timestamp: '2026-03-09T10:00:00.000Z' });
  await logs.write('other', other);
  await logs.age('other', 1);
  const report = await ingest({
    config: logs.lake.config,
    now: () => new Date(),
    settleMs: 0,
    progress: () => ({
      add: () => fs.existsSync(logs.at('other')) && renameSync(logs.at('other'), logs.at(path)),
      end: () => {},
    }),
  });
  assert.deepEqual(report.warnings, [
    'claude/p/zz-new.jsonl: cannot be read further (was replaced meanwhile); the next run tries again',
  ]);
  await logs.ingest();
  const rows = (await logs.rows('claude')).filter((row) => row.source_path === 'p/zz-new.jsonl');
  assert.deepEqual(
    rows.map(({ day, line: text }) => [day, `${text}\n`]),
    [['2026-03-09', other]],
  );
  assert.deepEqual((await logs.verify()).problems, []);
});

test('a file rewritten after a last line without newline was read: its new bytes do not go on that line', async () => {
  const path = 'claude/projects/p/zz-torn.jsonl';
  const half = line('old').slice(0, -9);
  await logs.write(good, line('good'));
  await logs.write(path, line('first') + half);
  await logs.ingest();
  await logs.append(good, line('more'));
  await logs.append(path, line('old').slice(-9));
  const rewritten = `${line('other')}${line('new'.repeat(100))}${line('newer')}`;
  const report = await ingestWhileWritten(path, rewritten);
  assert.deepEqual(report.warnings, [
    'claude/p/zz-torn.jsonl: cannot be read further (was rewritten meanwhile); the next run tries again',
  ]);
  assert.equal(of(await logs.ingest(), 'claude').generation, 1);
  assert.deepEqual((await logs.verify()).problems, []);
});

test('a file replaced between two looks at it: what is read is what was looked at', async () => {
  const path = 'claude/projects/p/replaced.jsonl';
  await logs.write(path, line('old'));
  await logs.ingest();
  await logs.append(path, line('grown'));
  const { openSync } = fs;
  let opened = 0;
  const replaced = line('new'.repeat(3)) + line('newer');
  // Head and tail are looked at when it is identified; then it is opened to be read.
  const openAndReplace: typeof openSync = (file, ...rest) => {
    const handle = openSync(file, ...rest);
    if (file !== logs.at(path)) return handle;
    opened += 1;
    if (opened === 3) {
      writeFileSync(`${logs.at(path)}.new`, replaced);
      renameSync(`${logs.at(path)}.new`, logs.at(path));
    }
    return handle;
  };
  fs.openSync = openAndReplace;
  syncBuiltinESMExports();
  try {
    await logs.ingest();
  } finally {
    fs.openSync = openSync;
    syncBuiltinESMExports();
  }
  assert.ok(opened >= 3);
  await logs.ingest();
  const kept = (await logs.rows('claude')).map((row) => `${row.line}\n`);
  assert.deepEqual(kept.toSorted(), [line('old'), line('grown'), ...replaced.split(/(?<=\n)/)].toSorted());
  assert.deepEqual((await logs.verify()).problems, []);
});

test('names that cannot be found again: a word for each, nothing passed over in silence', async () => {
  await logs.write(good, line('good'));
  await logs.write('claude/projects/a\nb/in.jsonl', line('in'));
  await logs.write('claude/projects/p/x\ny.jsonl', line('in'));
  const odd = Buffer.concat([Buffer.from(`${logs.at('claude/projects')}/`), Buffer.from([0xff, 0xfe])]);
  mkdirSync(odd);
  writeFileSync(Buffer.concat([odd, Buffer.from('/in.jsonl')]), line('in'));
  const report = await logs.ingest({ sources: ['claude'] });
  assert.deepEqual([...report.warnings].sort(), [
    'claude/"\ufffd\ufffd": has a name that is not UTF-8; rename it, nothing of it is read',
  ]);
  const paths = new Set((await logs.rows('claude')).map(({ source_path }) => source_path));
  assert.ok(paths.has('a\nb/in.jsonl') && paths.has('p/x\ny.jsonl'));
});

test('a data folder that cannot be written: what to do, no stack', async () => {
  await logs.write(good, line('good'));
  writeFileSync(join(logs.lake.folder, 'file'), '');
  const env = {
    ...process.env,
    TRACEMILL_DATA: join(logs.lake.folder, 'file'),
    CLAUDE_CONFIG_DIR: logs.at('claude'),
  };
  const { status, stderr } = spawnSync(process.execPath, [cli, 'ingest'], { encoding: 'utf8', env });
  const words = 'lake: a file stands where a folder must be; move it away and run again, nothing is lost\n';
  assert.deepEqual([status, stderr], [1, words]);
});

test('a file that shrinks while it is read: what was read counts, the next run sees a new generation', async () => {
  const path = 'claude/projects/p/shrinking.jsonl';
  const text = line('x'.repeat(1 << 20));
  await logs.write(path, text.repeat(4));
  await ingest({
    config: logs.lake.config,
    now: () => new Date(),
    settleMs: 0,
    progress: () => ({ add: () => truncateSync(logs.at(path), text.length + 10), end: () => {} }),
  });
  assert.equal((await logs.rows('claude')).length, 1);
  const second = await logs.ingest();
  assert.equal(of(second, 'claude').generation + of(second, 'claude').grown, 1);
  assert.deepEqual((await logs.verify()).problems, []);
  assert.equal((await logs.rows('claude')).at(-1)?.line, text.slice(0, 10));
});

test('a broken archive: what can be decompressed is kept, with a word', async () => {
  const path = `codex/sessions/rollout-2026-03-01T10-00-00-${uuid('d')}.jsonl.zst`;
  const content = Buffer.from(line('whole') + line('cut'));
  const first = content.subarray(0, 100);
  // A frame of raw blocks whose second block is shorter than its header says.
  const block = (bytes: Buffer, size: number, last: number) =>
    Buffer.concat([Buffer.from([((size << 3) | last) & 255, (size << 3) >> 8, 0]), bytes]);
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, content.length, 0, 0, 0]);
  await logs.write(
    path,
    Buffer.concat([header, block(first, 100, 0), block(content.subarray(100, 110), content.length - 100, 1)]),
  );
  const report = await logs.ingest();
  assert.match(
    report.warnings.join('\n'),
    /^codex\/rollout-.*: cannot be read further \(it is no whole zstd archive\); the next run tries again$/,
  );
  assert.deepEqual(
    (await logs.rows('codex')).map((row) => row.line),
    [line('whole').trimEnd()],
  );
  await logs.write(
    path,
    Buffer.concat([header, block(first, 100, 0), block(content.subarray(100), content.length - 100, 1)]),
  );
  assert.equal((await logs.ingest()).lines, 1);
  assert.deepEqual((await logs.verify()).problems, []);
  const raw = await readdir(join(logs.lake.config.data, 'lake/raw/codex'));
  assert.deepEqual(raw, ['day=2026-03-01']);
});
