import { join } from 'node:path';
import { UserError } from '../errors.js';
import { readManifest } from './manifest.js';

/** The names of the tables that a lake has published, `core.turns` …; throws a UserError where there are none. */
export async function publishedTables(data: string): Promise<string[]> {
  const { tables } = await readManifest(join(data, 'lake'));
  const names = Object.keys(tables);
  if (names.length > 0) return names;
  throw new UserError(
    `${data}: has no built lake; run \`just ingest\` and \`just build\`, or name another folder in TRACEMILL_DATA (data/demo where \`npm start\` ran over the samples)`,
  );
}
