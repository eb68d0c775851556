-- Where a session family stands in the order of its split: SHA-256 of a salt, which never changes, and the family's id.
create or replace function split_hash as (group_id) -> sha256(concat('tracemill:split:', group_id));

-- 90 % train, 5 % validation, 5 % test, by the family alone: a row never changes side.
create or replace function split_of as (group_id) -> multiIf(
    reinterpretAsUInt32(reverse(unhex(left(split_hash(group_id), 8)))) % 100 < 90, 'train',
    reinterpretAsUInt32(reverse(unhex(left(split_hash(group_id), 8)))) % 100 < 95, 'validation',
    'test');
