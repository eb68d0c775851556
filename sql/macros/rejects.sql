-- Why a line (or the rest of one) is no record; `line` is null where the bytes are not valid UTF-8.
create or replace macro reject_reason(line) as
    case
        when line is null then 'not UTF-8'
        when trim(line, ' ' || chr(9) || chr(13) || chr(65279)) = '' then 'blank line'
        when trim(line, chr(0)) = '' then 'NUL bytes'
        when starts_with(line, 'version https://git-lfs') then 'git-lfs pointer'
        when json_valid(line) then 'JSON but not an object'
        when starts_with(ltrim(line), '{') then 'broken JSON object'
        else 'not JSON' end;

-- A line as it would have been without a byte order mark, trailing NULs and lone surrogates.
create or replace macro mended_line(line) as without_lone_surrogates(
    rtrim(ltrim(line, chr(65279)), chr(0) || ' ' || chr(9) || chr(13)));
