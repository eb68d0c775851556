-- One row per row of seq's memory log that is no echo of our own, in the terms of an event line.
-- @partition day
-- @key file_key, byte_offset, record_no
-- @not_null source_path, line_no
-- @column record_no   1, or the place of the record among those glued on one line.
-- @column event_id   event_id of the row; where it has none a hash of its name, session, time and subject, so that
--     copies fall together. Null where it has no name either.
-- @column event_type   name of the row, such as agent.qa.pair or cli.run.
-- @column occurred_at   ts_ms of the row (UTC); null where it is no time from 1970 to 9999.
-- @column session_id   session_id of the row; null where it has none.
-- @column payload   JSON text of subject where that is an object, else of an object with subject, ok and dur_us
--     (microseconds).
-- @column given_tags   error where the row says that it was not ok, else empty.
with

whole_lines as (
    select file_key, byte_offset, 1 as record_no, line_no, byte_length, source_path, line as record
    from raw.seq
    anti join (
        select file_key, byte_offset from staging.repaired_lines where source = 'seq'
    ) using (file_key, byte_offset)
),

records as (
    select * from whole_lines
    union all by name
    select file_key, byte_offset, record_no, line_no, byte_length, source_path, record,
    from staging.repaired_lines
    where source = 'seq' and record is not null
),

parsed as (
    select
        * exclude (record),
        json_transform(case when byte_length <= longest_event() then record end, '{
            "ts_ms": "VARCHAR", "dur_us": "BIGINT", "ok": "BOOLEAN", "session_id": "VARCHAR", "event_id": "VARCHAR",
            "name": "VARCHAR", "subject": "VARCHAR"
        }') as fields,
    from records
),

-- The subject is JSON in a text, so its own surrogates come to light only now.
named as (
    select
        * exclude (fields),
        nullif(fields.event_id, '') as given_id,
        nullif(fields.name, '') as event_type,
        nullif(fields.session_id, '') as session_id,
        try_cast(fields.ts_ms as double) as ts_ms,
        fields.subject as subject,
        case when is_json_object(mended_line(fields.subject)) then mended_line(fields.subject) end as object,
        fields.ok as is_ok,
        fields.dur_us as dur_us,
    from parsed
),

typed as (
    select
        source_path,
        file_key,
        line_no,
        byte_offset,
        byte_length,
        record_no,
        -- A row without an id is named by what it says, so that its copies fall together.
        coalesce(
            given_id,
            derived_event_id(event_type, concat_ws('|', session_id, ts_ms::bigint, subject))) as event_id,
        event_type,
        case when ts_ms >= 0 and ts_ms < 253402300800000 then make_timestamp(ts_ms::bigint * 1000) end
            as occurred_at,
        session_id,
        -- Most subjects are JSON objects and stand as they are; any other text goes in with what the row says beside it.
        coalesce(object, json_object('subject', subject, 'ok', is_ok, 'dur_us', dur_us)::varchar) as payload,
        case when not is_ok then ['error'] else [] end as given_tags,
    from named
    -- tracemill's own rows, written by handoff, come from the session logs, which tell the same.
    where not coalesce(given_id = derived_event_id(event_type, object ->> '$.qa_id'), false)
),

-- All that people write, ids too, is clean from here on; the lines themselves stay in raw.
clean as (
    select
        * replace (
            redacted(event_id) as event_id,
            redacted(event_type) as event_type,
            redacted(session_id) as session_id,
            redacted_json(payload::json)::varchar as payload
        ),
    from typed
)

select * from clean
order by file_key, byte_offset, record_no
