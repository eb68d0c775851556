-- The id of an event that tracemill derives itself: the same for the same turn, step or pair, however often it is built.
create or replace macro derived_event_id(event_type, subject_id) as
    left(sha256('event|' || event_type || '|' || subject_id), 32);
