import { quote } from './warehouse.js';

/** The path of a file to be read, as a SQL literal: DuckDB takes it for a pattern, in which a character in brackets stands for itself. */
export function quotePath(path: string): string {
  return quote(path.replace(/[*?[]/g, '[$&]'));
}
