import { createHash } from 'node:crypto';
import type { SessionSpec, StepSpec, TurnSpec } from './core.js';

type Row = Record<string, unknown>;
type Tables = Record<'sessions' | 'session_roots' | 'turns' | 'steps' | 'tool_calls' | 'qa_pairs', Row[]>;

/** Rows of the core tables; a turn that is answered and a human's gives a pair. */
export function coreRows(sessions: readonly SessionSpec[]): Tables {
  const rows: Tables = {
    sessions: [],
    session_roots: [],
    turns: [],
    steps: [],
    tool_calls: [],
    qa_pairs: [],
  };
  for (const { id, turns, day = '2026-01-01', ...session } of sessions) {
    const shared = {
      agent: session.agent ?? 'claude',
      session_id: id,
      session_kind: session.kind ?? 'main',
      project_path: session.project_path ?? '~/work',
      source_path: `${id}.jsonl`,
      day,
    };
    rows.sessions.push({ kind: 'main', is_replay: false, root_session_id: id, ...shared, ...session });
    const described = turnsOf(turns, shared);
    rows.turns.push(...described.map(({ turn }) => turn));
    for (const { turn, steps, pair } of described) {
      rows.steps.push(...steps);
      rows.tool_calls.push(...callsOf(steps));
      if (turn.prompt_kind === 'human' && turn.end_reason === 'answered')
        rows.qa_pairs.push(pairOf(turn, pair));
    }
  }
  return rows;
}

function turnsOf(specs: readonly TurnSpec[], shared: Row & { day: string; session_id: string }) {
  let position = 0;
  const turns = specs.map(
    ({ question, steps: own, end = 'answered', pair, voided_by: by, ...more }, index) => {
      const first = position;
      const turnId = `${shared.session_id}-${index + 1}`;
      const promptKind = more.prompt_kind ?? 'human';
      const startedAt = `${shared.day} 10:${String(index).padStart(2, '0')}:00`;
      const placed = [{ kind: 'prompt', author: 'human', text: question, prompt_kind: promptKind }, ...own];
      const steps: Row[] = stepsOf(placed, first, Number(more.segment_no ?? 0)).map((step) => ({
        turn_id: turnId,
        step_id: `${shared.session_id}-${step.position}`,
        permission_mode: more.permission_mode ?? null,
        occurred_at: startedAt,
        ...shared,
        ...step,
      }));
      position += steps.length;
      const texts = (wanted: (step: Row) => unknown) =>
        steps.flatMap((step) => (wanted(step) ? [step.text] : [])).join('\n\n') || null;
      const count = (kind: string) => steps.filter((step) => step.kind === kind).length;
      const turn: Row = {
        turn_id: turnId,
        turn_no: index + 1,
        prompt_kind: promptKind,
        question,
        final_answer: texts(({ is_final: isFinal }) => isFinal),
        all_text: texts(({ kind }) => kind === 'text'),
        end_reason: end,
        is_human: promptKind === 'human',
        is_ended: true,
        is_abandoned: end === 'rolled_back' || by !== undefined,
        model: 'model-a',
        segment_no: 0,
        started_at: startedAt,
        ended_at: startedAt,
        duration_ms: 1000,
        tool_call_count: count('tool_call'),
        steer_count: count('steer'),
        rejection_count: count('rejection'),
        first_position: first,
        last_position: position - 1,
        byte_offset: first * 100,
        byte_length: 100,
        prompt_hash: sha256(question),
        ...shared,
        ...more,
      };
      return { turn, steps, pair: pair as Row | undefined, by: by as number | undefined };
    },
  );
  for (const [index, { turn, steps, by }] of turns.entries()) {
    if (turn.is_abandoned !== true) continue;
    // The turn that took its place: the next one, unless the test says otherwise.
    const successor = turns[by === undefined ? index + 1 : by - 1]?.turn.first_position;
    turn.voided_position = successor ?? position;
    for (const step of steps.slice(0, 1)) step.voided_position = turn.voided_position;
  }
  for (const { turn } of turns)
    turn.context_hash ??= sha256(
      contextOf(
        turn,
        turns.map((other) => other.turn),
      ),
    );
  return turns;
}

/** What stood before a turn in its segment, as core.turns has it. */
function contextOf(turn: Row, turns: readonly Row[]): string {
  const first = Number(turn.first_position);
  const earlier = turns.filter(
    (other) =>
      other.segment_no === turn.segment_no &&
      Number(other.first_position) < first &&
      Number(other.voided_position ?? Number.POSITIVE_INFINITY) > first,
  );
  return JSON.stringify(earlier.map(({ question, all_text: text }) => [question, text]));
}

function stepsOf(specs: readonly StepSpec[], first: number, segment: number) {
  const lastCall = specs.findLastIndex((step) => step.kind === 'tool_call');
  return specs.map((step, at) => ({
    position: first + at,
    byte_offset: (first + at) * 100,
    byte_length: 100,
    author: 'model',
    text: '',
    is_final: step.kind === 'text' && at > lastCall,
    is_error: false,
    segment_no: segment + specs.slice(0, at + 1).filter(({ kind }) => kind === 'compaction').length,
    ...step,
  }));
}

function callsOf(steps: readonly Row[]): Row[] {
  return steps
    .filter((step) => step.kind === 'tool_call')
    .map((step) => {
      const answer = steps.find(
        (other) => other.kind === 'tool_result' && other.tool_call_id === step.tool_call_id,
      );
      return {
        ...step,
        result_step_id: answer?.step_id ?? null,
        result: answer?.text ?? null,
        outcome: answer?.outcome ?? 'unanswered',
        duration_ms: answer === undefined ? null : 50,
      };
    });
}

function pairOf(turn: Row, more: Row | undefined): Row {
  return {
    ...turn,
    qa_id: `${turn.turn_id}-pair`,
    answer: turn.final_answer,
    asked_at: turn.started_at,
    answered_at: turn.ended_at,
    ts_ms: Date.parse(`${turn.started_at}Z`),
    source_offset: turn.byte_offset,
    ...more,
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
