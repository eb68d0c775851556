-- Chat messages in canonical JSON, byte for byte those of sql/macros/messages.sql.
create or replace function user_message as (content) -> concat('{"role":"user","content":', json_text(content), '}');

-- `tool_calls` is a list of tool_call() texts, `reasoning` may be null or empty, `is_trained` false adds "train": false.
create or replace function assistant_message as (content, reasoning, tool_calls, is_trained) -> concat(
    '{"role":"assistant","content":', json_text(coalesce(content, '')),
    if(coalesce(reasoning, '') = '', '', concat(',"reasoning_content":', json_text(reasoning))),
    if(empty(tool_calls), '', concat(',"tool_calls":[', arrayStringConcat(tool_calls, ','), ']')),
    if(is_trained, '', ',"train":false'),
    '}');

create or replace function tool_message as (tool_call_id, tool_name, content) -> concat(
    '{"role":"tool","content":', json_text(coalesce(content, '')),
    ',"tool_call_id":', json_text(tool_call_id),
    ',"name":', json_text(tool_name),
    '}');

create or replace function tool_call as (tool_call_id, tool_name, arguments) -> concat(
    '{"id":', json_text(tool_call_id),
    ',"type":"function","function":{"name":', json_text(tool_name),
    ',"arguments":', arguments, '}}');

-- A tool name as trainers accept it: letters, digits, _ and -, at most 64 of them.
create or replace function safe_tool_name as (value) ->
    coalesce(nullIf(left(replaceRegexpAll(value, '[^a-zA-Z0-9_-]', '_'), 64), ''), 'tool');

-- Arguments as a JSON object: an object is kept, JSON text of an object is read, anything else becomes {"input": it}
-- (Codex custom tools take raw text), nothing at all {}.
create or replace function object_arguments as (arguments) -> multiIf(
    arguments is null or trimmed(arguments) = 'null', '{}',
    startsWith(trimmed(arguments), '{'), plain_json(arguments),
    is_json_object(JSONExtractString(arguments)), plain_json(JSONExtractString(arguments)),
    concat('{"input":', plain_json(arguments), '}'));

-- A tool result of at most about 8,000 tokens (32,000 characters), its middle elided with a word on how much is gone.
create or replace function capped_result as (value) -> if(
    lengthUTF8(value) > 32000,
    concat(
        leftUTF8(value, 16000), '\n[', toString(lengthUTF8(value) - 32000), ' characters left out]\n',
        rightUTF8(value, 16000)),
    value);

-- JSON Schema of an argument from the json_schema_type()s of its values: a type where they agree, {} where they do not.
create or replace function argument_schema as (value_types) -> multiIf(
    length(arrayDistinct(arrayFilter(one -> one <> '', value_types))) = 1,
    concat('{"type":"', arrayFilter(one -> one <> '', value_types)[1], '"}'),
    arraySort(arrayDistinct(arrayFilter(one -> one <> '', value_types))) = ['integer', 'number'],
    '{"type":"number"}',
    '{}');

-- The inside of a JSON object: each argument of a tool with its schema, from member_types() of its calls.
create or replace function argument_properties as (members) -> arrayStringConcat(
    arrayMap(
        key -> concat(
            json_text(key), ':', argument_schema(arrayMap(
                member -> member.2, arrayFilter(member -> member.1 = key, members)))),
        arraySort(arrayDistinct(arrayMap(member -> member.1, members)))),
    ',');

-- A tool as trainers take it; `properties` is the inside of a JSON object, or null.
create or replace function tool_schema as (tool_name, properties) -> concat(
    '{"type":"function","function":{"name":', json_text(tool_name),
    ',"description":"","parameters":{"type":"object","properties":{', coalesce(properties, ''), '}}}}');

-- An assistant message that is context only, nothing to learn.
create or replace function untrained as (message) -> concat(substring(message, 1, length(message) - 1), ',"train":false}');

-- What a message says. Read from its text, as the arguments beside it may hold what ClickHouse cannot read.
create or replace function message_content as (message) -> JSONExtractString(
    extract(message, $$^\{"role":"[a-z]+","content":("(?:[^"\\]|\\.)*")$$));

-- Whether a prompt orders what an answer has planned: the harness's own words alone, or a line of them and the plan.
create or replace function is_plan_of as (answer, prompt) -> coalesce(
    trimmed(prompt) = 'Implement the plan.'
        or position(trimmed(answer), nullIf(trimmed(replaceRegexpOne(prompt, $$^[^\n]*:[ \t]*\n$$, '')), '')) > 0,
    false);
