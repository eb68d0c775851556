import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config.js';
import { UserError } from '../errors.js';
import { type PairMetadata, projectName } from './pairDocument.js';
import { indexFolder, readIndexState } from './pairIndex.js';
import { splitText } from './pairText.js';
import { filterWord, openCollection } from './zvec.js';

/** Which pairs to look among; times in milliseconds, `until` not among them. */
export type PairFilters = {
  readonly agent: string | undefined;
  readonly project: string | undefined;
  readonly since: number | undefined;
  readonly until: number | undefined;
};

/** A pair that says some of the words; a higher score is better. */
export type FoundPair = Omit<PairMetadata, 'question_chars'> & {
  readonly id: string;
  readonly score: number;
  readonly question: string;
  readonly answer: string;
};

export type SearchOptions = {
  readonly config: Config;
  readonly words: string;
  readonly limit: number;
  readonly filters: PairFilters;
};

/** More than asked for, so that of several with the score of the last one the same are always chosen. */
const extra = 100;

/** The best pairs, newest first among equals, and how many bytes of the handoff file are not in the index yet. */
export async function searchPairs({ config, words, limit, filters }: SearchOptions) {
  const folder = indexFolder(config);
  const path = join(folder, 'collection');
  if (!existsSync(path))
    throw new UserError(`${path}: there is no index yet; run \`tracemill handoff\` and \`tracemill index\``);
  const collection = await openCollection(path, true);
  try {
    const filter = filterText(filters);
    const documents = collection.querySync({
      fieldName: 'text',
      fts: { matchString: words },
      topk: limit + extra,
      outputFields: ['text', 'metadata'],
      ...(filter === '' ? {} : { filter }),
    });
    const pairs = documents
      .map(({ id, score, fields }) => pairOf(id, score, String(fields.text), String(fields.metadata)))
      .toSorted(
        (one, other) =>
          other.score - one.score || (other.ts_ms ?? 0) - (one.ts_ms ?? 0) || (one.id < other.id ? -1 : 1),
      );
    return { pairs: pairs.slice(0, limit), unread: await unreadBytes(config, folder) };
  } finally {
    collection.closeSync();
  }
}

function pairOf(id: string, score: number, text: string, json: string): FoundPair {
  const { question_chars: questionChars, ...metadata } = JSON.parse(json) as PairMetadata;
  return { id, score, ...splitText(text, questionChars), ...metadata };
}

// Numbers and hashes only, but for the agent, which is one of two words.
function filterText({ agent, project, since, until }: PairFilters): string {
  return [
    agent === undefined ? '' : `agent = ${filterWord(agent)}`,
    project === undefined ? '' : `projects contain_any (${filterWord(projectName(inLake(project)))})`,
    since === undefined ? '' : `ts_ms >= ${since}`,
    until === undefined ? '' : `ts_ms < ${until}`,
  ]
    .filter((claim) => claim !== '')
    .join(' and ');
}

/** A project as the lake names it: shells write out `~`, which there stands for the home. */
function inLake(project: string): string {
  const folder = project.replace(/(?<=.)\/+$/, '');
  const home = homedir();
  return folder === home || folder.startsWith(`${home}/`) ? `~${folder.slice(home.length)}` : folder;
}

async function unreadBytes(config: Config, folder: string): Promise<number> {
  const { size } = await stat(config.handoff).catch(() => ({ size: 0 }));
  const state = await readIndexState(folder);
  return Math.max(0, size - (state?.read_to ?? 0));
}
