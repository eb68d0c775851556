import type { Source } from '../lib/source.js';

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const mainFile = new RegExp(`(?:^|/)(${uuid})\\.jsonl$`, 'i');
const sessionFolder = new RegExp(`(?:^|/)(${uuid})/(?:subagents|tool-results)/`, 'i');

/** Transcripts of Claude Code, main and subagents (session-formats 1.1). */
export const claude: Source = {
  name: 'claude',
  roots: (config) => config.claudeRoots,
  globs: () => ['**/*.jsonl'],
  isJsonLines: true,
  sessions: {
    ofPath: (path) => (isSubagent(path) ? null : (mainFile.exec(path)?.[1] ?? null)),
    ofRecord: ({ sessionId }) => (typeof sessionId === 'string' && sessionId !== '' ? sessionId : null),
    ofName: parentOf,
    parentOfPath: parentOf,
    isSubordinate: isSubagent,
  },
};

/** What Claude Code keeps beside transcripts: subagent descriptions and long tool outputs (decision 7). */
export const claudeFiles: Source = {
  name: 'claude_files',
  roots: (config) => config.claudeRoots,
  globs: () => ['**/*.meta.json', '**/tool-results/*.txt'],
  isJsonLines: false,
  sessions: {
    ofPath: parentOf,
    ofRecord: () => null,
    ofName: () => null,
    parentOfPath: parentOf,
    isSubordinate: () => true,
  },
};

// 2.0.x wrote agent-*.jsonl beside the session file, 2.1.2x into a folder of the session.
function isSubagent(path: string): boolean {
  return /(?:^|\/)agent-[^/]*\.jsonl$/.test(path) || sessionFolder.test(path);
}

function parentOf(path: string): string | null {
  return sessionFolder.exec(path)?.[1] ?? null;
}
