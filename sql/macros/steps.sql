-- Whether a person was asked before the agent acted, by the turn's permission mode; null where the log does not say.
-- Claude: default, acceptEdits and plan ask; bypassPermissions, auto and dontAsk do not. Codex: never does not ask, and a
-- granular policy asks about commands only where it says so (session-formats 1.2 and 2.3; trap 49).
create or replace macro asks_permission(agent, permission_mode) as
    case
        when permission_mode is null then null
        when agent = 'claude' then permission_mode in ('default', 'acceptEdits', 'plan')
        when starts_with(permission_mode, '{') then coalesce(
            json_extract_string(permission_mode, '$.granular.sandbox_approval') = 'true'
                or json_extract_string(permission_mode, '$.granular.rules') = 'true', false)
        else permission_mode in ('untrusted', 'on-failure', 'on-request') end;

-- Tools that Claude Code as a rule runs without asking: that a call of one was refused does not show that the session asks,
-- as Esc is logged in the same words.
create or replace macro runs_unasked(tool_name) as tool_name in (
    'Read', 'Glob', 'Grep', 'LS', 'NotebookRead', 'Task', 'Agent', 'TodoRead', 'TodoWrite', 'AskUserQuestion');

-- A tool call as a step: the tool's name, then its arguments as JSON.
create or replace macro call_text(tool_name, arguments) as tool_name || ' ' || arguments::varchar;

-- A chat message as plain text, for prompts that are one string.
create or replace macro message_text(message) as
    case json_extract_string(message, '$.role')
        when 'user' then 'User: ' || json_extract_string(message, '$.content')
        when 'tool' then
            'Result of ' || json_extract_string(message, '$.name') || ': ' || json_extract_string(message, '$.content')
        else array_to_string(list_concat(
            list_filter(
                ['Assistant: ' || nullif(json_extract_string(message, '$.content'), '')], lambda line: line is not null),
            list_transform(
                json_extract(message, '$.tool_calls[*].function'),
                lambda call: 'Call: ' || call_text(json_extract_string(call, '$.name'), json_extract(call, '$.arguments')))
        ), chr(10)) end;

-- A count of tokens that a log can mean: null where it is less than none or beyond all measure, which no sum may overflow on.
create or replace macro token_count(value) as case when value between 0 and 1000000000000 then value end;

-- The usage of Codex with counts only; null stays null.
create or replace macro token_usage(usage) as case when usage is not null then struct_update(
    usage,
    input_tokens := token_count(usage.input_tokens),
    cached_input_tokens := token_count(usage.cached_input_tokens),
    cache_write_input_tokens := token_count(usage.cache_write_input_tokens),
    output_tokens := token_count(usage.output_tokens),
    reasoning_output_tokens := token_count(usage.reasoning_output_tokens),
    total_tokens := token_count(usage.total_tokens)) end;
