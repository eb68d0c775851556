import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { wantsColor } from '../pipelines/config.js';
import { cut, type Line, layOut, layOutError } from '../pipelines/lib/terminal.js';
import { sampleLake } from './support/sampleLake.js';

const cli = fileURLToPath(new URL('../pipelines/cli.js', import.meta.url));
const at = (width: number) => ({ width, color: false });

test('columns are as wide as their widest cell, numbers stand right, wide characters count twice', () => {
  const rows = [
    ['notes', '1,204', '1.5 MB', 'x'],
    ['メモ', '-', '803 B', 'y'],
    ['👩‍👩‍👧 né', '12', '12.3 %', ''],
  ];
  assert.deepEqual(layOut([{ header: ['name', 'rows', 'size', ''], rows }]), [
    'name    rows    size',
    'notes  1,204  1.5 MB  x',
    'メモ       -   803 B  y',
    '👩‍👩‍👧 né     12  12.3 %',
  ]);
});

test('on a narrow terminal the widest text is cut first, numbers never, and bars before words', () => {
  const table = [
    {
      header: ['name', 'rows', 'path'],
      rows: [
        ['short', '1,234,567', '/a/very/long/path/to/a/log.jsonl'],
        ['日本語のとても長い名前です', '8', '/b'],
      ],
    },
  ];
  const lines = layOut(table, at(40));
  assert.deepEqual(lines, [
    'name                 rows  path',
    'short           1,234,567  /a/very/long…',
    '日本語のとて…           8  /b',
  ]);
  const bars = [{ header: ['what', 'share', ''], rows: [['a name of some length', '50 %', '▇▇▇▇▇▇▇▇▇▇']] }];
  assert.equal(layOut(bars, at(38))[1], 'a name of some length   50 %  ▇▇▇▇▇▇▇…');
  // What cannot fit stays whole enough to be read.
  assert.equal(layOut(table, at(5))[1], 'short     1,234,567  /a/very…');
});

test('words are broken between words, below their own start; commands, numbers and what is verbatim are not', () => {
  const text = '  next: in 6 min, or by `tracemill capture on` of 12.5 MB';
  assert.deepEqual(layOut([text], at(28)), [
    '  next: in 6 min, or by',
    '    `tracemill capture on`',
    '    of 12.5 MB',
  ]);
  assert.deepEqual(layOut([{ text, verbatim: true }, text]), [text, text]);
  assert.deepEqual(layOut(['   Q  時刻を24時間表示から12時間表示に'], at(24)), [
    '   Q  時刻を24時間表示か',
    '     ら12時間表示に',
  ]);
  assert.deepEqual(layOut([{ text, verbatim: true }], at(28)), [text]);
  const facts: Line = {
    header: [],
    rows: [
      ['disk', 'one two three four five six seven'],
      ['', 'eight'],
    ],
    wraps: true,
  };
  assert.deepEqual(layOut([facts], at(30)), [
    'disk  one two three four five',
    '      six seven',
    '      eight',
  ]);
});

test('colours change nothing but colours, and control characters of a text are written out', () => {
  const lines: Line[] = [
    '! export a: still holds 2 rows',
    { text: 'done', tone: 'quiet' },
    { header: ['name', 'rows'], rows: [[{ text: 'evil\u001b[31m\nname', tone: 'failure' }, '1']] },
  ];
  const color = layOut(lines, { width: 200, color: true });
  assert.deepEqual(color, [
    '\u001b[33m! export a: still holds 2 rows\u001b[39m',
    '\u001b[2mdone\u001b[22m',
    '\u001b[1mname\u001b[22m                 \u001b[1mrows\u001b[22m',
    '\u001b[31mevil\\u001b[31m name\u001b[39m     1',
  ]);
  assert.deepEqual(layOut(lines), color.map(stripVTControlCharacters));
  assert.deepEqual(layOutError('lake/x: is damaged; restore it', { width: null, color: true }), [
    '\u001b[31mlake/x:\u001b[39m is damaged; restore it',
  ]);
});

test('colour is for terminals, unless NO_COLOR or FORCE_COLOR say otherwise', () => {
  assert.deepEqual(
    [
      wantsColor(true, {}),
      wantsColor(false, {}),
      wantsColor(true, { NO_COLOR: '1' }),
      wantsColor(true, { NO_COLOR: '' }),
      wantsColor(true, { TERM: 'dumb' }),
      wantsColor(false, { FORCE_COLOR: '1' }),
      wantsColor(true, { FORCE_COLOR: '0' }),
      wantsColor(true, { NO_COLOR: '1', FORCE_COLOR: '1' }),
    ],
    [true, false, false, true, false, true, false, false],
  );
});

let data: string;
before(async () => {
  data = await sampleLake();
});

const hasScript =
  spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true;

/** What a person sees who types it at a terminal of so many columns. */
function typed(width: number, words: string, more: Record<string, string> = {}): string[] {
  const env = { PATH: process.env.PATH, TERM: 'xterm', TRACEMILL_DATA: data, ...more };
  const command = `stty cols ${width}; "${process.execPath}" "${cli}" ${words}`;
  const { stdout } = spawnSync('script', ['-qec', command, '/dev/null'], { env, encoding: 'utf8' });
  return stdout.replaceAll('\r', '').trimEnd().split('\n');
}

test('at a terminal no line is wider than it; a pipe gets whole lines without a colour', {
  skip: !hasScript,
}, () => {
  const seen = typed(60, 'status --tables');
  assert.ok(seen.some((line) => line.includes('\u001b[1mtable\u001b[22m')));
  assert.deepEqual(
    seen.map(stripVTControlCharacters).filter((line) => line.length > 60),
    [],
  );
  const quiet = typed(200, 'status', { NO_COLOR: '1' });
  const env = { PATH: process.env.PATH, TRACEMILL_DATA: data };
  const { stdout: piped } = spawnSync(process.execPath, [cli, 'status'], { env, encoding: 'utf8' });
  assert.ok(!piped.includes('\u001b'));
  // Times and free bytes aside, which go on.
  const same = (lines: string[]) =>
    lines.map((line) => line.replaceAll(/\d+ (s|min|h|d) ago|[\d.]+ \wB free/g, '…'));
  assert.deepEqual(same(quiet), same(piped.trimEnd().split('\n')));
  const [error = ''] = typed(60, 'status --prometheus ""');
  assert.ok(error.startsWith('\u001b[31m--prometheus:\u001b[39m names no file;'), error);
});

test('a text is cut by the columns that its characters take', () => {
  assert.equal(cut('a摂氏😀', 7), 'a摂氏😀');
  assert.equal(cut('a摂氏😀', 6), 'a摂氏…');
  assert.equal(cut('a摂氏😀', 5), 'a摂…');
});
