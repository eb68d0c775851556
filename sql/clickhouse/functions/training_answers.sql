-- What recorded agents were given and handed in, character for character as in sql/macros/training_answers.sql. A value is
-- the JSON text that a canonical payload has for it, an input the fields of one.

-- A text's own characters, other JSON in its canonical form.
create or replace function answer_text as (value) -> json_string(value);

-- The items of a JSON list; a value that is none is its only item.
create or replace function listed as (value) -> multiIf(
    value in ('', 'null'), [], startsWith(value, '['), json_items(value), [value]);

-- What was asked for, as one text: the parts of an attempt's input that have words, a blank line between them.
create or replace function input_text as (input) -> arrayStringConcat(
    arrayFilter(
        input_part -> has_words(input_part),
        [
            ifNull(answer_text(input['need']), ''),
            ifNull(concat('Constraints:', nullIf(arrayStringConcat(arrayMap(
                input_constraint -> concat('\n- ', input_constraint),
                arrayFilter(
                    input_constraint -> has_words(input_constraint),
                    arrayMap(input_item -> ifNull(answer_text(input_item), ''), listed(input['constraints']))))), '')), ''),
            if(
                has_words(answer_text(input['test_input'])),
                concat('Input:\n', ifNull(answer_text(input['test_input']), '')),
                '')
        ]),
    '\n\n');

-- One context document, given as its JSON text and its fields: its content under its id in brackets, where it has one.
create or replace function document_text as (document, fields) -> if(
    mapContains(fields, 'content'),
    concat(
        ifNull(concat('[', nullIf(answer_text(fields['id']), ''), ']\n'), ''),
        ifNull(answer_text(fields['content']), '')),
    ifNull(answer_text(document), ''));

-- The context documents of an attempt's input as one text, a blank line between them; '' where there is none.
create or replace function context_text as (input) -> arrayStringConcat(
    arrayFilter(
        context_part -> has_words(context_part),
        arrayMap(
            context_document -> document_text(context_document, json_fields(context_document)),
            listed(input['context_documents']))),
    '\n\n');

-- The user message a recorded answer answers: the input, then the documents under a heading. Null where nothing was asked.
create or replace function answer_prompt as (input, context) -> if(
    has_words(input),
    concat(input, if(has_words(context), concat('\n\nContext documents:\n\n', context), '')),
    null);

-- Points that a score must be above another for the two answers to make a pair; an export can only ask for more.
create or replace function least_score_delta as () -> toFloat64(2);

-- Points between two scores, without the dust of floating point: 8.1 is 2 above 6.1.
create or replace function score_difference as (score, other) -> rounded((score - other) * 1e6) / 1e6;

-- Id of the document that near duplicates of a recorded answer are looked for under.
create or replace function answer_document_id as (answer_id) -> left(sha256(concat('answer|', answer_id)), 32);

-- Whether a lock on the first answer puts it over the second: one of another lineage, handed in before the lock.
create or replace function is_locked_over as (
    lineage_id, lock_event, locked_at, other_lineage_id, other_created_at, other_is_failure
) ->
    lock_event is not null
    and lineage_id <> other_lineage_id
    and other_created_at <= locked_at
    and not other_is_failure;
