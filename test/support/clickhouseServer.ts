import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createGunzip, gzipSync } from 'node:zlib';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { loadChdb } from '../../pipelines/lib/chdb.js';

/** What goes wrong, and with which statement; `after` lets that many such statements pass first. */
export type Fault = { on: string; what: 'hang up' | 'cut off' | 'silence' | 'disk full'; after?: number };

type Message = { fault?: Fault | null };

// A process of its own, started by startServer: ClickHouse's HTTP interface, as far as its client speaks it, before the
// real engine. Arguments: folder, user, password, and `cluster` where one node is to play all of them.
const [folder = '', user = '', password = '', mode = ''] = process.argv.slice(2);
const ownParameters =
  /^(query|query_id|database|session_id|default_format|enable_http_compression|param_.*)$/;

const { createChdbConnection } = await loadChdb();
const engine = createClient({
  connection: createChdbConnection({ path: folder }),
  log: { level: ClickHouseLogLevel.OFF },
});
let fault: Fault | null = null;
let turn: Promise<unknown> = Promise.resolve();
/** What arrived, for tests to look at. */
const seen = { statements: [] as string[], gzipRequests: 0, gzipResponses: 0, bodyBytes: 0 };

process.on('message', (message: Message) => {
  fault = message.fault ?? null;
  process.send?.(seen);
});
const server = createServer((request, response) => {
  // The engine has one session, so statements go one after the other.
  turn = turn.then(() => answer(request, response)).catch((error) => response.destroy(error));
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (url.pathname === '/ping') return void response.end('Ok.\n');
  const expected = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  if (request.headers.authorization !== expected) {
    request.resume();
    return refuse(
      response,
      403,
      516,
      'Authentication failed: wrong password or no such user',
      'AUTHENTICATION_FAILED',
    );
  }
  const isZipped = request.headers['content-encoding'] === 'gzip';
  if (isZipped) seen.gzipRequests += 1;
  const body = isZipped ? request.pipe(createGunzip()) : request;
  const query = url.searchParams.get('query') ?? (await text(body));
  const statement = query.trim();
  seen.statements.push(statement);
  const now = faultOf(statement);
  if (now === 'hang up') return void request.socket.destroy();
  if (now === 'silence') return void request.resume();
  if (now === 'disk full') {
    request.resume();
    return refuse(response, 500, 243, 'Cannot reserve 1.00 MiB, not enough space', 'NOT_ENOUGH_SPACE');
  }
  try {
    await useSettings(url.searchParams);
    const bytes = await run(statement, url.searchParams.has('query') ? body : null);
    if (now === 'cut off') {
      response.writeHead(200, { 'content-length': bytes.length + 100 });
      response.write(bytes.subarray(0, 10));
      return void setTimeout(() => request.socket.destroy(), 20);
    }
    send(request, response, url.searchParams, bytes);
  } catch (error) {
    request.resume();
    const { code, message, type } = error as { code?: string; message: string; type?: string };
    if (!/^\d+$/.test(code ?? '')) throw error;
    refuse(response, 500, Number(code), message, type ?? '');
  }
}

function faultOf(statement: string): Fault['what'] | null {
  if (fault === null || !new RegExp(fault.on).test(statement)) return null;
  const { what, after = 0 } = fault;
  fault = after > 0 ? { ...fault, after: after - 1 } : null;
  return after > 0 ? null : what;
}

/** What was said to the engine last, whose one session keeps it. */
const said = new Map<string, string>();

async function useSettings(params: URLSearchParams): Promise<void> {
  const database = params.get('database') ?? 'default';
  await say('use', database, `use ${database}`);
  for (const [name, value] of params) {
    if (name.startsWith('param_')) {
      await say(name, value, `set ${name} = '${value.replaceAll("'", "''")}'`);
    } else if (!ownParameters.test(name) && !/^(send_progress|http_)/.test(name)) {
      await say(name, value, `set ${name} = '${value}'`);
    }
  }
}

/** Says it to the engine unless it knows: a statement for each setting of each statement would be most of the work. */
async function say(name: string, value: string, query: string): Promise<void> {
  if (said.get(name) === value) return;
  said.delete(name);
  await engine.command({ query });
  said.set(name, value);
}

/** Runs a statement; the body of an insert goes to a file first, as the engine reads no stream here. */
async function run(statement: string, body: NodeJS.ReadableStream | null): Promise<Buffer> {
  const alone = mode === 'cluster' ? onOneNode(statement) : statement;
  const input = /^(insert into [\s\S]*) from input\(('[\s\S]*')\) format Parquet$/.exec(alone);
  if (body !== null && input !== null) {
    const file = join(tmpdir(), `tracemill-${randomUUID()}.parquet`);
    try {
      await pipeline(body, createWriteStream(file));
      for await (const chunk of createReadStream(file)) seen.bodyBytes += chunk.length;
      await engine.command({ query: `${input[1]} from file('${file}', 'Parquet', ${input[2]})` });
    } finally {
      await rm(file, { force: true });
    }
    return Buffer.alloc(0);
  }
  const query = body === null ? alone : `${alone}\n${await text(body)}`;
  const { stream } = await engine.exec({ query });
  return Buffer.concat(await stream.toArray());
}

/** One node plays them all: what makes a table replicated or distributed is taken out, the names stay. */
function onOneNode(statement: string): string {
  return statement
    .replace(/ on cluster '\w+'/, '')
    .replace(/\bReplicatedMergeTree\b/, 'MergeTree')
    .replace(/ as \w+\nengine = Distributed\('\w+', ('\w+'), ('\w+'), .*\)$/, '\nengine = Alias($1, $2)');
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  params: URLSearchParams,
  bytes: Buffer,
): void {
  const wantsZip = /gzip/.test(String(request.headers['accept-encoding'] ?? ''));
  if (params.get('enable_http_compression') === '1' && wantsZip) {
    seen.gzipResponses += 1;
    response.setHeader('content-encoding', 'gzip');
    response.end(gzipSync(bytes));
  } else response.end(bytes);
}

function refuse(response: ServerResponse, status: number, code: number, words: string, type: string): void {
  response.writeHead(status, { 'x-clickhouse-exception-code': String(code) });
  response.end(`Code: ${code}. DB::Exception: ${words}. (${type}) (version 26.7.2.1 (official build))\n`);
}
