import { dayOfTimestamp, parseObject, type Source, unknownDay } from '../lib/source.js';

/** Events that programs recorded into the spool; each row has its own day in timestamp. */
export const events: Source = {
  name: 'events',
  roots: (config) => [{ path: config.spool, prefix: '' }],
  globs: () => ['*.jsonl'],
  isJsonLines: true,
  dayOfLine: (line) => dayOfTimestamp(parseObject(line)?.timestamp) ?? unknownDay,
};
