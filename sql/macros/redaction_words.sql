-- A LIKE pattern of a text: what redaction replaced in it can be anything.
create or replace macro placeholder_pattern(value) as regexp_replace(
    replace(replace(replace(value, '\', '\\'), '%', '\%'), '_', '\_'),
    '<(SECRET:[a-z][a-z0-9-]*|EMAIL|IP|USER):[0-9a-f]{12}>',
    '%',
    'g');

-- Whether two texts are one but for what redaction made of them. What is found can hang on what stands beside it (a name
-- is known by a home folder in the same text), so a text and its parts can come out of it differently.
create or replace macro differ_by_redaction(one, other) as coalesce(
    one like placeholder_pattern(other) escape '\' or other like placeholder_pattern(one) escape '\',
    false);

-- An id, a type or another word that programs write, redacted where its row's words together hold a secret: a log is a file,
-- and any field of it can hold anything. To look at all of a row at once is what makes this cheap.
create or replace macro redacted_word(value, is_odd) as case when is_odd then redacted(value) else value end;

create or replace macro is_odd(words) as redacted(words) is distinct from words;
