import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import { UserError } from '../errors.js';

const dollars = z.number().nonnegative();
const price = z.strictObject({
  model: z.string().min(1),
  from: z.iso.date(),
  input: dollars,
  cache_read: dollars,
  cache_write: dollars,
  output: dollars,
});

/** A row of table `prices`: US dollars for a million tokens of a model, from a day on. */
export type Price = { readonly model: string; readonly valid_from: string } & Readonly<
  Record<'input' | 'cache_read' | 'cache_write' | 'output', number>
>;

/** The prices of a JSON file, by model and day. */
export async function readPrices(file: string): Promise<Price[]> {
  const name = basename(file);
  const say = (words: string, cause?: unknown) =>
    new UserError(`${name}: ${words}; correct it, or unset TRACEMILL_PRICES`, { cause });
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw say(error instanceof SyntaxError ? 'is not JSON' : 'cannot be read', error);
  }
  const read = z.array(price).safeParse(value);
  if (!read.success) {
    const { path, message } = read.error.issues[0] ?? { path: [], message: '' };
    throw say(`${path.join('.') || 'the file'}: ${message}`);
  }
  const rows = read.data.map(({ from, ...rest }) => ({ ...rest, valid_from: from }));
  const key = (row: Price) => `${row.model} from ${row.valid_from}`;
  rows.sort((one, other) => (key(one) < key(other) ? -1 : 1));
  const twice = rows.find((row, index) => index > 0 && key(row) === key(rows[index - 1] ?? row));
  if (twice !== undefined) throw say(`${key(twice)} has two prices`);
  return rows;
}
