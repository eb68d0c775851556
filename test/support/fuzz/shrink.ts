import type { Broken, Checks, Files } from './fuzzLake.js';
import { brokenClaims } from './fuzzLake.js';
import { bytesOf, type Case } from './worlds.js';

/** What is left of a world that breaks a claim: its files, and the cases they are of. */
export type Shrunk = { readonly files: Files; readonly numbers: readonly number[]; readonly broken: Broken };

/**
 * Takes away cases, changes and lines as long as the claim stays broken. fast-check would build a lake for each value it
 * tries; halves need few.
 */
export async function shrink(
  cases: readonly Case[],
  claim: string,
  checks: Checks,
  budget = 60,
): Promise<Shrunk | null> {
  let left = budget;
  const find = async (files: Files) => {
    left -= 1;
    return (await brokenClaims(files, checks)).find((one) => one.claim === claim);
  };
  const breaks = async (some: readonly Case[]) =>
    left > 0 && (await find(bytesOf(some, cases))) !== undefined;
  const some = await fewest(cases, breaks);
  let few = some;
  for (const one of some) {
    if (few.length > 6) break;
    const others = few.filter((other) => other.number !== one.number);
    const mutations = await fewest(
      one.mutations,
      (kept) => breaks([...others, { ...one, mutations: kept }]),
      0,
    );
    few = [...others, { ...one, mutations }];
  }
  let files = new Map(bytesOf(few, cases));
  for (const [path, bytes] of files) {
    const lines = linesOf(bytes);
    const kept = await fewest(
      lines,
      async (part) => left > 0 && (await find(new Map(files).set(path, Buffer.concat(part)))) !== undefined,
      0,
    );
    files = new Map(files).set(path, Buffer.concat(kept));
  }
  for (const [path, bytes] of files) if (bytes.length === 0) files.delete(path);
  const broken = await find(files);
  return broken === undefined ? null : { files, numbers: few.map(({ number }) => number), broken };
}

/** The fewest items (delta debugging, in order) for which a test holds; it holds for all of them. */
async function fewest<T>(
  items: readonly T[],
  holds: (some: readonly T[]) => Promise<boolean>,
  least = 1,
): Promise<readonly T[]> {
  if (least === 0 && items.length > 0 && (await holds([]))) return [];
  let kept = items;
  let parts = 2;
  while (kept.length > 1) {
    const size = Math.ceil(kept.length / parts);
    let isSmaller = false;
    for (let start = 0; start < kept.length; start += size) {
      const part = kept.slice(start, start + size);
      const rest = [...kept.slice(0, start), ...kept.slice(start + size)];
      if (parts === 2 && (await holds(part))) {
        kept = part;
        isSmaller = true;
        break;
      }
      if (rest.length > 0 && parts > 2 && (await holds(rest))) {
        kept = rest;
        parts -= 1;
        isSmaller = true;
        break;
      }
    }
    if (!isSmaller) {
      if (parts >= kept.length) break;
      parts = Math.min(kept.length, parts * 2);
    }
    parts = Math.max(2, parts);
  }
  return kept;
}

function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(10, start);
    const end = newline === -1 ? bytes.length : newline + 1;
    lines.push(bytes.subarray(start, end));
    start = end;
  }
  return lines;
}
