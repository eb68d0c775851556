import { setTimeout } from 'node:timers/promises';
import type { Collection } from '@zvec/zvec';
import { errorWords, exitCodes, UserError } from '../errors.js';

export type { Collection, Doc, Fields } from '@zvec/zvec';

type Zvec = typeof import('@zvec/zvec');

let loaded: Zvec | undefined;

/** zvec, an optional dependency; a UserError says why it is not there. */
export async function loadZvec(): Promise<Zvec> {
  if (loaded !== undefined) return loaded;
  try {
    loaded = await import('@zvec/zvec');
    // Its errors come back as exceptions; what it prints beside them is for its makers.
    loaded.ZVecInitialize({ logLevel: loaded.ZVecLogLevel.FATAL });
    return loaded;
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    throw new UserError(
      isMissing
        ? '@zvec/zvec: is not installed; run `npm install`, or go without: the handoff file needs no index'
        : `@zvec/zvec: has no binary that loads on ${process.platform}-${process.arch}; run \`npm install\` again, or search the handoff file by other means`,
      { cause },
    );
  }
}

/** Why zvec cannot be used here; undefined where it can. */
export async function zvecProblem(): Promise<string | undefined> {
  return loadZvec().then(() => undefined, errorWords);
}

/** A word in a filter. zvec's filters have no way to quote every text, so what holds more than letters and digits is refused. */
export function filterWord(text: string): string {
  if (/^\w+$/.test(text)) return `'${text}'`;
  throw new Error('a word of a zvec filter has other characters than letters and digits');
}

/** How long one waits for the other: a search is quick, an index of much may not be. */
const patience = 10_000;

/** Opens a collection; one that another process has open is waited for, then it is a UserError (exit 75). */
export async function openCollection(path: string, readOnly: boolean): Promise<Collection> {
  const { ZVecOpen } = await loadZvec();
  for (const began = Date.now(); ; await setTimeout(100)) {
    try {
      return ZVecOpen(path, { readOnly });
    } catch (cause) {
      if (!/Can't lock/.test(String(cause))) throw cause;
      if (Date.now() - began < patience) continue;
      throw new UserError(`${path}: another run of index or search has it open; wait for it, or end it`, {
        cause,
        exitCode: exitCodes.locked,
      });
    }
  }
}

/** An empty collection of pairs: words of the text are looked up by their stem, whatever case and accents they have. */
export async function createCollection(path: string): Promise<Collection> {
  const {
    ZVecCollectionSchema,
    ZVecCreateAndOpen,
    ZVecDataType: type,
    ZVecIndexType: index,
  } = await loadZvec();
  const filters = ['lowercase', 'ascii_folding', 'stemmer'];
  const looked = { nullable: true, indexParams: { indexType: index.INVERT } };
  return ZVecCreateAndOpen(
    path,
    new ZVecCollectionSchema({
      name: 'agent_qa',
      fields: [
        { name: 'text', dataType: type.STRING, indexParams: { indexType: index.FTS, filters } },
        { name: 'agent', dataType: type.STRING, ...looked },
        { name: 'projects', dataType: type.ARRAY_STRING, ...looked },
        { name: 'ts_ms', dataType: type.INT64, ...looked },
        { name: 'metadata', dataType: type.STRING },
        { name: 'line', dataType: type.STRING },
      ],
    }),
  );
}
