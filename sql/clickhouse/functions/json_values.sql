-- JSON text as DuckDB's json_extract() writes it again: ClickHouse's own reader refuses whole numbers beyond 64 bits and
-- drops the .0 of 1.0, so it reads single strings only.

-- The tokens of a JSON text, without the white space between them.
create or replace function json_tokens as (value) -> extractAll(
    value, $$"(?:[^"\\]|\\.)*"|-?[0-9][-+.0-9eE]*|[a-zA-Z]+|[\[\]{}:,]$$);

-- One token in its plainest form: no escape that is not needed, floats as they are written elsewhere.
create or replace function json_token as (token) -> multiIf(
    startsWith(token, '"'),
    if(
        position(token, '\\u') > 0 or position(token, '\\/') > 0,
        json_text(JSONExtractString(token)),
        token),
    token = '-0', '0',
    match(token, '^-?[0-9].*[.eE]') and isFinite(toFloat64OrZero(token)), json_double(toFloat64OrZero(token)),
    token);

create or replace function plain_json as (value) ->
    arrayStringConcat(arrayMap(token -> json_token(token), json_tokens(value)));

-- Whether a text is exactly one JSON object; the reader is shown a 0 for each number.
create or replace function is_json_object as (value) -> startsWith(trimmed(value), '{') and isValidJSON(arrayStringConcat(
    arrayMap(
        piece -> if(match(piece, $$^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?\z$$), '0', piece),
        extractAll(value, $$"(?:[^"\\]|\\.)*"|-?[0-9][-+.0-9eE]*|(?s:.)$$))));

-- What a JSON token begins, as JSON Schema names it; '' for null. A whole number that 64 bits cannot hold is a number.
create or replace function json_schema_type as (token) -> multiIf(
    startsWith(token, '"'), 'string',
    startsWith(token, '{'), 'object',
    startsWith(token, '['), 'array',
    token in ('true', 'false'), 'boolean',
    token = 'null', '',
    match(token, '^-?[0-9]{1,20}$')
        and toInt128(token) between toInt128('-9223372036854775808') and toInt128('18446744073709551615'), 'integer',
    'number');

-- The keys of a JSON object, each with the type of its value. `tokens` are its json_tokens.
create or replace function member_types as (tokens) -> arrayMap(
    place -> (JSONExtractString(tokens[place]), json_schema_type(tokens[place + 2])),
    arrayFilter(
        (place, depth) -> depth = 1 and tokens[place + 1] = ':',
        arrayEnumerate(tokens),
        arrayCumSum(token -> multiIf(token in ('{', '['), 1, token in ('}', ']'), -1, 0), tokens)));

-- What stands for a value in JSON, given as its JSON text; null is a value too.
create or replace function json_or_null as (json) -> coalesce(json, 'null');

-- JSON values as a JSON array.
create or replace function json_list as (items) -> concat('[', arrayStringConcat(items, ','), ']');

-- Places in the logs, given as (source_path, byte_offset, byte_end).
create or replace function json_places as (places) ->
    json_list(arrayMap(place -> json_place(place.1, place.2, place.3), places));
