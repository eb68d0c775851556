-- Rules for what a Codex rollout line means. The wordings are the CLI's own (session-formats 2.4 to 2.8).

-- True for a part of a user-role item that the harness wrote: 27% of all user items (trap 32). New versions bring new
-- tags; one with an underscore around the whole part is taken for such.
create or replace macro is_injected_part(text) as
    coalesce(
        ends_with(trimmed(text), '</' || nullif(regexp_extract(ltrim(text), '^<([a-z]+_[a-z_]+)>', 1), '') || '>'),
        false)
    or regexp_matches(
        ltrim(text),
        '^(<(environment_context|user_instructions|INSTRUCTIONS|turn_aborted|recommended_plugins|skill|subagent_notification|user_action|user_shell_command|permissions instructions|collaboration_mode)\b'
        || '|# AGENTS\.md instructions|Warning: apply_patch was requested via|The following is the Codex agent history)');

-- True for the wrapper texts around an image in a user item; the image itself is its own part.
create or replace macro is_image_wrapper(text) as regexp_full_match(trim(text), '</?image( [^>]*)?>');

-- A prompt from an IDE or the desktop app stands behind the last marker line (trap 34); inside a sentence the marker is
-- the human's.
create or replace macro codex_request(text) as
    case
        when regexp_matches(text, '^\s*# (Context from my IDE setup|Files mentioned by the user):')
            and contains(text, '## My request for Codex:')
            then trimmed(array_extract(string_split_regex(text, '(^|\n)## My request for Codex:'), -1))
        else text end;

-- True for an expanded custom prompt: recorded as if typed, only the first fence is the human's (trap 44).
create or replace macro is_custom_prompt(text) as
    regexp_matches(text, '(?s)^\s*(---.*?---\s*)?(#[^\n]*\n\s*)?## User Input\s*\n\s*```');

-- The fence closes where a line is nothing but it: arguments may hold ``` themselves.
create or replace macro custom_prompt_arguments(text) as
    trimmed(regexp_extract(text, '(?sm)## User Input\s*\n\s*```[a-z]*\r?\n(.*?)^[ \t]*```[ \t]*\r?$', 1));

-- An answer as the human saw it: hidden citation blocks and plan tags cut out (trap 42). A tag inside a sentence is the
-- model's own words.
create or replace macro codex_answer(text) as
    case
        when contains(text, '<oai-mem-citation>') or contains(text, 'proposed_plan>') then
            trimmed(regexp_replace(
                regexp_replace(text, '(?s)\s*<oai-mem-citation>.*?</oai-mem-citation>', '', 'g'),
                '(^|\s*\n)[ \t]*</?proposed_plan>[ \t]*(\n\s*|$)', chr(10) || chr(10), 'g'))
        else text end;

-- What agent_message shows of an answer that holds a plan: the plan is an item of its own (0.104).
create or replace macro without_plan(text) as
    trimmed(codex_answer(
        regexp_replace(text, '(?s)\s*<proposed_plan>.*?</proposed_plan>\s*', chr(10) || chr(10), 'g')));

-- Tool output up to 0.126: a JSON string of {"output", "metadata": {"exit_code"}}; later plain text.
-- A `case`, because `and` would read every output as JSON.
create or replace macro is_json_output(text) as
    case when starts_with(text, '{') then coalesce(try(json_type(text, '$.metadata')) = 'OBJECT', false) else false end;

create or replace macro codex_output_text(text) as
    case when is_json_output(text) then coalesce(json_extract_string(text, '$.output'), text) else text end;

create or replace macro codex_exit_code(text) as
    case
        when is_json_output(text) then try_cast(json_extract_string(text, '$.metadata.exit_code') as integer)
        when starts_with(text, 'Exit code: ') then try_cast(regexp_extract(text, '^Exit code: (-?\d+)', 1) as integer)
        else try_cast(regexp_extract(left(text, 500), '(?m)^Process exited with code (-?\d+)', 1) as integer) end;

-- A human's refusal, by its exact words: "rejected by user approval settings" and other reasons are a policy's. From 0.104
-- it stands inside a quoted error behind the command, which may be long.
create or replace macro is_codex_rejection(text) as
    regexp_matches(left(text, 400), '^(exec command|patch) rejected by user\s*$')
    or (regexp_matches(left(text, 60), '^[a-z_]+ failed\b')
        and regexp_matches(text, 'Rejected\(\\?"rejected by user\\?"\)'));

create or replace macro is_codex_abort(text) as
    regexp_matches(left(text, 400), '(?m)^aborted by user');

-- A shell or patch tool that failed without an exit code answers with a bare sentence.
create or replace macro is_bare_failure(tool_name, text) as
    tool_name in ('shell', 'local_shell', 'shell_command', 'exec_command', 'write_stdin', 'apply_patch')
    and not is_json_output(text)
    and not regexp_matches(left(text, 500), '(?m)^(Exit code:|Wall time:|Chunk ID|Process (exited|running)|Output:|Success\.)');

create or replace macro codex_output_failed(tool_name, text) as
    case
        when codex_exit_code(text) is not null then codex_exit_code(text) <> 0
        when is_json_output(text) then false
        else starts_with(text, 'Script failed') or is_codex_abort(text) or is_bare_failure(tool_name, text) end;
