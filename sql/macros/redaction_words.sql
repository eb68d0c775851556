-- What stands before, between and behind the placeholders of a text.
create or replace macro between_placeholders(value) as
    string_split_regex(value, '<(SECRET:[a-z][a-z0-9-]*|EMAIL|IP|USER):[0-9a-f]{12}>');

-- Whether a text is another one in which redaction replaced something: what stands between its placeholders stands there in
-- the same order. A walk from left to right: LIKE would try every way to share a long text out among many placeholders.
create or replace macro is_redacted_of(text, other) as
    case when placeholders(text) = [] then text = other else
        starts_with(other, between_placeholders(text)[1])
        and ends_with(other, between_placeholders(text)[-1])
        and list_reduce(
            between_placeholders(text),
            lambda rest, part: case
                when contains(rest, part) then substr(rest, strpos(rest, part) + length(part)) end,
            other) is not null end;

-- Whether two texts are one but for what redaction made of them. What is found can hang on what stands beside it (a name
-- is known by a home folder in the same text), so a text and its parts can come out of it differently.
create or replace macro differ_by_redaction(one, other) as
    coalesce(is_redacted_of(one, other) or is_redacted_of(other, one), false);

-- An id, a type or another word that programs write, redacted where its row's words together hold a secret: a log is a file,
-- and any field of it can hold anything. To look at all of a row at once is what makes this cheap.
create or replace macro redacted_word(value, is_odd) as case when is_odd then redacted(value) else value end;

create or replace macro is_odd(words) as redacted(words) is distinct from words;
