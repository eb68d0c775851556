-- One row per turn of a session log: which agent took it, in which of its versions.
-- @partition day
-- @key turn_id
-- @not_null agent_id, agent_version, definition_id
with

sessions as (
    select session_id, started_at
    from core.sessions
    where not is_replay
),

-- Instructions and tools stand in the head of a Codex log; a fork's copies of its parent's head come after its own.
heads as (
    select session_files.session_id, records.instructions, records.offered_tools
    from staging.codex_records as records
    join core.session_files using (file_key)
    where records.type = 'session_meta'
    qualify row_number() over (
        partition by session_files.session_id
        order by records.is_current desc, records.file_key, records.byte_offset, records.record_no
    ) = 1
),

-- A turn without a word of the model's was put to the model of the turn before, or else after.
turns as (
    select
        turns.turn_id,
        harness_name(turns.agent) as agent_id,
        coalesce(turns.version, 'unknown') as version,
        coalesce(
            last_value(turns.model ignore nulls) over so_far,
            first_value(turns.model ignore nulls) over from_here) as model,
        coalesce(turns.started_at, sessions.started_at) as started_at,
        nullif(heads.instructions, '') as instructions,
        heads.offered_tools,
    from core.turns
    join sessions using (session_id)
    left join heads using (session_id)
    window
        so_far as (partition by turns.session_id order by turns.turn_no),
        from_here as (
            partition by turns.session_id order by turns.turn_no rows between current row and unbounded following
        )
),

configured as (
    select
        * exclude (instructions, offered_tools),
        array_to_string(list_filter([
            '"model":' || canonical_string(model),
            '"system_prompt":' || canonical_string(instructions),
            case
                when len(offered_tools) > 0 then '"tools":[' || array_to_string(
                    list_transform(offered_tools, lambda tool: canonical_string(tool)), ',') || ']' end
        ], lambda field: field is not null), ',') as config,
        concat_ws('|', instructions, array_to_string(offered_tools, '|')) as setup,
    from turns
),

-- The version's name tells models and instructions apart, since one harness version runs with several.
versioned as (
    select
        * exclude (version, setup),
        concat_ws('/', version, model) || case when setup = '' then '' else '#' || left(sha256(setup), 8) end
            as agent_version,
    from configured
),

defined as (
    select
        turn_id,
        agent_id,
        agent_version,
        model,
        started_at,
        '{"config":{' || config || '},"name":' || canonical_string(agent_id)
            || ',"version":' || canonical_string(agent_version) || '}' as definition,
    from versioned
)

select
    * exclude (definition),
    sha256(definition) as definition_id,
    -- The text stands once a day, beside the turn that may be the first of all.
    case when row_number() over (partition by definition order by started_at, turn_id) = 1 then definition end
        as definition,
from defined
order by turn_id
