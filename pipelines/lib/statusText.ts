import type { Drift, NewName } from './drift.js';
import type { Status } from './lakeStatus.js';
import type { PlanLine } from './plan.js';
import { amount, duration, minute } from './progress.js';
import { type Redaction, redactionInWords } from './redaction/found.js';
import { planWords } from './report.js';
import type { Line, Table, Words } from './terminal.js';
import type { Unattended } from './unattended.js';

const items = (count: number) => amount(count, 'items');
const size = (bytes: number) => amount(bytes, 'bytes');
/** Of what can be many, this many are told one by one. */
const most = 5;

/** A lake on one screen: what came in, what it holds, and what a person should know of it. */
export function describeStatus(status: Status, options: { tables: boolean }): Line[] {
  if (status.lagMs === null) return ['The lake is empty; run `tracemill ingest`, then `tracemill build`.'];
  const sources = status.sources.map(({ source, files, lines, bytes, lastCommitAt, lagMs }) => [
    source,
    items(files),
    items(lines),
    size(bytes),
    `${duration(lagMs)} ago`,
    minute(lastCommitAt),
  ]);
  const facts = [
    fact('out of date', outdated(status.outOfDate, options.tables)),
    fact('rejected', rejects(status.rejects)),
    fact('redaction', redaction(status.redaction)),
    fact('drift', drift(status.drift)),
    fact('disk', [disk(status)]),
    fact('next ingest', [nextIngest(status.unattended, Date.parse(status.at))]),
    fact('capture', [capture(status.unattended)]),
    ...(status.holding.length === 0 ? [] : [fact('exports', holding(status.holding))]),
  ];
  return [
    { header: ['source', 'files', 'lines', 'bytes', 'last read', ''], rows: sources },
    '',
    ...(options.tables ? tables(status) : layers(status)),
    '',
    { header: [], rows: facts.flat(), wraps: true },
  ];
}

function layers({ layers }: Status): Table[] {
  return [
    {
      header: ['layer', 'tables', 'rows', 'bytes'],
      rows: layers.map(({ layer, tables, rows, bytes }) => [layer, items(tables), items(rows), size(bytes)]),
    },
  ];
}

function tables({ tables }: Status): Table[] {
  return [
    {
      header: ['table', 'days', 'rows', 'bytes'],
      rows: tables.map(({ table, days, rows, bytes }) => [table, items(days), items(rows), size(bytes)]),
    },
  ];
}

/** Its name stands before the first of its lines only. */
function fact(name: string, lines: readonly (string | Words)[]): (string | Words)[][] {
  return lines.map((line, index) => [{ text: index === 0 ? name : '', tone: 'heading' }, line]);
}

const warning = (text: string): Words => ({ text: `! ${text}`, tone: 'warning' });

/** The models that changed themselves or whose logs grew; what only follows them is counted. */
function outdated(plan: readonly PlanLine[], all: boolean): string[] {
  if (plan.length === 0) return ['nothing: every model is up to date'];
  const told = (line: PlanLine) => `${line.model}: ${planWords(line).join(', ')}`;
  if (all) return plan.map(told);
  const changed = plan.map(({ model }) => `input ${model} changed`);
  const follows = ({ reasons }: PlanLine) =>
    Object.keys(reasons).some((reason) => changed.includes(reason)) &&
    Object.keys(reasons).every((reason) => reason === 'new' || changed.includes(reason));
  const first = plan.filter((line) => !follows(line));
  const rest = plan.length - first.slice(0, most).length;
  return [
    `${items(plan.length)} models; \`tracemill build\` makes them, \`build --dry-run\` lists them`,
    ...first.slice(0, most).map(told),
    ...(rest > 0 ? [`and ${items(rest)} more, most of which read these`] : []),
  ];
}

function rejects(rejected: Status['rejects']): string[] {
  if (rejected.length === 0) return ['nothing'];
  const sorted = rejected.toSorted((a, b) => b.lines - a.lines);
  const rest = sorted.slice(most).reduce((sum, { lines }) => sum + lines, 0);
  return [
    ...sorted
      .slice(0, most)
      .map(
        ({ source, reason, lines }) =>
          `${items(lines)} line${lines === 1 ? '' : 's'} of ${source}: ${reason}`,
      ),
    ...(rest > 0 ? [`${items(rest)} lines for other reasons`] : []),
  ];
}

/** What was found most, by rule: `email 502 places (78 values)`. */
function redaction(state: Redaction): string[] {
  const rules = (state.found ?? []).map(
    ({ rule, values, places }) => `${rule} ${items(places)} (${items(values)})`,
  );
  const told = rules.slice(0, most).join(', ');
  const more = rules.length > most ? ' …' : '';
  return [
    redactionInWords(state),
    ...(rules.length === 0 ? [] : [`places (different values) by rule: ${told}${more}`]),
  ];
}

function drift(found: Drift): (string | Words)[] {
  if (found === null) return ['not known yet; run `tracemill build`'];
  const { names, cliffs } = found;
  const lines = [
    ...names.filter(({ kind }) => kind === 'version').map(describeName),
    ...names.filter(({ kind }) => kind === 'record type').map(describeName),
    ...names.filter(({ kind }) => kind === 'field').map(describeName),
  ];
  const days = cliffs.map(
    ({ agent, day, turns, answered, rate, usualRate }) =>
      `${agent}: on ${day} ${percent(rate)} of ${items(turns)} questions were answered (${items(answered)}), usually ${percent(usualRate)}`,
  );
  const told = [...days.slice(0, most), ...lines.slice(0, most)];
  const rest = days.length + lines.length - told.length;
  if (told.length === 0) return ['nothing in the last 30 days that the models do not know'];
  return [...told.map(warning), ...(rest > 0 ? [`and ${items(rest)} more, see --json`] : [])];
}

function describeName({ source, kind, recordType, name, records, firstAt, knownTo }: NewName): string {
  const since = firstAt === null ? '' : ` since ${firstAt.slice(0, 10)}`;
  const many = `${items(records)} record${records === 1 ? '' : 's'}${since}`;
  if (kind === 'version')
    return `${source}: version ${name}, beyond ${knownTo} that the models know; ${many}`;
  const where = kind === 'field' ? ` of ${recordType}` : '';
  return `${source}: ${kind} ${name}${where} is new to the models; ${many}`;
}

function disk({ disk: { parts, bytes, freeBytes } }: Status): string {
  const named = parts.map(({ part, bytes: of }) => `${part} ${size(of)}`);
  const free = freeBytes === null ? '' : `; ${size(freeBytes)} free`;
  return `${size(bytes)}: ${named.join(', ')}${free}`;
}

function nextIngest({ schedule }: Unattended, now: number): string {
  if (schedule === null) return 'not scheduled: `tracemill schedule on "*/10 * * * *"`';
  const { times, nextAt } = schedule;
  if (nextAt === null) return `by cron, ${times}`;
  return `in ${duration(Date.parse(nextAt) - now)}, ${minute(nextAt)}; by cron, ${times}`;
}

function capture({ capture: state, lastPassAt }: Unattended): string | Words {
  const pass = lastPassAt === null ? '' : `; last pass ${minute(lastPassAt)}`;
  if (state === 'stopped')
    return warning(`not running, though it was not turned off${pass}; \`tracemill capture on\``);
  return `${state}${pass}`;
}

function holding(exports: Status['holding']): Words[] {
  return exports.map(({ version, rows }) =>
    warning(
      rows === null
        ? `${version} was made before exports kept a list of their rows, so it may hold forgotten ones; remove its folder`
        : `${version} still holds ${items(rows)} forgotten rows; remove its folder, and copies that you gave away`,
    ),
  );
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
