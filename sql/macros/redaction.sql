-- The text with placeholders for what was found in it; where it is JSON, in its strings.
create or replace macro redacted(value) as
    case when getvariable('redacts') then coalesce(decode(redact_bytes(encode(value))), value) else value end;

-- JSON with every string redacted, keys too, and JSON inside strings.
create or replace macro redacted_json(value) as
    case when getvariable('redacts')
        then coalesce(decode(redact_json_bytes(encode(value::varchar)))::json, value)
        else value end;

-- The version of the policy that texts are redacted under now.
create or replace macro policy_in_force() as getvariable('redaction_policy');

-- The placeholders that redaction left in a text, in their order.
create or replace macro placeholders(value) as
    regexp_extract_all(value, '<(?:SECRET:[a-z][a-z0-9-]*|EMAIL|IP|USER):[0-9a-f]{12}>');

-- What a placeholder stands for: credential, email, ip, or user, the name of a person.
create or replace macro placeholder_kind(placeholder) as
    case when starts_with(placeholder, '<SECRET:') then 'credential'
        else lower(regexp_extract(placeholder, '^<([A-Z]+):', 1)) end;

-- The rule that found it; people and places have one rule each.
create or replace macro placeholder_rule(placeholder) as
    case when starts_with(placeholder, '<SECRET:') then regexp_extract(placeholder, '^<SECRET:([a-z0-9-]+):', 1)
        else lower(regexp_extract(placeholder, '^<([A-Z]+):', 1)) end;
