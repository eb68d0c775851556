-- What an agent was given or handed in as text: a text's own characters, other JSON in its canonical form.
create or replace macro answer_text(value) as
    case json_type(value)
        when 'VARCHAR' then json_extract_string(value, '$')
        when 'NULL' then null
        else canonical_part(value) end;

-- The items of a JSON list; a value that is none is its only item.
create or replace macro listed(value) as
    case
        when value is null or json_type(value) = 'NULL' then []::json[]
        when json_type(value) = 'ARRAY' then json_transform(value, '["JSON"]')
        else [value::json] end;

-- What was asked for, as one text: the parts of an attempt's input that have words, a blank line between them,
--     <need>
--
--     Constraints:
--     - <constraint>
--     - <constraint>
--
--     Input:
--     <test input>
create or replace macro input_text(input) as
    array_to_string(
        list_filter(
            [
                answer_text(json_extract(input, '$.need')),
                'Constraints:' || nullif(array_to_string(list_transform(
                    list_filter(
                        list_transform(listed(json_extract(input, '$.constraints')), lambda one: answer_text(one)),
                        lambda one: has_words(one)),
                    lambda one: chr(10) || '- ' || one), ''), ''),
                'Input:' || chr(10) || case
                    when has_words(answer_text(json_extract(input, '$.test_input')))
                        then answer_text(json_extract(input, '$.test_input')) end
            ],
            lambda part: has_words(part)),
        chr(10) || chr(10));

-- The context documents of an attempt's input as one text, a blank line between them, each under its id in brackets
-- where it has one; '' where there is none:
--     [<id>]
--     <content>
create or replace macro context_text(input) as
    array_to_string(
        list_filter(
            list_transform(
                listed(json_extract(input, '$.context_documents')),
                lambda document: case
                    when json_type(document, '$.content') is null then answer_text(document)
                    else coalesce('[' || nullif(answer_text(json_extract(document, '$.id')), '') || ']' || chr(10), '')
                        || answer_text(json_extract(document, '$.content')) end),
            lambda text: has_words(text)),
        chr(10) || chr(10));

-- The user message a recorded answer answers: the input, then the documents under a heading. Null where nothing was
-- asked: a prompt is never made up. The agent's own system prompt is no part of it.
create or replace macro answer_prompt(input, context) as
    case when has_words(input) then
        input || case when has_words(context)
            then chr(10) || chr(10) || 'Context documents:' || chr(10) || chr(10) || context else '' end end;

-- Points that a score must be above another for the two answers to make a pair; an export can only ask for more.
create or replace macro least_score_delta() as 2.0::double;

-- Points between two scores, without the dust of floating point: 8.1 is 2 above 6.1.
create or replace macro score_difference(score, other) as round(score - other, 6);

-- Id of the document that near duplicates of a recorded answer are looked for under.
create or replace macro answer_document_id(answer_id) as left(sha256('answer|' || answer_id), 32);

-- Whether a lock on the first answer puts it over the second: one of another lineage, handed in before the lock.
create or replace macro is_locked_over(lineage_id, lock_event, locked_at, other_lineage_id, other_created_at, other_is_failure) as
    lock_event is not null
    and lineage_id <> other_lineage_id
    and other_created_at <= locked_at
    and not other_is_failure;
