import { exitCodes, UserError } from '../errors.js';
import { quote } from './warehouse.js';

/** Which rows an export takes; a filter that is not given takes all. Stands in the manifest as it was given. */
export type Filters = {
  readonly since?: string;
  readonly until?: string;
  readonly agent?: string;
  readonly project?: string;
  readonly model?: string;
};

/** Command-line options of the filters. */
export const filterOptions = {
  since: { type: 'string', describe: 'Rows created at or after this time (2026-05-01, 2026-05-01T12:00Z)' },
  until: { type: 'string', describe: 'Rows created before this time' },
  agent: { type: 'string', choices: ['claude', 'codex'], describe: 'Rows of one agent' },
  project: { type: 'string', describe: 'Rows of a project folder (or its last name) and what lies below' },
  model: { type: 'string', describe: 'Rows answered by this model' },
} as const;

/** The filters that were given, a bad time refused. */
export function readFilters(args: Readonly<Record<string, unknown>>): Filters {
  const given = Object.keys(filterOptions).filter(
    (name) => typeof args[name] === 'string' && args[name] !== '',
  );
  for (const name of given) {
    if (name === 'since' || name === 'until') utc(name, String(args[name]));
  }
  return Object.fromEntries(given.map((name) => [name, String(args[name])]));
}

/** The filters as SQL over the columns that every dataset ends with. */
export function filterSql({ since, until, agent, project, model }: Filters): string {
  const claims = ['true'];
  if (since !== undefined) claims.push(`created_at >= ${quote(utc('since', since))}::timestamp`);
  if (until !== undefined) claims.push(`created_at < ${quote(utc('until', until))}::timestamp`);
  if (agent !== undefined) claims.push(`harness = harness_name(${quote(agent)})`);
  if (model !== undefined) claims.push(`teacher_model = ${quote(model)}`);
  if (project !== undefined) {
    const folder = project.replace(/(?<=.)\/+$/, '');
    const name = quote(`/${folder}`);
    claims.push(
      `(project = ${quote(folder)} or starts_with(project, ${quote(`${folder}/`)})
        or ends_with(project, ${name}) or contains(project, ${quote(`/${folder}/`)}))`,
    );
  }
  return claims.join(' and ');
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
