import type { Source } from '../lib/source.js';

const lastUuid = /([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})[^/]*$/i;

/** Rollouts of Codex, archived and compressed ones too (session-formats 2.1). */
export const codex: Source = {
  name: 'codex',
  roots: (config) => config.codexRoots,
  globs: () => ['**/rollout-*.jsonl', '**/rollout-*.jsonl.zst'],
  isJsonLines: true,
  sessions: {
    ofPath: () => null,
    // The first session_meta counts, later ones belong to replayed parents. The bare era has its id on line 1.
    ofRecord: ({ type, payload, id }, index) => {
      if (type === 'session_meta' && typeof payload === 'object' && payload !== null) {
        return text((payload as Record<string, unknown>).id);
      }
      return index === 0 && type === undefined ? text(id) : null;
    },
    ofName: (path) => lastUuid.exec(path)?.[1] ?? null,
    parentOfPath: () => null,
    isSubordinate: () => false,
  },
};

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
