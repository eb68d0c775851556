import { spawn } from 'node:child_process';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { exitCodes, UserError } from '../errors.js';
import { type Draft, draftRows } from './draftRows.js';
import { firstPlaces } from './redaction/gate.js';
import { isJson, jsonStrings } from './redaction/jsonStrings.js';

/** What a program found: its name of the rule, and the line of a file below the scanned folder. */
type Report = { readonly rule: string; readonly file: string; readonly line: number };

type Scanner = {
  /** How to get it. */
  readonly source: string;
  readonly words: readonly string[];
  /** Exit code of a run that found something; 0 is one that found nothing, any other one failed. */
  readonly found: number;
  readonly read: (output: { stdout: string; report: string }) => readonly Report[];
};

/** The program runs in a folder of its own and is told names in it: where that lies must not make it pass over files. */
const [texts, report] = ['texts', 'report.json'];

// https://github.com/gitleaks/gitleaks: `dir` from 8.19 on; an error exits with 1, so finds have a code of their own here.
const gitleaks: Scanner = {
  source: 'https://github.com/gitleaks/gitleaks (8.19 or newer)',
  words: [
    'dir',
    texts,
    '--no-banner',
    '--redact=100',
    // No comment in a text and no file beside it may let a finding pass.
    '--ignore-gitleaks-allow',
    '--gitleaks-ignore-path=none',
    '--report-format=json',
    `--report-path=${report}`,
    '--exit-code=42',
  ],
  found: 42,
  read: ({ report }) =>
    (JSON.parse(report) as { RuleID: string; File: string; StartLine: number }[]).map((finding) => ({
      rule: finding.RuleID,
      file: finding.File,
      line: finding.StartLine,
    })),
};

// https://github.com/trufflesecurity/trufflehog: with verification it would send what it finds to the services.
const trufflehog: Scanner = {
  source: 'https://github.com/trufflesecurity/trufflehog (3)',
  words: ['filesystem', texts, '--json', '--no-verification', '--no-update', '--fail'],
  found: 183,
  read: ({ stdout }) =>
    stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as TruffleHogLine)
      .flatMap(({ DetectorName: rule, SourceMetadata: source }) => {
        const place = source?.Data.Filesystem;
        return rule === undefined || place === undefined
          ? []
          : [{ rule, file: place.file, line: place.line ?? 0 }];
      }),
};
type TruffleHogLine = {
  DetectorName?: string;
  SourceMetadata?: { Data: { Filesystem?: { file: string; line?: number } } };
};

const scanners: Readonly<Record<string, Scanner>> = { gitleaks, trufflehog };
/** The programs that can be asked for. */
export const scannerNames: readonly string[] = Object.keys(scanners);

/**
 * Has another program look at an export before it is published: at the decoded text of each row, in a folder of its own
 * that goes afterwards, since no such program reads Parquet. Throws (exit 65) where it finds something.
 */
export async function scanWith(name: string, draft: Draft): Promise<{ program: string; rows: number }> {
  const scanner = scanners[name];
  if (scanner === undefined) throw new Error(`no scanner ${name}`);
  // Beside the draft, so that the next export sweeps it away where this one is killed.
  const folder = `${draft.folder}.scan`;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o700 });
  try {
    const rows = await writeTexts(draft, join(folder, texts));
    const { code, stdout } = await runProgram(name, scanner, folder);
    const reported = code === 0 || code === scanner.found;
    const found = reported
      ? readReport(name, scanner, {
          stdout,
          report: await readFile(join(folder, report), 'utf8').catch(() => '[]'),
        })
      : [];
    if (!reported || (code === scanner.found && found.length === 0)) {
      throw new UserError(
        `${name}: failed with exit code ${code}, nothing was exported; run it by hand to see why`,
      );
    }
    if (found.length > 0) throw refusal(name, found, rows);
    return { program: name, rows: [...rows.values()].reduce((sum, ends) => sum + ends.length, 0) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

type RowEnd = { readonly name: string; readonly lastLine: number };
type Rows = ReadonlyMap<string, readonly RowEnd[]>;

/** Writes the strings of every row, one after the other, and tells of each file with which line each of its rows ends. */
async function writeTexts(draft: Draft, folder: string): Promise<Rows> {
  const rows = new Map<string, RowEnd[]>();
  for (const { path } of draft.files) {
    const file = `${path}.txt`;
    const ends: RowEnd[] = [];
    await mkdir(dirname(join(folder, file)), { recursive: true, mode: 0o700 });
    const handle = await open(join(folder, file), 'w', 0o600);
    let line = 1;
    try {
      for await (const { name, json } of draftRows(draft, path)) {
        // An empty line on either side: some programs count lines from 0.
        const text = `\n${plainText(json)}\n\n`;
        await handle.write(text);
        line += text.split('\n').length - 1;
        ends.push({ name, lastLine: line - 1 });
      }
    } finally {
      await handle.close();
    }
    rows.set(file, ends);
  }
  return rows;
}

/** What the strings of JSON say, as `key: value` where there is a key, JSON within strings taken apart too. */
function plainText(json: string): string {
  const lines: string[] = [];
  const walk = (text: string) => {
    for (const { value, isKey, name } of jsonStrings(text)) {
      if (isKey) continue;
      lines.push(name === undefined ? value : `${name}: ${value}`);
      if (isJson(value)) walk(value);
    }
  };
  walk(json);
  // A line with this word would not be looked at.
  return lines.join('\n').replaceAll('trufflehog:ignore', 'trufflehog ignore');
}

function runProgram(name: string, { source, words }: Scanner, cwd: string) {
  return new Promise<{ code: number | null; stdout: string }>((resolve, reject) => {
    // Its words on stderr can hold what it found: they go nowhere.
    const child = spawn(name, words, { cwd, stdio: ['ignore', 'pipe', 'ignore'] });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.on('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new UserError(
          cause.code === 'ENOENT'
            ? `--scan-with ${name}: is not installed; put ${name} on PATH, from ${source}`
            : `--scan-with ${name}: cannot be started (${cause.code}); try to run it by hand`,
          { cause },
        ),
      ),
    );
    child.on('close', (code) => resolve({ code, stdout }));
  });
}

function readReport(name: string, scanner: Scanner, output: { stdout: string; report: string }) {
  try {
    return scanner.read(output);
  } catch {
    // Not the cause: its words would quote the report.
    throw new UserError(
      `${name}: its report cannot be read, nothing was exported; use a newer version of it`,
    );
  }
}

function refusal(name: string, found: readonly Report[], rows: Rows): UserError {
  const places = new Set(
    found.map(({ rule, file, line }) => {
      const path = [...rows.keys()].find((known) => file.replaceAll('\\', '/').endsWith(`/${known}`));
      const row = rows.get(path ?? '')?.find(({ lastLine }) => line <= lastLine);
      return `${path?.replace(/\.txt$/, '') ?? basename(file)}, row ${row?.name ?? '?'}: ${rule}`;
    }),
  );
  return new UserError(
    `${firstPlaces(places)}: what may be a secret was found by ${name}, nothing was exported; ` +
      'name a pattern for it in the file of TRACEMILL_REDACT_FILE, or allow it in the configuration of the program, and run this again',
    { exitCode: exitCodes.dataFailed },
  );
}
