import { basename, dirname } from 'node:path';
import fastGlob from 'fast-glob';
import { dayOfMilliseconds, parseObject, type Source, unknownDay } from '../lib/source.js';

/** The memory log of seq: one file, each row with its own day in ts_ms. */
export const seq: Source = {
  name: 'seq',
  roots: (config) => [{ path: dirname(config.seqMem), prefix: '' }],
  globs: (config) => [fastGlob.escapePath(basename(config.seqMem))],
  isJsonLines: true,
  dayOfLine: (line) => dayOfMilliseconds(parseObject(line)?.ts_ms) ?? unknownDay,
};
