-- The fields of an event's payload. Spool files of other programs are read as they are, so a field of another type than
-- its event promises is null, never an error and never a guess.
create or replace macro text_field(value) as
    case when json_type(value) = 'VARCHAR' then json_extract_string(value, '$') end;

create or replace macro number_field(value) as
    case when json_type(value) in ('BIGINT', 'UBIGINT', 'DOUBLE') then try_cast(value::varchar as double) end;

create or replace macro integer_field(value) as
    case when json_type(value) in ('BIGINT', 'UBIGINT') then try_cast(value::varchar as bigint) end;

-- Milliseconds: a time may be measured finer than that.
create or replace macro milliseconds_field(value) as try_cast(round(number_field(value)) as bigint);

create or replace macro flag_field(value) as
    case when json_type(value) = 'BOOLEAN' then value::varchar = 'true' end;

-- Ids and versions are texts or numbers (the version of an agent is a number in recorded events and a text in logs); both
-- are compared as text.
create or replace macro name_field(value) as
    case when json_type(value) in ('VARCHAR', 'BIGINT', 'UBIGINT') then json_extract_string(value, '$') end;

create or replace macro texts_field(value) as
    case when json_type(value) = 'ARRAY' then list_filter(
        list_transform(from_json(value, '["JSON"]'), lambda item: text_field(item)),
        lambda item: item is not null) end;

create or replace macro object_field(value) as
    case when json_type(value) = 'OBJECT' then value end;

-- A part of a canonical JSON text (RFC 8785), canonical again: cut out, DuckDB 1.5 writes it with 1e21 and \u001F where
-- the canonical form has 1e+21 and \u001f, and all else as it was. Exponents are looked for outside of strings only.
create or replace macro canonical_part(value) as
    case
        when regexp_matches(value::varchar, '\de\d') then array_to_string(
            list_transform(
                regexp_extract_all(value::varchar, '"(?:[^"\\]|\\.)*"|[^"]+'),
                lambda token: case
                    when starts_with(token, '"') then lower_case_escapes(token)
                    else regexp_replace(token, '(\d)e(\d)', '\1e+\2', 'g') end),
            '')
        else lower_case_escapes(value::varchar) end;

-- SHA-256 (hex) of a part of a canonical payload; null where there is none.
create or replace macro part_hash(value) as sha256(canonical_part(value));

-- An agent's configuration; its name and the number of its version are no part of it, so that equal configurations of
-- different agents have equal hashes.
create or replace macro without_name(config) as
    case when json_type(config) = 'OBJECT' then json_merge_patch(config, '{"name":null,"version":null}') end;

-- A number, 0 where it is less; null stays null, which greatest() takes for the smallest.
create or replace macro not_negative(value) as case when value < 0 then 0 else value end;
