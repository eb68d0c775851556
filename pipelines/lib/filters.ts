import { exitCodes, UserError } from '../errors.js';
import { quote } from './warehouse.js';

/** Which rows an export takes; a filter that is not given takes all. Stands in the manifest as it was given. */
export type Filters = Readonly<Partial<Record<FilterName, string>>>;
export type FilterName = keyof typeof filterOptions;

/** Command-line options of the filters. */
export const filterOptions = {
  'min-score': { type: 'string', describe: 'Rows whose score is at least this; rows nobody scored fall out' },
  'max-score': { type: 'string', describe: 'Rows whose score is at most this; rows nobody scored fall out' },
  'min-score-delta': {
    type: 'string',
    describe: 'Pairs whose scores are at least this far apart, and pairs without scores',
  },
  'length-ratio': {
    type: 'string',
    describe: 'Pairs whose longer side has at most this many times the characters of the other (3 is usual)',
  },
  since: { type: 'string', describe: 'Rows created at or after this time (2026-05-01, 2026-05-01T12:00Z)' },
  until: { type: 'string', describe: 'Rows created before this time' },
  agent: { type: 'string', choices: ['claude', 'codex'], describe: 'Rows of one agent' },
  project: { type: 'string', describe: 'Rows of a project folder (or its last name) and what lies below' },
  model: { type: 'string', describe: 'Rows answered by this model' },
  tag: { type: 'string', describe: 'Rows that come from an event with this tag' },
  'event-type': { type: 'string', describe: 'Rows that come from an event of this type' },
} as const;

const times = ['since', 'until'];
const numbers = ['min-score', 'max-score', 'min-score-delta', 'length-ratio'];

/** The filters that were given, a bad time or number refused. */
export function readFilters(args: Readonly<Record<string, unknown>>): Filters {
  const given = (Object.keys(filterOptions) as FilterName[]).filter((name) => (args[name] ?? '') !== '');
  for (const name of given) {
    if (times.includes(name)) utc(name, String(args[name]));
    if (numbers.includes(name)) number(name, String(args[name]));
  }
  return Object.fromEntries(given.map((name) => [name, String(args[name])]));
}

/** The filters as SQL over the columns of a dataset, and those that do not apply to it for want of a column. */
export function filterSql(filters: Filters, columns: readonly string[]): { where: string; unused: string[] } {
  const claims = ['true'];
  const unused: string[] = [];
  for (const [name, value] of Object.entries(filters) as [FilterName, string][]) {
    const { needs, claim } = rules[name];
    if (needs.every((column) => columns.includes(column))) claims.push(`(${claim(value)})`);
    else unused.push(name);
  }
  return { where: claims.join(' and '), unused };
}

type Rule = { readonly needs: readonly string[]; readonly claim: (value: string) => string };

const rules: Readonly<Record<FilterName, Rule>> = {
  'min-score': { needs: ['score'], claim: (value) => `score >= ${number('min-score', value)}` },
  'max-score': { needs: ['score'], claim: (value) => `score <= ${number('max-score', value)}` },
  // A retry or a rolled-back answer has no scores; the limit is for pairs that have them (decision 27).
  'min-score-delta': {
    needs: ['score_delta'],
    claim: (value) => `score_delta is null or score_delta >= ${number('min-score-delta', value)}`,
  },
  'length-ratio': {
    needs: ['chosen', 'rejected'],
    claim: (value) =>
      `greatest(said_length(chosen[1]), said_length(rejected[1]))
        <= ${number('length-ratio', value)} * least(said_length(chosen[1]), said_length(rejected[1]))`,
  },
  since: {
    needs: ['created_at'],
    claim: (value) => `created_at >= ${quote(utc('since', value))}::timestamp`,
  },
  until: {
    needs: ['created_at'],
    claim: (value) => `created_at < ${quote(utc('until', value))}::timestamp`,
  },
  agent: { needs: ['harness'], claim: (value) => `harness = harness_name(${quote(value)})` },
  project: { needs: ['project'], claim: inProject },
  model: { needs: ['teacher_model'], claim: (value) => `teacher_model = ${quote(value)}` },
  tag: { needs: ['source_events'], claim: fromChosenEvents },
  'event-type': { needs: ['source_events'], claim: fromChosenEvents },
};

/** eventRange.ts fills `chosen_events`; one event must hold to both limits. */
function fromChosenEvents(): string {
  return 'exists (from unnest(source_events) as sources(id) where sources.id in (select id from chosen_events))';
}

function inProject(project: string): string {
  const folder = project.replace(/(?<=.)\/+$/, '');
  return `project = ${quote(folder)} or starts_with(project, ${quote(`${folder}/`)})
    or ends_with(project, ${quote(`/${folder}`)}) or contains(project, ${quote(`/${folder}/`)})`;
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new UserError(`--${name} ${text}: not a number; write 8 or 2.5`, { exitCode: exitCodes.usage });
}

/** An option's time as DuckDB reads it, UTC; a time without a zone is UTC too, not the machine's. */
export function utc(name: string, text: string): string {
  const zoned = /^\d{4}-\d{2}-\d{2}$|Z$|[+-]\d{2}:?\d{2}$/i.test(text) ? text : `${text}Z`;
  const time = Date.parse(zoned);
  if (Number.isNaN(time)) {
    throw new UserError(`--${name} ${text}: not a time; write 2026-05-01 or 2026-05-01T12:00Z`, {
      exitCode: exitCodes.usage,
    });
  }
  return new Date(time).toISOString().replace('Z', '');
}
