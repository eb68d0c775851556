import { createRecorder, type Recorded } from 'tracemill/recorder';

/** Records a small run from start to end: two attempts of one agent, their judging, and what was learnt. */
export function recordRun(folder: string): Recorded[] {
  const recorder = createRecorder({ folder, onError: (error) => console.error(error.message) });
  const session = { session_id: 'session-1' };
  const lineage = { ...session, lineage_id: 'lineage-A' };
  const agent = { ...lineage, agent_id: 'agent-1' };
  const config = {
    system_prompt: 'You write short release notes.',
    tools: [{ name: 'read_commits', parameters: { type: 'object', properties: {} } }],
    model: 'model-x',
  };
  const recorded = [
    recorder.sessionCreated({ need: 'Release notes for 2.0', constraints: ['one page'] }, session),
    recorder.lineageCreated({ label: 'A', strategy: 'terse' }, lineage),
    recorder.agentCreated({ version: 1, config, name: 'notes' }, agent),
    recorder.directiveAdded({ kind: 'sticky', text: 'No marketing words.' }, lineage),
    recorder.routerDecision({
      decision_id: 'decision-1',
      session_id: 'session-1',
      chosen_task: 'write_notes',
      confidence: 0.8,
      user_intent: 'write the notes',
      candidates: ['write_notes', 'summarize'],
    }),
  ];

  // An attempt: what it was given, each step, what it handed in. The same refs go with all of it.
  const first = { ...agent, attempt_id: 'attempt-1' };
  recorded.push(
    recorder.attemptStarted(
      {
        agent: { version: 1, ...config },
        input: {
          need: 'Release notes for 2.0',
          context_documents: [{ id: 'log', content: 'fix: a, feat: b' }],
        },
        cycle: 0,
      },
      first,
    ),
    recorder.attemptSpanRecorded({ span_id: 's1', kind: 'reasoning', output: 'The log comes first.' }, first),
    recorder.attemptSpanRecorded(
      { span_id: 's2', kind: 'tool_call', tool_name: 'read_commits', input: { since: '1.0' } },
      first,
    ),
    recorder.attemptSpanRecorded(
      {
        span_id: 's3',
        parent_span_id: 's2',
        kind: 'tool_result',
        output: ['fix: a', 'feat: b'],
        duration_ms: 12,
      },
      first,
    ),
    recorder.attemptSpanRecorded(
      { span_id: 's4', kind: 'llm_call', tokens: { input: 900, output: 60 }, cost_usd: 0.002 },
      first,
    ),
    recorder.attemptCompleted({ output: 'Added b. Fixed a.', spans: ['s1', 's2', 's3', 's4'] }, first),
    recorder.artifactCreated(
      { content: 'Added b. Fixed a.', kind: 'text' },
      { ...first, artifact_id: 'artifact-1' },
    ),
  );

  // One that fails, is asked again, and hands in something better.
  const second = { ...agent, attempt_id: 'attempt-2' };
  const input = { need: 'Release notes for 2.0' };
  recorded.push(
    recorder.attemptStarted({ agent: { version: 1 }, input, cycle: 1 }, second),
    recorder.attemptFailed({ error: 'context window exceeded', partial_output: 'Added' }, second),
    recorder.agentEvolved(
      {
        evolution_id: 'evolution-1',
        from_version: 1,
        to_version: 2,
        changes: ['shorter'],
        hypothesis: 'fits',
      },
      agent,
    ),
  );
  const third = { ...agent, attempt_id: 'attempt-3' };
  recorded.push(
    recorder.attemptStarted({ agent: { version: 2 }, input, cycle: 2 }, third),
    recorder.attemptCompleted({ output: 'New: b.' }, third),
    recorder.artifactCreated({ content: 'New: b.' }, { ...third, artifact_id: 'artifact-2' }),
  );

  // What people say about it is the label.
  recorded.push(
    recorder.artifactScored({ score: 4, comment: 'wordy' }, { artifact_id: 'artifact-1' }, ['review']),
    recorder.artifactScored({ score: 9 }, { artifact_id: 'artifact-2' }),
    recorder.artifactCompared({ ranking: ['artifact-2', 'artifact-1'], rater: 'ann' }, session),
    recorder.lineageLocked({ artifact_id: 'artifact-2', reason: 'shipped' }, lineage),
    recorder.lineageUnlocked({ reason: '2.1 is due' }, lineage),
    recorder.evolutionOutcome({ evolution_id: 'evolution-1', score_delta: 5, validated: true }),
    recorder.insightDiscovered({ insight_id: 'insight-1', text: 'Short prompts fit.', confidence: 0.7 }),
    recorder.insightApplied({ insight_id: 'insight-1', target: 'agent-1' }),
    recorder.insightOutcome({ insight_id: 'insight-1', effective: true, score_delta: 5 }),
    recorder.routerOutcome({
      decision_id: 'decision-1',
      outcome: 'success',
      task_executed: 'write_notes',
      time_to_resolution_ms: 42_000,
    }),
    recorder.routerOverride({
      decision_id: 'decision-1',
      original_task: 'write_notes',
      override_task: 'summarize',
    }),
    // Usually `tracemill forget` records this: it finds the sessions that go along.
    recorder.dataForgotten({ sessions: ['session-0'], reason: 'asked for' }),
    recorder.recordEvent('notes.published', { channel: 'blog' }, session),
  );
  return recorded;
}
