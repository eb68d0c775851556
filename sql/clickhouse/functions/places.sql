-- A byte range of a source file as the JSON object that datasets name it by.
create or replace function json_place as (source_path, byte_offset, byte_end) -> concat(
    '{"source_path":', json_text(source_path),
    ',"byte_offset":', ifNull(toString(byte_offset), 'null'),
    ',"byte_end":', ifNull(toString(byte_end), 'null'),
    '}');
