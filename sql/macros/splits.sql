-- Where a session family stands in the order of its split: SHA-256 of a salt, which never changes, and the family's id.
create or replace macro split_hash(group_id) as sha256('tracemill:split:' || group_id);

-- 90 % train, 5 % validation, 5 % test, by the family alone: a row never changes side.
create or replace macro split_of(group_id) as
    case
        when ('0x' || left(split_hash(group_id), 8))::bigint % 100 < 90 then 'train'
        when ('0x' || left(split_hash(group_id), 8))::bigint % 100 < 95 then 'validation'
        else 'test' end;
