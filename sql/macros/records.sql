-- JSON lets a lone surrogate stand in a \u escape, UTF-8 does not: drop it, keep valid pairs and escaped backslashes.
create or replace macro without_lone_surrogates(line) as regexp_replace(
    line,
    '(\\[^u]|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2}',
    '\1',
    'g');

-- True where a text is exactly one JSON object.
create or replace macro is_json_object(line) as
    line is not null and starts_with(ltrim(line, ' ' || chr(9) || chr(13)), '{') and json_valid(line);
