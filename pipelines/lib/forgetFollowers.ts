import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.js';
import { lakeFolder } from './lake.js';
import { indexFolder } from './pairIndex.js';

/** The verbs that write anew what was made of the lake, where it was made: nothing old stays in their files. */
export function followerVerbs(config: Config): string[][] {
  const isLoaded = config.clickhouse.url !== null || existsSync(join(lakeFolder(config), 'clickhouse'));
  return [
    ...(existsSync(config.handoff) ? [['handoff', '--rebuild']] : []),
    ...(existsSync(join(indexFolder(config), 'collection')) ? [['index', '--rebuild']] : []),
    ...(isLoaded ? [['load']] : []),
  ];
}
