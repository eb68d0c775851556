import { readdir } from 'node:fs/promises';
import { atPoint } from './lake.js';
import type { PairDocument } from './pairDocument.js';
import { type Collection, type Fields, openCollection } from './zvec.js';

/** Gathers changes of a collection and makes them in batches; `end` closes it. */
export type PairChanges = {
  /** The documents as they are: id and the hash of the line they were made of. */
  readonly documents: () => Map<string, string>;
  readonly put: (document: PairDocument) => Promise<void>;
  readonly end: () => Promise<{
    added: number;
    changed: number;
    deleted: number;
    cut: number;
    documents: number;
  }>;
};

/** zvec takes 1024 documents at once. */
const mostDocuments = 500;
const mostChars = 4e6;
/** Characters after which the collection is closed and opened again: until then its words are held in memory. */
const charsInMemory = 2e7;
/** Files and folders of a collection from which on they are put together: those of some twenty small runs. */
const mostFiles = 120;

export function openChanges(opened: Collection, path: string): PairChanges {
  let collection = opened;
  const counts = { added: 0, changed: 0, deleted: 0, cut: 0 };
  let pending = new Map<string, Fields | null>();
  let chars = 0;
  let charsSinceOpen = 0;
  const flush = async () => {
    const batch = pending;
    pending = new Map();
    apply(collection, batch, counts);
    atPoint('index-put');
    charsSinceOpen += chars;
    chars = 0;
    if (charsSinceOpen < charsInMemory) return;
    collection.closeSync();
    atPoint('index-closed');
    charsSinceOpen = 0;
    collection = await openCollection(path, false);
  };
  return {
    documents: () => documentLines(collection),
    put: async ({ id, fields }) => {
      pending.set(id, fields);
      chars += String(fields?.text ?? '').length;
      if (pending.size >= mostDocuments || chars >= mostChars) await flush();
    },
    end: async () => {
      if (pending.size > 0) await flush();
      // Every run that changes something leaves a few files more.
      if ((await readdir(path, { recursive: true })).length > mostFiles) collection.optimizeSync();
      const documents = collection.stats.docCount;
      collection.closeSync();
      atPoint('index-closed');
      return { ...counts, documents };
    },
  };
}

/** The documents of a collection: id and the hash of the line each was made of. */
export function documentLines(collection: Collection): Map<string, string> {
  const lines = new Map<string, string>();
  for (const { id, fields } of collection.iterDocsSync({ outputFields: ['line'] }))
    lines.set(id, String(fields.line));
  return lines;
}

type Counts = { added: number; changed: number; deleted: number; cut: number };

/** Makes the changes that are none yet; a line that came before, as after a kill, changes nothing. */
function apply(collection: Collection, batch: ReadonlyMap<string, Fields | null>, counts: Counts): void {
  const found = collection.fetchSync({ ids: [...batch.keys()], outputFields: ['line'] });
  const put: { id: string; fields: Fields }[] = [];
  const gone: string[] = [];
  for (const [id, fields] of batch) {
    const before = found[id];
    if (fields === null) {
      if (before !== undefined) gone.push(id);
    } else if (before?.fields.line !== fields.line) {
      put.push({ id, fields });
      counts[before === undefined ? 'added' : 'changed'] += 1;
      if (String(fields.metadata).includes('"truncated":true')) counts.cut += 1;
    }
  }
  counts.deleted += gone.length;
  const statuses = [
    ...(put.length > 0 ? collection.upsertSync(put) : []),
    ...(gone.length > 0 ? collection.deleteSync(gone) : []),
  ];
  const failed = statuses.find(({ ok }) => !ok);
  if (failed !== undefined) throw new Error(`zvec: ${failed.code} ${failed.message}`);
}
