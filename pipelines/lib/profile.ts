import type { DuckDBConnection } from '@duckdb/node-api';
import type { Column } from './manifest.js';

/** Rows of one split of one dataset, in the table `rows`, for a profile to write. */
export type ProfileTask = {
  readonly connection: DuckDBConnection;
  /** Absolute path of the draft of the export. */
  readonly folder: string;
  readonly dataset: string;
  readonly split: string;
  readonly columns: readonly Column[];
  /** Row groups in order: the shard a group belongs to, its number, its rows and tokens. */
  readonly groups: readonly RowGroup[];
  readonly jsonl: boolean;
};
export type RowGroup = {
  readonly shard: number;
  readonly group: number;
  readonly rows: number;
  readonly tokens: number;
};

/** A file of an export, its path relative to the export's folder. */
export type WrittenFile = { readonly path: string; readonly rows: number; readonly tokens: number };

/** A shape an export can be written in; each stands in one file of formats/. */
export type Profile = {
  readonly name: string;
  readonly describe: string;
  /** Extension of the files that the card's `data_files` name. */
  readonly extension: string;
  readonly write: (task: ProfileTask) => Promise<WrittenFile[]>;
  /** Lines of Python that load a dataset; `folder` is a placeholder the reader fills in. */
  readonly loading: (dataset: string, maxLength: number) => readonly string[] | null;
};
