import type { DuckDBConnection } from '@duckdb/node-api';

/** Rows at the head of a file that are to be small, and what small is: the Hub's viewer reads a file's first rows. */
const headRows = 100;
const smallBytes = 16_384;
/**
 * Limits of a file and of a row group, uncompressed and well below the contract's: a file's rows are held in memory, and
 * an encoding works on a row group at once.
 */
export const shardBytes = 200_000_000;
const groupBytes = 12_000_000;
const groupRows = 2048;

/**
 * Makes `placed_rows` of `kept_rows`: the file, the row group and the place of each row. Rows stand in the order of split
 * hash and id, which says nothing of time; only rows above 16 kB give way to smaller ones among the first 100 of a file.
 */
export async function placeRows(connection: DuckDBConnection): Promise<void> {
  await connection.run(`
    create or replace table placed_rows as
    with measured as (
      select *, coalesce(sum(bytes) over (
        partition by dataset, split order by split_hash, id rows between unbounded preceding and 1 preceding), 0) as bytes_before
      from kept_rows
    ),
    sharded as (
      select *, dense_rank() over (partition by dataset, split order by bytes_before // ${shardBytes}) - 1 as shard
      from measured
    ),
    headed as (
      select *, row_number() over (
        partition by dataset, split, shard order by greatest(bytes - ${smallBytes}, 0), split_hash, id) <= ${headRows} as is_head
      from sharded
    ),
    ordered as (
      select *,
        coalesce(sum(bytes) over before, 0) as file_bytes_before,
        count(*) over before as file_rows_before,
        row_number() over (partition by dataset, split order by shard, not is_head, split_hash, id) as place,
      from headed
      window before as (
        partition by dataset, split, shard order by not is_head, split_hash, id
        rows between unbounded preceding and 1 preceding)
    )
    select
      dataset, day, id, split, bytes, tokens, shard, place,
      dense_rank() over (
        partition by dataset, split
        order by shard, file_bytes_before // ${groupBytes}, file_rows_before // ${groupRows}) as row_group,
    from ordered`);
}
