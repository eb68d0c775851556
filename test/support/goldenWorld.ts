import { decisionText, pairText } from './expectedWorld.js';

type Row = Record<string, unknown>;
type Query = (sql: string) => Promise<Row[]>;

/** The sample world as the lake holds it, one line of text a fact, so that a wrong rule shows as a readable difference. */
export type GoldenWorld = {
  /** Dataset -> `origin split` -> rows. */
  readonly rows: Record<string, Record<string, number>>;
  /** Dataset -> its recorded rows. */
  readonly recorded: Record<string, string[]>;
  /** State table -> its rows of recorded events. */
  readonly state: Record<string, string[]>;
};

const datasets = [
  'chain_of_thought',
  'preference',
  'qa_documents',
  'reward',
  'router',
  'sft',
  'stepwise',
  'unpaired',
] as const;

/** Reads the golden world from a lake. */
export async function readWorld(query: Query): Promise<GoldenWorld> {
  const world: GoldenWorld = { rows: {}, recorded: {}, state: {} };
  for (const dataset of datasets) {
    const counts = await query(
      `select concat_ws(' ', metadata ->> '$.origin', split) as side, count(*)::integer as rows
       from datasets.${dataset} group by side order by side`,
    );
    world.rows[dataset] = Object.fromEntries(counts.map(({ side, rows }) => [String(side), Number(rows)]));
    const lines = await query(
      `select *, metadata::varchar as metadata from datasets.${dataset}
       where metadata ->> '$.origin' = 'recorded'`,
    );
    world.recorded[dataset] = lines.map((row) => describeRow(dataset, row)).toSorted();
  }
  for (const [table, sql] of Object.entries(stateLines)) {
    const lines = await query(sql);
    world.state[table] = lines.map(({ line }) => String(line)).toSorted();
  }
  return world;
}

function describeRow(dataset: (typeof datasets)[number], row: Row): string {
  const metadata = JSON.parse(String(row.metadata));
  const answer = metadata.artifact_id ?? metadata.attempt_id;
  switch (dataset) {
    case 'preference': {
      if (row.pair_source === 'override') {
        return `${metadata.decision_id}: ${contentOf(row.chosen)} over ${contentOf(row.rejected)}`;
      }
      const [better, worse] = metadata.answer_ids;
      return pairText(
        { id: better, score: row.score_chosen as number | null },
        { id: worse, score: row.score_rejected as number | null },
        metadata.stated_by,
        Math.round(1 / Number(row.pair_weight)),
      );
    }
    case 'reward':
      return `${answer} ${row.score} by ${row.rater}`;
    case 'router':
      return decisionText({
        id: metadata.decision_id,
        chosen: String(row.logged_action),
        override: row.override_action as string | null,
        reward: row.reward as number | null,
        earlier: JSON.parse(String(row.history)).length,
      });
    case 'sft':
      return `${answer} ${row.score}: ${rolesOf(row.messages)}`;
    case 'chain_of_thought':
      return `${answer}: ${rolesOf(row.messages)}, ${row.num_tool_calls} calls`;
    case 'unpaired':
      return `${answer}: ${row.label} by ${row.label_source}`;
    case 'stepwise':
      return `${answer}: ${(row.labels as unknown[]).join(', ')}`;
    case 'qa_documents':
      return `${row.question}`;
  }
}

function messagesOf(value: unknown): Row[] {
  return (value as unknown[]).map((message) => JSON.parse(String(message)));
}

function contentOf(value: unknown): string {
  return messagesOf(value)
    .map(({ content }) => String(content))
    .join(' / ');
}

/** `system user assistant+call tool assistant`. */
function rolesOf(value: unknown): string {
  return messagesOf(value)
    .map(({ role, tool_calls, reasoning_content }) =>
      [
        role,
        ...(reasoning_content === undefined ? [] : ['thought']),
        ...(tool_calls === undefined ? [] : ['call']),
      ].join('+'),
    )
    .join(' ');
}

const recordedOnly = `origin <> 'log'`;

/** State table -> a query whose `line` tells one row. */
const stateLines: Readonly<Record<string, string>> = {
  sessions: `select format('{}: {}, {} constraints, {} events', session_id, coalesce(title, 'no title'),
      coalesce(len(constraints), 0), event_count) as line
    from events.sessions where ${recordedOnly}`,
  lineages: `select format('{} in {}: {}{}{}', lineage_id, session_id,
      case when is_locked then 'locked on ' || coalesce(locked_artifact_id, 'its newest') else 'open' end,
      case when len(sticky_directives) > 0 then '; always: ' || array_to_string(sticky_directives, ' ') else '' end,
      case when len(oneshot_directives) > 0 then '; once: ' || array_to_string(oneshot_directives, ' ') else '' end
    ) as line from events.lineages`,
  agent_definitions: `select format('{} v{} in {}: {}, config {}, prompt {}, tools {}, flow {}', agent_id, agent_version,
      lineage_id, model, left(config_hash, 8), left(system_prompt_hash, 8), coalesce(left(tools_hash, 8), '-'),
      coalesce(left(flow_hash, 8), '-')) as line
    from events.agent_definitions where ${recordedOnly}`,
  rollouts: `select format('{}: cycle {}, {} attempts of {} lineages, {} completed, {} failed', rollout_id, cycle, attempt_count,
      len(lineage_ids), completed_count, failed_count) as line
    from events.rollouts where cycle is not null`,
  attempts: `select format('{} v{} {}: {} spans{}{}', attempt_id, agent_version, status, span_count,
      case when len(tags) > 0 then ', ' || array_to_string(tags, ' ') else '' end,
      coalesce('; ' || error, '')) as line
    from events.attempts where ${recordedOnly}`,
  artifacts: `select format('{} of {} v{}, {}', artifact_id, attempt_id, agent_version, kind) as line from events.artifacts`,
  evaluations: `select format('{} {} by {}{}', artifact_id, score, rater, case when is_last then ''
      when is_current then ', not the last' else ', given again' end) as line
    from events.evaluations`,
  evolution_records: `select format('{} from v{}: {}; {}', evolution_id, from_version, array_to_string(changes, ', '),
      case when outcome_at is null then 'no outcome' else format('{} points, {}', score_delta,
        case when validated then 'held' else 'refuted' end) end) as line
    from events.evolution_records`,
  learning_insights: `select format('{}: applied {} times, {}', insight_id, applied_count,
      case effective when true then 'effective' when false then 'not effective' else 'outcome unknown' end) as line
    from events.learning_insights`,
  router_decisions: `select format('{}: {} decisions, {} with an outcome, {} overridden, rewards {}', session_id, count(*),
      count(outcome), count(*) filter (where is_overridden), coalesce(round(sum(reward), 2)::varchar, 'none')) as line
    from events.router_decisions group by session_id`,
  orphans: `select format('{} {}: no {} {}', event_type, coalesce(artifact_id, attempt_id, ''), missing,
      array_to_string(missing_ids, ' ')) as line
    from events.orphans`,
  rejects: `select format('{} line {}: {}', source_path, line_no, reason) as line from events.rejects
    union all select format('{} line {}: {}', source_path, line_no, reason) from staging.rejects where source = 'events'`,
  'events of no view': `select format('{} version {}: {}', event_type, schema_version, count(*)) as line
    from events.recorded_events where not is_known group by event_type, schema_version`,
};
