-- JSON text as DuckDB's to_json() writes it, for text that ids and hashes are made of.

-- A text as a JSON string. ClickHouse escapes each slash, and the line separators of Unicode (U+2028 and U+2029); \x01 holds
-- the place of an escaped backslash meanwhile, since no raw control character stands in JSON text.
create or replace function json_text as (value) -> replaceAll(
    if(
        position(value, unhex('E280A8')) = 0 and position(value, unhex('E280A9')) = 0,
        toJSONString(value),
        replaceAll(replaceAll(replaceAll(replaceAll(toJSONString(value), '\\\\', '\x01'),
            '\\u2028', unhex('E280A8')), '\\u2029', unhex('E280A9')), '\x01', '\\\\')),
    '\\/',
    '/');

-- A Float64 as a JSON number: one without a fraction keeps its .0.
create or replace function json_double as (value) -> if(
    match(toString(value), '^-?[0-9]+$'), concat(toString(value), '.0'), toString(value));

-- A list of texts as a JSON array.
create or replace function json_texts as (texts) ->
    concat('[', arrayStringConcat(arrayMap(one -> json_text(one), texts), ','), ']');
