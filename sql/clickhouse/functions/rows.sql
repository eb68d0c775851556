-- A row's id: SHA-256 prefix of the dataset's name and the columns before the tail, given as a JSON object.
create or replace function row_id as (dataset, row_columns) ->
    left(sha256(concat('{"dataset":"', dataset, '",', substring(row_columns, 2))), 32);

-- Id of the document that near duplicates of a conversation (a segment of a session) are looked for under.
create or replace function conversation_document_id as (session_id, segment_no) ->
    left(sha256(concat('conversation|', session_id, '|', toString(segment_no))), 32);

-- Ids of the events that a turn of the logs gives: its beginning, and its end where it has come to one.
create or replace function turn_input_event as (turn_id) -> derived_event_id('attempt.started', turn_id);

create or replace function turn_output_event as (turn_id, end_reason, is_ended) ->
    derived_event_id(attempt_end_type(end_reason, is_ended), turn_id);
