-- The text of a JSON value: a string's own characters, anything else as JSON; null stays null.
create or replace macro json_string(value) as
    case when json_type(value) = 'VARCHAR' then json_extract_string(value, '$')
         when json_type(value) = 'NULL' then null
         else value::varchar end;

-- Message content (a string or a list of blocks) as one text: text blocks joined by newlines, an image as [image].
-- Base64 data never leaves raw (session-formats, trap 22 and 30).
create or replace macro content_text(content) as
    case json_type(content)
        when 'VARCHAR' then json_extract_string(content, '$')
        when 'ARRAY' then array_to_string(list_transform(
            json_transform(content, '[{"type":"VARCHAR","text":"VARCHAR","tool_name":"VARCHAR"}]'),
            lambda block: case
                when block.text is not null then block.text
                when block.type in ('image', 'input_image', 'document') then '[' || replace(block.type, 'input_', '') || ']'
                when block.tool_name is not null then '[' || block.type || ': ' || block.tool_name || ']'
                else '' end), chr(10))
        when 'NULL' then null
        else content::varchar end;

-- ISO-8601 text as a UTC timestamp; null where it is not one, or none of the years 1970 to 9999: DuckDB takes `infinity` too.
create or replace macro utc_timestamp(value) as case
    when try_cast(value as timestamptz)::timestamp between timestamp '1970-01-01' and timestamp '9999-12-31 23:59:59.999999'
        then try_cast(value as timestamptz)::timestamp end;
