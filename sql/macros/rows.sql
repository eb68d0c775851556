-- A row's id: SHA-256 prefix of the dataset's name and the columns before the tail, given as a struct.
create or replace macro row_id(dataset, row_columns) as
    left(sha256('{"dataset":"' || dataset || '",' || substr(to_json(row_columns)::varchar, 2)), 32);

-- The same of a row whose first columns are told as JSON text, messages above all: to_json() would read them all again.
create or replace macro conversation_row_id(dataset, messages, row_columns) as
    left(sha256('{"dataset":"' || dataset || '","messages":[' || array_to_string(messages, ',') || '],' || row_columns), 32);

-- Id of the document that near duplicates of a conversation (a segment of a session) are looked for under.
create or replace macro conversation_document_id(session_id, segment_no) as
    left(sha256('conversation|' || session_id || '|' || segment_no), 32);

-- Ids of the events that a turn of the logs gives: its beginning, and its end where it has come to one.
create or replace macro turn_input_event(turn_id) as derived_event_id('attempt.started', turn_id);

create or replace macro turn_output_event(turn_id, end_reason, is_ended) as
    derived_event_id(attempt_end_type(end_reason, is_ended), turn_id);

-- The beginning of a node in a tree of spans: what is known of a step, without a key for what is not.
create or replace macro span_node(span_id, kind, tool_name, is_error, duration_ms) as
    '{"id":' || to_json(span_id)::varchar
        || coalesce(',"kind":' || to_json(kind)::varchar, '')
        || coalesce(',"tool_name":' || to_json(tool_name)::varchar, '')
        || case when is_error then ',"is_error":true' else '' end
        || coalesce(',"duration_ms":' || duration_ms::varchar, '');
