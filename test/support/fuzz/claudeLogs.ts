import type { ClaudeSession, Line, LogFile } from './claudeSpecs.js';
import { claudeWriter } from './claudeWriter.js';
import { uuidOf } from './logWords.js';

/** The files of a session as Claude Code of its version writes them; `number` names it. */
export function claudeFiles(session: ClaudeSession, number: number): LogFile[] {
  const { era, project } = session;
  const sessionId = uuidOf(number, 0);
  const files: LogFile[] = [];
  let count = 0;
  let clock = Date.parse(`${session.day}T00:00:00Z`) + session.seconds * 1000;
  const uuid = () => uuidOf(number, ++count);
  const time = () => {
    clock += 1000 * (session.pauses[count % session.pauses.length] ?? 1);
    return new Date(clock).toISOString();
  };
  const writer = (common: Line) => claudeWriter({ session, number, uuid, time, subagent }, common);

  const envelope = {
    ...{ isSidechain: false, userType: 'external', cwd: '/home/mia/bees', sessionId, version: era.version },
    ...(era.version < '1.0.55' ? {} : { gitBranch: 'main' }),
    ...(session.entrypoint === undefined ? {} : { entrypoint: session.entrypoint }),
  };

  function subagent(task: string, agentId: string, parent: Line[], common: Line): void {
    const side = writer({ ...common, isSidechain: true, ...(era.version < '2.1' ? {} : { agentId }) });
    side.user(task);
    side.message(`msg_${agentId}`, [
      { type: 'tool_use', id: `toolu_${agentId}`, name: 'Read', input: { file_path: 'a' } },
    ]);
    side.user([{ type: 'tool_result', tool_use_id: `toolu_${agentId}`, content: 'a' }]);
    side.message(`msg_${agentId}b`, [{ type: 'text', text: 'found' }]);
    if (era.subagents === 'inline') {
      parent.push(...side.lines);
      return;
    }
    const folder = era.subagents === 'beside' ? project : `${project}/${sessionId}/subagents`;
    files.push({ path: `claude/projects/${folder}/agent-${agentId}.jsonl`, lines: side.lines });
    if (era.subagents === 'below')
      files.push({
        path: `claude/projects/${folder}/agent-${agentId}.meta.json`,
        lines: [{ agentType: 'Explore', description: task }],
      });
  }

  const main = writer(envelope);
  if (number % 3 === 0) main.note({ type: 'summary', summary: 'Hives and bees', leafUuid: uuid() });
  main.tell(session.turns);
  files.push({ path: `claude/projects/${project}/${sessionId}.jsonl`, lines: main.lines });
  const { resumed, errand } = session;
  if (resumed !== null && era.resumes === 'append') main.tell(resumed.turns);
  if (resumed !== null && era.resumes === 'copy') {
    const other = uuidOf(number, 0xffff);
    const copy = writer({ ...envelope, sessionId: other });
    const kept = main.lines.slice(0, 1 + (resumed.keep % main.lines.length));
    copy.lines.push(...kept.map((line) => ({ ...line, sessionId: other })));
    copy.setLast(String(kept.findLast(({ uuid }) => uuid !== undefined)?.uuid ?? null));
    copy.tell(resumed.turns);
    files.push({ path: `claude/projects/${project}/${other}.jsonl`, lines: copy.lines });
  }
  if (errand !== undefined && era.subagents === 'below') {
    const agentId = `${errand}-${uuid().slice(-6)}`;
    const copied =
      errand === 'aprompt_suggestion'
        ? []
        : main.lines.map((line) => ({ ...line, isSidechain: true, agentId }));
    const side = writer({ ...envelope, isSidechain: true, agentId });
    side.lines.push(...copied);
    side.user('[SUGGESTION MODE: Suggest what the user might type next]');
    side.message(`msg_${agentId}`, [{ type: 'text', text: 'run the tests' }]);
    files.push({
      path: `claude/projects/${project}/${sessionId}/subagents/agent-${agentId}.jsonl`,
      lines: side.lines,
    });
  }
  return files;
}
