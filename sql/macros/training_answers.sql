-- What a person was asked for, as one text: the parts that have words, a blank line between them,
--     <need>
--
--     Constraints:
--     - <constraint>
--     - <constraint>
--
--     Input:
--     <test input>
create or replace macro input_text(need, constraints, test_input) as
    array_to_string(
        list_filter(
            [
                need,
                'Constraints:' || nullif(array_to_string(list_transform(
                    list_filter(constraints, lambda one: has_words(one)),
                    lambda one: chr(10) || '- ' || one), ''), ''),
                'Input:' || chr(10) || case when has_words(test_input) then test_input end
            ],
            lambda part: has_words(part)),
        chr(10) || chr(10));

-- Context documents (a JSON list of texts, or of objects with content and perhaps an id) as one text, each under its id
-- in brackets; '' where there is none:
--     [<id>]
--     <content>
create or replace macro context_text(documents) as
    array_to_string(
        list_filter(
            list_transform(
                case when json_type(documents) = 'ARRAY' then json_transform(documents, '["JSON"]') else [] end,
                lambda document: case
                    when json_type(document) <> 'OBJECT' then json_string(document)
                    when has_words(json_string(json_extract(document, '$.content'))) then
                        coalesce('[' || nullif(json_string(json_extract(document, '$.id')), '') || ']' || chr(10), '')
                        || json_string(json_extract(document, '$.content')) end),
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
