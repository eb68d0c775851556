-- The fields of an event's payload, each given as its JSON text. A field of another type than its event promises is
-- null, never an error and never a guess (sql/macros/payloads.sql).

create or replace function text_field as (value) -> if(startsWith(value, '"'), json_unquoted(value), null);

-- Whether it is a whole number that 64 bits can hold, with a sign or without.
create or replace function is_integer as (value) -> ifNull(
    match(value, '^-?[0-9]+$') and (toUInt64OrNull(value) is not null or toInt64OrNull(value) is not null), false);

-- What no double can hold is infinite, as in DuckDB.
create or replace function number_field as (value) -> if(
    ifNull(match(value, '^-?[0-9]'), false),
    coalesce(toFloat64OrNull(value), if(startsWith(value, '-'), -inf, inf)),
    null);

create or replace function integer_field as (value) -> if(is_integer(value), toInt64OrNull(value), null);

-- Milliseconds: a time may be measured finer than that.
create or replace function milliseconds_field as (value) -> accurateCastOrNull(rounded(number_field(value)), 'Int64');

create or replace function flag_field as (value) -> if(value in ('true', 'false'), value = 'true', null);

create or replace function name_field as (value) -> multiIf(
    startsWith(value, '"'), json_unquoted(value), is_integer(value), value, null);

create or replace function texts_field as (value) -> arrayMap(
    texts_item -> json_unquoted(texts_item),
    arrayFilter(texts_item -> startsWith(texts_item, '"'), json_items(value)));

create or replace function object_field as (value) -> if(startsWith(value, '{'), value, null);

-- A part of a canonical payload as it stands there; null where there is none.
create or replace function canonical_part as (value) -> if(value in ('', 'null'), null, value);

-- SHA-256 (hex) of a part of a canonical payload; null where there is none.
create or replace function part_hash as (value) -> sha256(canonical_part(value));

-- An agent's configuration without its name and the number of its version.
create or replace function without_name as (config) -> if(
    startsWith(config, '{'),
    concat(
        '{',
        arrayStringConcat(
            arrayMap(
                config_child -> arrayStringConcat(arraySlice(config_child, 2)),
                arrayFilter(
                    config_child -> length(config_child) > 1 and config_child[2] not in ('"name"', '"version"'),
                    json_children(config))),
            ','),
        '}'),
    null);
