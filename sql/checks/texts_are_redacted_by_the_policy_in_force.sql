-- Every row of a day is redacted by the policy in force; where not, a build without --select does it.
-- @partition day
with

policies as (
    select 'staging.claude_records' as table_name, redaction_policy from staging.claude_records
    union all
    select 'staging.codex_records', redaction_policy from staging.codex_records
    union all
    select 'staging.event_rows', redaction_policy from staging.event_rows
    union all
    select 'staging.seq_rows', redaction_policy from staging.seq_rows
    union all
    select 'core.steps', redaction_policy from core.steps
    union all
    select 'core.turns', redaction_policy from core.turns
    union all
    select 'core.tool_calls', redaction_policy from core.tool_calls
    union all
    select 'core.qa_pairs', redaction_policy from core.qa_pairs
    union all
    select 'core.sessions', redaction_policy from core.sessions
    union all
    select 'core.signals', redaction_policy from core.signals
    union all
    select 'events.training_events', redaction_policy from events.training_events
    union all
    select 'events.payload_blobs', redaction_policy from events.payload_blobs
)

select table_name, redaction_policy, count(*) as row_count
from policies
where redaction_policy is distinct from policy_in_force()
group by all
order by all
