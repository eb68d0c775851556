-- The pieces of canonical JSON (RFC 8785): keys in the order of their UTF-16 units, numbers as ECMAScript writes them, one
-- spelling of each escape. staging/event_rows walks the tree, since a macro cannot call itself.

-- DuckDB writes \u001F where the standard has \u001f. No raw control character stands in JSON text, so chr(1) can hold the
-- place of an escaped backslash meanwhile.
create or replace macro lower_case_escapes(json_text) as
    case
        when not contains(json_text, '\u00') then json_text
        else replace(
            replace(replace(replace(replace(replace(replace(replace(replace(replace(
                replace(json_text, '\\', chr(1)),
                '\u000B', '\u000b'), '\u000E', '\u000e'), '\u000F', '\u000f'), '\u001A', '\u001a'), '\u001B', '\u001b'),
                '\u001C', '\u001c'), '\u001D', '\u001d'), '\u001E', '\u001e'), '\u001F', '\u001f'),
            chr(1), '\\') end;

-- A text as a canonical JSON string.
create or replace macro canonical_string(value) as lower_case_escapes(to_json(value::varchar)::varchar);

-- A number of DuckDB's JSON in canonical form. It writes doubles by ECMAScript's rule but for 1.0, 1e21 and -0.0
-- (a cast of double to text does not: it writes 2^81 as 2^82). Integers of any length keep their digits, which
-- JSON.parse would round, and so does what no double can hold. NaN and Infinity, which DuckDB reads but JSON has no word
-- for, are null as in JSON.stringify.
create or replace macro canonical_number(json_text) as
    case
        when regexp_full_match(json_text, '-?\d+') then json_text
        when json_text = '-0.0' then '0'
        when not regexp_full_match(json_text, '[-+.\deE]+') then 'null'
        when not isfinite(json_text::double) then json_text
        else replace(replace(regexp_replace(json_text, '\.0$', ''), 'e', 'e+'), 'e+-', 'e-') end;

-- Sorts as UTF-16 does where bytes are compared: U+E000 to U+FFFF stand behind the characters beyond U+FFFF. The control
-- characters below chr(4) are kept free for the places of staging/event_rows.
create or replace macro key_order(key) as
    case
        when not regexp_matches(key, '[\x00-\x03\x{E000}-\x{FFFF}\x{10FFFF}]') then key
        else regexp_replace(
            replace(replace(replace(replace(replace(key,
                chr(3), chr(3) || chr(7)),
                chr(2), chr(3) || chr(6)),
                chr(1), chr(3) || chr(5)),
                chr(0), chr(3) || chr(4)),
                chr(1114111), chr(1114111) || chr(4)),
            '([\x{E000}-\x{FFFF}])', chr(1114111) || '\1', 'g') end;

-- Where each of the keys stands for the first time.
create or replace macro first_places(keys) as
    list_transform(
        list_filter(
            list_zip(list_sort(list_zip(keys, range(1, len(keys) + 1))),
                list_concat([null], list_sort(list_zip(keys, range(1, len(keys) + 1))))[:len(keys)]),
            lambda pair: pair[2] is null or pair[1][1] <> pair[2][1]),
        lambda pair: pair[1][2]);
