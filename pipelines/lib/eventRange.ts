import type { DuckDBConnection } from '@duckdb/node-api';
import { UserError } from '../errors.js';
import type { Filters } from './filters.js';
import type { Table } from './manifest.js';
import { quote, tableRelation } from './warehouse.js';

/** The training events that written rows come from: how many, and the first and last of those the lake knows. */
export type EventRange = {
  readonly count: number;
  readonly first: string | null;
  readonly last: string | null;
};

/** Makes `chosen_events`, the ids that `--tag` and `--event-type` choose; nothing where neither is given. */
export async function chooseEvents(
  connection: DuckDBConnection,
  { lake, events, filters }: { lake: string; events: Table | undefined; filters: Filters },
): Promise<void> {
  const { tag, 'event-type': type } = filters;
  if (tag === undefined && type === undefined) return;
  if (events === undefined) {
    const name = tag === undefined ? '--event-type' : '--tag';
    throw new UserError(`${name}: events.training_events is not built; run \`tracemill build\``);
  }
  const claims = [
    ...(tag === undefined ? [] : [`list_contains(tags, ${quote(tag)})`]),
    ...(type === undefined ? [] : [`event_type = ${quote(type)}`]),
  ];
  await connection.run(
    `create table chosen_events as select id from (${tableRelation(lake, events)}) where ${claims.join(' and ')}`,
  );
}

/** Makes the table `used_events`, which noteEvents fills. */
export async function prepareEvents(connection: DuckDBConnection): Promise<void> {
  await connection.run('create table used_events (id varchar)');
}

/** Notes the source events of the rows of the table `rows`. */
export async function noteEvents(connection: DuckDBConnection): Promise<void> {
  await connection.run('insert into used_events select unnest(source_events) from rows');
}

/** The range of the noted events. */
export async function eventRange(
  connection: DuckDBConnection,
  lake: string,
  events: Table | undefined,
): Promise<EventRange> {
  const known =
    events === undefined
      ? 'select null::varchar as id, null::timestamp as occurred_at where false'
      : `select id, occurred_at from (${tableRelation(lake, events)})`;
  const reader = await connection.runAndReadAll(`
    with used as (select id from used_events where id is not null group by id)
    select count(*), strftime(min(occurred_at), '%Y-%m-%dT%H:%M:%S.%gZ'), strftime(max(occurred_at), '%Y-%m-%dT%H:%M:%S.%gZ')
    from used left join (${known}) as known using (id)`);
  const [count, first, last] = reader.getRowsJS()[0] ?? [];
  const time = (value: unknown) => (typeof value === 'string' ? value : null);
  return { count: Number(count), first: time(first), last: time(last) };
}
