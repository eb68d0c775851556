/** The number after `--name` on the command line. */
export function argument(name: string, otherwise: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
}

/** The middle one, of an even number the upper; 0 of none. */
export function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
}

/** `400MB` or `5GB`, powers of 1000, in bytes. */
export function bytesOf(words: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?(MB|GB)$/i.exec(words) ?? [];
  if (number === undefined) throw new Error(`${words}: is no size; write it as 400MB or 5GB`);
  return Number(number) * (unit?.toUpperCase() === 'GB' ? 1e9 : 1e6);
}
