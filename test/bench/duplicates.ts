// Measures near duplicates at full size: what is found of edits hidden among other documents, and how many documents a second
// the models take, in whole runs of `build` that make nothing else.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../../pipelines/config.js';
import { openWarehouse } from '../../pipelines/lib/warehouse.js';
import { type Document, jaccardOf, makeDocuments, shinglesOf } from '../support/nearDuplicates.js';
import { argument, median } from './measuring.js';

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const cli = here('../../pipelines/cli.js');

const others = argument('others', 20_000);
const injected = argument('injected', 1000);
const days = argument('days', 60);
const turnsPerSession = argument('turns', 3);
const repeats = argument('repeats', 3);
const bars = { recall: 0.95, precision: 0.95, rate: 6000 };

const folder = await mkdtemp(join(tmpdir(), 'tracemill-bench-'));
try {
  const documents = makeDocuments({ others, injected });
  await writeLogs(documents);
  const prepared = join(folder, 'prepared');
  tracemill(prepared, 'ingest');
  tracemill(prepared, 'build', '--select', '+events.answers,+core.pair_hashes');
  const builds: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat += 1) builds.push(await timeBuild(prepared));
  const seconds = median(builds);
  tracemill(join(folder, 'data'), 'build', '--select', '+core.qa_pairs');
  const found = await judge(documents);
  const rate = documents.length / seconds;
  const result = {
    machine: `${cpus().length} cores, ${cpus()[0]?.model}, Node ${process.version}`,
    documents: documents.length,
    words: Math.round(documents.reduce((sum, document) => sum + wordCount(document), 0) / documents.length),
    days,
    turnsPerSession,
    seconds: builds,
    documentsPerSecond: Math.round(rate),
    ...found,
  };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  const met = rate >= bars.rate && found.recall >= bars.recall && found.precision >= bars.precision;
  process.exitCode = met ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Claude sessions of a few turns each, in a mixed order, spread over the days. */
async function writeLogs(documents: readonly Document[]): Promise<void> {
  const project = join(folder, 'claude', 'project');
  await mkdir(project, { recursive: true });
  const order = documents
    .map((_, index) => index)
    .sort((left, right) => (hashOf(left) < hashOf(right) ? -1 : 1));
  for (let first = 0; first < order.length; first += turnsPerSession) {
    const session = uuidOf(`session ${first}`);
    let clock = Date.UTC(2026, 0, 1 + ((first / turnsPerSession) % days), 8) + first;
    let parentUuid: string | null = null;
    const lines: string[] = [];
    const write = (index: number, type: string, message: object) => {
      clock += 1000;
      const uuid = uuidOf(`${index} ${type}`);
      const shared = {
        isSidechain: false,
        userType: 'external',
        cwd: '/home/sam/project',
        version: '2.1.47',
      };
      const timestamp = new Date(clock).toISOString();
      lines.push(
        JSON.stringify({ parentUuid, ...shared, sessionId: session, type, message, uuid, timestamp }),
      );
      parentUuid = uuid;
    };
    for (const index of order.slice(first, first + turnsPerSession)) {
      const { question, answer } = documents[index] as Document;
      write(index, 'user', { role: 'user', content: question });
      const content = [{ type: 'text', text: answer }];
      const reply = {
        id: `msg_${uuidOf(`message ${index}`)}`,
        role: 'assistant',
        model: 'claude-opus-4-6',
        content,
      };
      write(index, 'assistant', reply);
    }
    await writeFile(join(project, `${session}.jsonl`), `${lines.join('\n')}\n`);
  }
}

/** Seconds of a build of the models of near duplicates alone: the whole process, over a lake that has all they read. */
async function timeBuild(prepared: string): Promise<number> {
  const data = join(folder, 'data');
  await rm(data, { recursive: true, force: true });
  await cp(prepared, data, { recursive: true });
  const started = performance.now();
  tracemill(data, 'build', '--select', 'duplicates.signatures,duplicates.near_duplicates');
  return (performance.now() - started) / 1000;
}

function tracemill(data: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(process.execPath, [cli, ...args, '--json'], {
    encoding: 'utf8',
    env: {
      ...process.env,
      TRACEMILL_DATA: data,
      TRACEMILL_SETTLE: '0',
      SEQ_AGENT_QA_CLAUDE_DIR: join(folder, 'claude'),
      SEQ_AGENT_QA_CODEX_DIR: join(folder, 'codex'),
    },
  });
  if (status !== 0) throw new Error(`bench: ${args.join(' ')} ended with ${status}: ${stderr}`);
}

/** Recall: edits in one cluster with their original. Precision: pairs named whose similarity, measured here, is 0.8 or more. */
async function judge(documents: readonly Document[]) {
  const config = readConfig({ TRACEMILL_DATA: join(folder, 'data') });
  const warehouse = await openWarehouse({ config });
  const rows = await warehouse.connection
    .runAndReadAll(`
      select
        pairs.question || chr(0) || pairs.answer as text,
        pairs.near_duplicate_cluster as cluster,
        matched.question || chr(0) || matched.answer as match
      from core.qa_pairs as pairs
      left join duplicates.near_duplicates as near on near.document_id = pairs.qa_id
      left join core.qa_pairs as matched on matched.qa_id = near.duplicate_of`)
    .finally(() => warehouse.close());
  const byText = new Map(documents.map(({ question, answer }, index) => [`${question}\0${answer}`, index]));
  const clusters = new Map<number, string>();
  let named = 0;
  let right = 0;
  for (const { text, cluster, match } of rows.getRowObjectsJS()) {
    const index = byText.get(String(text));
    if (index === undefined) throw new Error('bench: a pair is no document; the models changed the text');
    if (cluster !== null) clusters.set(index, String(cluster));
    if (match === null) continue;
    named += 1;
    const pair = [index, byText.get(String(match)) ?? -1].map((of) => shinglesOf(documents[of] as Document));
    if (jaccardOf(pair[0] as Set<string>, pair[1] as Set<string>) >= 0.8) right += 1;
  }
  const bands = new Map<string, { injected: number; found: number }>();
  for (const [index, { original, jaccard = 0 }] of documents.entries()) {
    if (original === undefined) continue;
    const band = `${(Math.floor(jaccard * 20) / 20).toFixed(2)} and more`;
    const counts = bands.get(band) ?? { injected: 0, found: 0 };
    const cluster = clusters.get(index);
    const isFound = cluster !== undefined && cluster === clusters.get(original);
    bands.set(band, { injected: counts.injected + 1, found: counts.found + (isFound ? 1 : 0) });
  }
  const found = [...bands.values()].reduce((sum, counts) => sum + counts.found, 0);
  const bySimilarity = Object.fromEntries([...bands].sort());
  return {
    pairs: rows.currentRowCount,
    recall: found / injected,
    named,
    precision: right / named,
    bySimilarity,
  };
}

function wordCount({ question, answer }: Document): number {
  return `${question} ${answer}`.split(/\s+/).length;
}

function hashOf(value: number | string): string {
  return createHash('sha256').update(String(value)).digest('hex');
}

function uuidOf(name: string): string {
  return hashOf(name).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/, '$1-$2-$3-$4-$5');
}
