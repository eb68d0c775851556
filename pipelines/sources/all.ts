import type { Source } from '../lib/source.js';
import { claude, claudeFiles } from './claude.js';
import { codex } from './codex.js';
import { events } from './events.js';
import { seq } from './seq.js';

/** Every kind of log that ingest reads; to add one, write its file and name it here. */
export const allSources: readonly Source[] = [claude, claudeFiles, codex, seq, events];
