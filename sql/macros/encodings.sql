-- The other encodings of chat messages (dataset-contract): `wire`, `text`, ShareGPT's and OpenAI's. All take canonical
-- messages (messages.sql) that hold to the export's row rules. `tools` is the text of a JSON array, or null.

-- Messages as structs whose arguments are JSON text; absent keys are null.
create or replace macro wire_messages(messages) as
    list_transform(messages, lambda message: json_transform(message, '{
        "role":"VARCHAR","content":"VARCHAR","reasoning_content":"VARCHAR",
        "tool_calls":[{"id":"VARCHAR","type":"VARCHAR","function":{"name":"VARCHAR","arguments":"VARCHAR"}}],
        "tool_call_id":"VARCHAR","name":"VARCHAR","train":"BOOLEAN"}'));

-- A call as Hermes models write it. A closing tag inside the arguments would end it early: its slash is escaped.
create or replace macro hermes_call(call) as
    '<tool_call>' || chr(10) || '{"name": ' || (call -> '$.function.name')::varchar || ', "arguments": '
        || replace((call -> '$.function.arguments')::varchar, '</tool_call>', '<\/tool_call>') || '}'
        || chr(10) || '</tool_call>';

-- What a message says and does, in one text.
create or replace macro hermes_content(message) as
    case message ->> '$.role'
        when 'tool' then '<tool_response>' || chr(10) || (message ->> '$.content') || chr(10) || '</tool_response>'
        when 'assistant' then
            coalesce(
                '<think>' || chr(10) || (message ->> '$.reasoning_content') || chr(10) || '</think>' || chr(10) || chr(10),
                '')
            || array_to_string(
                list_concat(
                    list_filter([message ->> '$.content'], lambda words: words <> ''),
                    list_transform((message -> '$.tool_calls[*]')::json[], lambda call: hermes_call(call))),
                chr(10))
        else message ->> '$.content' end;

-- What a Hermes model is told of its tools, as part of the system message.
create or replace macro hermes_tools(tools) as
    'You can call functions. Their signatures, a JSON schema each:' || chr(10) || '<tools>' || chr(10)
        || array_to_string((tools::json -> '$[*]')::varchar[], chr(10)) || chr(10) || '</tools>' || chr(10)
        || 'To call one, write a JSON object with its name and arguments between tags:' || chr(10)
        || '<tool_call>' || chr(10) || '{"name": <function name>, "arguments": <object>}' || chr(10) || '</tool_call>';

create or replace macro system_message(content) as
    ('{"role":"system","content":' || to_json(content)::varchar || '}')::json;

-- Messages whose first is a system message that tells the tools, where there are any.
create or replace macro with_hermes_tools(messages, tools) as
    case
        when tools is null or json_array_length(tools::json) = 0 then messages
        when messages[1] ->> '$.role' = 'system' then list_prepend(
            system_message((messages[1] ->> '$.content') || chr(10) || chr(10) || hermes_tools(tools)), messages[2:])
        else list_prepend(system_message(hermes_tools(tools)), messages) end;

-- A turn in one text of many. JSON strings hold no control character, so these mark where a turn begins (30) and where its
-- content does (31). Turns of the user that follow one another are one: templates want user and assistant to alternate.
-- (Lists would do, but DuckDB copies a list for each of its places that a lambda asks for.)
create or replace macro marked_turn(message, before) as
    case
        when (message ->> '$.role') = 'tool' and (before ->> '$.role') = 'tool' then '\n'
        when (message ->> '$.role') in ('user', 'tool') and (before ->> '$.role') in ('user', 'tool') then '\n\n'
        else chr(30) || case message ->> '$.role' when 'tool' then 'user' else message ->> '$.role' end || chr(31) end
    || (to_json(hermes_content(message))::varchar)[2:-2];

create or replace macro marked_turns(messages) as
    string_split(
        array_to_string(
            list_transform(
                list_zip(messages, list_prepend(null, messages), true),
                lambda pair: marked_turn(pair[1], pair[2])),
            ''),
        chr(30))[2:];

-- Role and content alone: calls, results, reasoning and tools are text (Hermes).
create or replace macro text_messages(messages, tools) as
    list_transform(marked_turns(with_hermes_tools(messages, tools)), lambda turn: {
        'role': split_part(turn, chr(31), 1),
        'content': ('"' || split_part(turn, chr(31), 2) || '"')::json ->> '$'});

-- The same as ShareGPT names it, a line of JSON.
create or replace macro sharegpt_line(id, messages, tools) as
    '{"id":' || to_json(id)::varchar || ',"conversations":[' || array_to_string(
        list_transform(marked_turns(with_hermes_tools(messages, tools)), lambda turn:
            '{"from":"' || case split_part(turn, chr(31), 1) when 'user' then 'human' when 'assistant' then 'gpt' else 'system' end
                || '","value":"' || split_part(turn, chr(31), 2) || '"}'),
        ',') || ']}';

-- A letter a message: s(ystem), u(ser or tool), a(ssistant), ? for anything else. Whether turns alternate is a pattern of it.
create or replace macro speakers(messages) as
    coalesce(array_to_string(
        list_transform(messages, lambda message: case message ->> '$.role'
            when 'system' then 's'
            when 'user' then 'u'
            when 'tool' then 'u'
            when 'assistant' then 'a'
            else '?' end), ''), '');

-- Whether messages alternate, once the user's are joined, and end with the assistant; a system message may come first.
create or replace macro is_dialogue(messages) as regexp_full_match(speakers(messages), 's?(u+a)+');

-- The same for a prompt: it ends with the user.
create or replace macro is_open_dialogue(messages) as regexp_full_match(speakers(messages), 's?(u+a)*u+');

-- Whether some message is context only: a step that was rejected or interrupted.
create or replace macro has_untrained(messages) as
    list_contains(list_transform(messages, lambda message: (message ->> '$.train') = 'false'), true);

-- A message as OpenAI takes it: arguments are JSON text, nothing but its keys. `weight` is JSON text for assistant messages, or null.
create or replace macro openai_message(message, weight) as
    '{"role":' || (message -> '$.role')::varchar || ',"content":' || (message -> '$.content')::varchar
        || coalesce(',"tool_calls":[' || nullif(array_to_string(list_transform(
            (message -> '$.tool_calls[*]')::json[], lambda call:
                '{"id":' || (call -> '$.id')::varchar || ',"type":"function","function":{"name":'
                    || (call -> '$.function.name')::varchar || ',"arguments":'
                    || to_json((call -> '$.function.arguments')::varchar)::varchar || '}}'), ','), '') || ']', '')
        || coalesce(',"tool_call_id":' || (message -> '$.tool_call_id')::varchar, '')
        || case when (message ->> '$.role') = 'assistant' then coalesce(',"weight":' || weight, '') else '' end
        || '}';

create or replace macro openai_messages(messages) as
    '[' || array_to_string(list_transform(messages, lambda message: openai_message(message, null)), ',') || ']';

-- A conversation to train on: weight 0 leaves an assistant message out of the loss.
create or replace macro openai_line(messages, tools) as
    '{"messages":[' || array_to_string(list_transform(messages, lambda message: openai_message(
            message, case when (message ->> '$.train') = 'false' then '0' else '1' end)), ',') || ']'
        || coalesce(',"tools":' || tools::json::varchar, '') || '}';

create or replace macro openai_preference_line(prompt, chosen, rejected, tools) as
    '{"input":{"messages":' || openai_messages(prompt) || coalesce(',"tools":' || tools::json::varchar, '')
        || '},"preferred_output":' || openai_messages(chosen)
        || ',"non_preferred_output":' || openai_messages(rejected) || '}';

-- Characters that an assistant message says or calls: reasoning is not part of an answer's length.
create or replace macro said_length(message) as
    coalesce(length(message ->> '$.content'), 0)
        + coalesce(list_sum(list_transform(
            (message -> '$.tool_calls[*]')::json[], lambda call: length((call -> '$.function.arguments')::varchar))), 0);

-- All words of a message: what a benchmark's text may stand in.
create or replace macro message_words(message) as concat_ws(
    chr(10), message ->> '$.content', message ->> '$.reasoning_content', message ->> '$.tool_calls');

create or replace macro calls_tools(messages) as
    list_contains(list_transform(messages, lambda message: json_exists(message, '$.tool_calls')), true);
