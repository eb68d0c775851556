import type { Column } from './manifest.js';

/** A column of the written rows and the SQL that makes it of the lake's columns; `text` where it means something else. */
export type EncodedColumn = { readonly name: string; readonly sql: string; readonly text?: string };

/** How a dataset's rows are written. */
export type Encoding = (
  | { readonly columns: readonly EncodedColumn[] }
  /** SQL of a row's whole JSON line; only where files are JSONL. */
  | { readonly line: string }
) & {
  /** SQL: why a row cannot be carried, or null. */
  readonly refusal?: string;
};

/** What loading snippets are about. */
export type Loading = {
  readonly dataset: string;
  /** The power of two that holds 95 % of the rows; without it trainers cut at 1,024 tokens or drop rows. */
  readonly maxLength: number;
  /** Files by split, relative to the export's folder. */
  readonly files: Readonly<Record<string, readonly string[]>>;
};

/** Lines of a program or a configuration that load a dataset into one trainer. */
export type Snippet = {
  readonly trainer: string;
  readonly language: 'python' | 'yaml' | 'toml' | 'bash';
  readonly lines: readonly string[];
  /** A sentence on what the trainer does with it. */
  readonly note?: string;
};

/** A shape an export can be written in; each stands in one file of formats/. */
export type Profile = {
  readonly name: string;
  readonly describe: string;
  /** Extension of the files that the card's `data_files` name. */
  readonly extension: 'parquet' | 'jsonl';
  /** How a dataset is written, or in words why it cannot be. */
  readonly encode: (dataset: string, columns: readonly Column[]) => Encoding | string;
  readonly snippets: (loading: Loading) => readonly Snippet[];
  /** Texts of files beside the data, by path: what a trainer wants to be told. */
  readonly extras?: (loadings: readonly Loading[]) => Readonly<Record<string, string>>;
};
