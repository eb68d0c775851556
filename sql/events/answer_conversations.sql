-- One row per recorded answer of a completed attempt, as a conversation: the prompt, the tool calls made, the answer.
-- @partition day
-- @key answer_id
-- @not_null messages, num_assistant_turns, num_tool_calls, has_reasoning, words, spans
-- @check json_extract_string(messages[1], '$.role') = 'user'
-- @check json_extract_string(messages[-1], '$.role') = 'assistant'
-- @column answer_id   The answer_id of events.answers.
-- @column messages   Chat messages in canonical JSON: the prompt as user, the tool calls and their
--     results as assistant and tool, the output as assistant, last. Reasoning stands with the calls
--     that follow it or with the answer; calls without a result are left out; a result of more than
--     32,000 characters is cut in its middle.
-- @column tools   JSON array text of the tools called, their parameters inferred from the calls;
--     null where none was.
-- @column num_assistant_turns   Assistant messages.
-- @column num_tool_calls   Tool calls in them.
-- @column has_reasoning   Whether one of them has reasoning.
-- @column words   What the conversation says as one text, without reasoning and results: what
--     content_hash is made of.
-- @column spans   The attempt's spans as a tree in JSON: id, kind, tool_name, is_error (only true),
--     duration_ms, children; without words.
-- @column span_events   Ids of the span events whose words stand in messages, oldest first.
-- @column span_sources   The lines of those: source_path, byte_offset and byte_end, the first byte
--     behind it.
with

answers as (
    select answer_id, prompt, output, spans
    from events.answers
    where status = 'completed' and prompt is not null and output is not null
),

spans as (
    select answer_id, span_no, unnest(span)
    from (
        select answer_id, generate_subscripts(spans, 1) as span_no, unnest(spans) as span
        from (
            select
                answer_id,
                json_transform(spans, '[{
                    "span_id": "VARCHAR", "parent_span_id": "VARCHAR", "kind": "VARCHAR", "tool_name": "VARCHAR",
                    "input": "JSON", "output": "JSON", "is_error": "BOOLEAN", "event_id": "VARCHAR", "duration_ms": "BIGINT",
                    "source_path": "VARCHAR", "byte_offset": "BIGINT", "byte_end": "BIGINT"
                }]') as spans,
            from answers
        )
    )
),

results as (
    select
        answer_id,
        parent_span_id as span_id,
        arg_min(coalesce(json_string(output), json_string(input), ''), span_no) as result,
    from spans
    where kind = 'tool_result' and parent_span_id is not null
    group by all
),

-- What the model said, in rounds: its results end a round. A call may hold its result itself; one without any is left out.
said as (
    select
        answer_id,
        span_no,
        kind,
        span_id,
        safe_tool_name(tool_name) as tool_name,
        object_arguments(input) as arguments,
        result,
        text,
        round_no,
    from (
        select
            spans.*,
            coalesce(results.result, json_string(spans.output)) as result,
            json_string(spans.output) as text,
            count(case when kind = 'tool_result' or (kind = 'tool_call' and results.result is null) then 1 end) over (
                partition by answer_id order by span_no rows between unbounded preceding and 1 preceding
            ) as round_no,
        from spans
        left join results using (answer_id, span_id)
    )
    where (kind = 'tool_call' and result is not null) or (kind = 'reasoning' and has_words(text))
),

-- Reasoning goes with the calls that follow it, or with the answer.
rounds as (
    select
        answer_id,
        coalesce(message_no, 9223372036854775807) as message_no,
        string_agg(text, chr(10) || chr(10) order by span_no) filter (where kind = 'reasoning') as reasoning,
        coalesce(list(
            {'id': span_id, 'name': tool_name, 'arguments': arguments, 'result': capped_result(result)} order by span_no
        ) filter (where kind = 'tool_call'), []) as calls,
    from (
        select
            *,
            min(round_no) filter (where kind = 'tool_call') over (
                partition by answer_id order by round_no range between current row and unbounded following
            ) as message_no,
        from said
    )
    group by all
),

utterances as (
    select answer_id, rounds.message_no, '' as content, rounds.reasoning, rounds.calls
    from rounds
    where message_no < 9223372036854775807
    union all by name
    select
        answers.answer_id,
        9223372036854775807 as message_no,
        answers.output as content,
        rounds.reasoning,
        coalesce(rounds.calls, []) as calls,
    from answers
    left join rounds on rounds.answer_id = answers.answer_id and rounds.message_no = 9223372036854775807
),

conversations as (
    select
        answer_id,
        flatten(list(
            list_concat(
                [assistant_message(
                    content,
                    reasoning,
                    list_transform(calls, lambda call: tool_call(call.id, call.name, call.arguments)),
                    true)],
                list_transform(calls, lambda call: tool_message(call.id, call.name, call.result)))
            order by message_no
        )) as messages,
        count(*)::integer as num_assistant_turns,
        sum(len(calls))::integer as num_tool_calls,
        count(reasoning) > 0 as has_reasoning,
        string_agg(
            'assistant: ' || content || to_json(list_transform(
                calls, lambda call: {'name': call.name, 'arguments': call.arguments}))::varchar,
            chr(10) order by message_no) as words,
    from utterances
    group by all
),

-- What each tool takes, as far as the calls of the answer show it.
parameters as (
    select answer_id, tool_name, key, argument_schema(list(json_type(value))) as schema
    from (
        select
            answer_id,
            tool_name,
            unnest(map_entries(json_transform(arguments, '"MAP(VARCHAR, JSON)"')), recursive := true),
        from said
        where kind = 'tool_call'
    )
    group by all
),

properties as (
    select
        answer_id,
        tool_name,
        string_agg(to_json(key)::varchar || ':' || schema, ',' order by key) as properties,
    from parameters
    group by all
),

tools as (
    select answer_id, '[' || string_agg(tool_schema(tool_name, properties), ',' order by tool_name) || ']' as tools
    from (
        select answer_id, tool_name from said where kind = 'tool_call' group by all
    )
    left join properties using (answer_id, tool_name)
    group by answer_id
),

-- The tree of spans as one text: every node with how deep it stands and how deep the next one does. Spans that name each
-- other as parents hang on no root; they stand beside the tree's.
places as (
    with recursive walk as (
        select answer_id, span_id, [span_no] as path
        from spans
        where parent_span_id is null
            or (answer_id, parent_span_id) not in (select (answer_id, span_id) from spans where span_id is not null)
        union all
        select spans.answer_id, spans.span_id, list_append(walk.path, spans.span_no)
        from walk
        join spans on spans.answer_id = walk.answer_id and spans.parent_span_id = walk.span_id
        where len(walk.path) < 50
    )
    select answer_id, path, path[-1] as span_no from walk
    union all
    select answer_id, [span_no], span_no
    from spans
    where (answer_id, span_no) not in (select (answer_id, path[-1]) from walk)
),

-- The spans whose words stand in the messages.
told as (
    select
        answer_id,
        list(event_id order by span_no) as span_events,
        list(
            {'source_path': source_path, 'byte_offset': byte_offset, 'byte_end': byte_end} order by span_no
        ) as span_sources,
    from spans
    where kind = 'tool_result' or (answer_id, span_no) in (select (answer_id, span_no) from said)
    group by all
),

trees as (
    select
        answer_id,
        '[' || string_agg(
            case when depth > previous_depth then '' else ',' end
                || span_node(span_id, kind, tool_name, is_error, duration_ms)
                || case when next_depth > depth then ',"children":[' else '}' || repeat(']}', depth - next_depth) end,
            '' order by path
        ) || ']' as spans,
    from (
        select
            spans.*,
            places.path,
            len(places.path) as depth,
            coalesce(lag(len(places.path)) over in_tree, 0) as previous_depth,
            coalesce(lead(len(places.path)) over in_tree, 1) as next_depth,
        from places
        join spans using (answer_id, span_no)
        window in_tree as (partition by answer_id order by places.path)
    )
    group by all
)

select
    answers.answer_id,
    list_prepend(user_message(answers.prompt), conversations.messages) as messages,
    tools.tools,
    conversations.num_assistant_turns,
    conversations.num_tool_calls,
    conversations.has_reasoning,
    'user: ' || answers.prompt || '[]' || chr(10) || conversations.words as words,
    coalesce(trees.spans, '[]')::json as spans,
    coalesce(told.span_events, []) as span_events,
    coalesce(told.span_sources, []) as span_sources,
from answers
join conversations using (answer_id)
left join tools using (answer_id)
left join trees using (answer_id)
left join told using (answer_id)
order by answer_id
