-- Chat messages in canonical JSON (dataset-contract): role and content first, no key with a null value, so text is joined
-- by hand: json_object would write the nulls and json_merge_patch would drop those inside arguments.
create or replace macro user_message(content) as
    ('{"role":"user","content":' || to_json(content)::varchar || '}')::json;

-- `tool_calls` is a list of tool_call() texts, `reasoning` may be null or empty, `is_trained` false adds "train": false.
create or replace macro assistant_message(content, reasoning, tool_calls, is_trained) as
    ('{"role":"assistant","content":' || to_json(coalesce(content, ''))::varchar
        || coalesce(',"reasoning_content":' || to_json(nullif(reasoning, ''))::varchar, '')
        || case when len(tool_calls) > 0 then ',"tool_calls":[' || array_to_string(tool_calls, ',') || ']' else '' end
        || case when is_trained then '' else ',"train":false' end
        || '}')::json;

create or replace macro tool_message(tool_call_id, tool_name, content) as
    ('{"role":"tool","content":' || to_json(coalesce(content, ''))::varchar
        || ',"tool_call_id":' || to_json(tool_call_id)::varchar
        || ',"name":' || to_json(tool_name)::varchar
        || '}')::json;

create or replace macro tool_call(tool_call_id, tool_name, arguments) as
    '{"id":' || to_json(tool_call_id)::varchar
        || ',"type":"function","function":{"name":' || to_json(tool_name)::varchar
        || ',"arguments":' || arguments::varchar || '}}';

-- A tool name as trainers accept it: letters, digits, _ and -, at most 64 of them.
create or replace macro safe_tool_name(value) as
    coalesce(nullif(left(regexp_replace(value, '[^a-zA-Z0-9_-]', '_', 'g'), 64), ''), 'tool');

-- Arguments as a JSON object: an object is kept, JSON text of an object is read, anything else becomes {"input": it}
-- (Codex custom tools take raw text), nothing at all {}.
create or replace macro object_arguments(arguments) as
    case
        when arguments is null or json_type(arguments) = 'NULL' then '{}'::json
        when json_type(arguments) = 'OBJECT' then json_extract(arguments, '$')
        when case when json_valid(arguments ->> '$') then json_type(arguments ->> '$') end = 'OBJECT' then
            json_extract(arguments ->> '$', '$')
        else ('{"input":' || json_extract(arguments, '$')::varchar || '}')::json end;

-- A tool result of at most about 8,000 tokens (32,000 characters), its middle elided with a word on how much is gone.
create or replace macro capped_result(value) as
    case
        when length(value) > 32000 then
            left(value, 16000) || chr(10) || '[' || (length(value) - 32000)::varchar || ' characters left out]'
            || chr(10) || right(value, 16000)
        else value end;

-- JSON Schema of an argument from the json_type()s of its values: a type where they agree, {} where they do not.
create or replace macro argument_schema(value_types) as
    case list_sort(list_distinct(list_transform(
        list_filter(value_types, lambda value_type: value_type <> 'NULL'),
        lambda value_type: case value_type
            when 'VARCHAR' then 'string'
            when 'BOOLEAN' then 'boolean'
            when 'ARRAY' then 'array'
            when 'OBJECT' then 'object'
            when 'DOUBLE' then 'number'
            else 'integer' end)))
        when ['string'] then '{"type":"string"}'
        when ['boolean'] then '{"type":"boolean"}'
        when ['array'] then '{"type":"array"}'
        when ['object'] then '{"type":"object"}'
        when ['integer'] then '{"type":"integer"}'
        when ['number'] then '{"type":"number"}'
        when ['integer', 'number'] then '{"type":"number"}'
        else '{}' end;

-- A tool as trainers take it; `properties` is the inside of a JSON object, or null.
create or replace macro tool_schema(tool_name, properties) as
    '{"type":"function","function":{"name":' || to_json(tool_name)::varchar
        || ',"description":"","parameters":{"type":"object","properties":{' || coalesce(properties, '') || '}}}}';

-- An assistant message that is context only, nothing to learn.
create or replace macro untrained(message) as (left(message::varchar, -1) || ',"train":false}')::json;

-- Whether a prompt orders what an answer has planned: the harness's own words alone, or a line of them and the plan.
create or replace macro is_plan_of(answer, prompt) as coalesce(
    trimmed(prompt) = 'Implement the plan.'
        or contains(trimmed(answer), nullif(trimmed(regexp_replace(prompt, '^[^\n]*:[ \t]*\n', '')), '')),
    false);
