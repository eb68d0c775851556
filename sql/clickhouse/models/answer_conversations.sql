-- One row per recorded answer of a completed attempt, as a conversation: the prompt, the tool calls made, the answer.
-- @key answer_id
with

answers as (
    select day, answer_id, attempt_id, prompt, output
    from model_answers
    where status = 'completed' and prompt is not null and output is not null
),

spans as (
    select made.answer_id as answer_id, answer_spans.*
    from (select answer_id, attempt_id as made_in from answers) as made
    join model_answer_spans as answer_spans on answer_spans.attempt_id = made.made_in
),

results as (
    select
        answer_id,
        spans.parent_span_id as span_id,
        argMin(coalesce(json_string(output), json_string(input), ''), span_no) as result
    from spans
    where kind = 'tool_result' and spans.parent_span_id is not null
    group by answer_id, span_id
),

answered as (
    select
        spans.answer_id as answer_id,
        spans.span_no as span_no,
        spans.kind as kind,
        spans.span_id as span_id,
        safe_tool_name(spans.tool_name) as tool_name,
        object_arguments(nullIf(spans.input, '')) as arguments,
        results.result as told_result,
        json_string(spans.output) as text
    from spans
    left join results on results.answer_id = spans.answer_id and results.span_id = spans.span_id
),

in_rounds as (
    select
        *,
        coalesce(told_result, text) as result,
        toInt64(countIf(ifNull(kind = 'tool_result' or (kind = 'tool_call' and told_result is null), false)) over (
            partition by answer_id order by span_no rows between unbounded preceding and 1 preceding
        )) as round_no
    from answered
),

-- What the model said, in rounds: its results end a round. A call may hold its result itself; one without any is left out.
said as (
    select *
    from in_rounds
    where (kind = 'tool_call' and result is not null) or (kind = 'reasoning' and has_words(text))
),

-- Reasoning goes with the calls that follow it, or with the answer.
rounds as (
    select
        answer_id,
        message_no,
        nullIf(arrayStringConcat(
            arrayMap(
                thought -> thought.2,
                arraySort(thought -> thought.1, groupArrayIf((span_no, ifNull(text, '')), kind = 'reasoning'))),
            '\n\n'), '') as reasoning,
        arraySort(call -> call.1, groupArrayIf(
            (span_no, span_id, tool_name, arguments, capped_result(result)), kind = 'tool_call')) as calls
    from (
        select
            *,
            min(if(kind = 'tool_call', round_no, 9223372036854775807)) over (
                partition by answer_id order by round_no range between current row and unbounded following
            ) as message_no
        from said
    )
    group by answer_id, message_no
),

utterances as (
    select answer_id, message_no, '' as content, reasoning, calls
    from rounds
    where message_no < 9223372036854775807
    union all
    select answers.answer_id, 9223372036854775807, assumeNotNull(answers.output), last_rounds.reasoning, last_rounds.calls
    from answers
    left join (select * from rounds where message_no = 9223372036854775807) as last_rounds
        on last_rounds.answer_id = answers.answer_id
),

told_messages as (
    select
        answer_id,
        message_no,
        reasoning,
        length(calls) as call_count,
        arrayConcat(
            [assistant_message(content, reasoning, arrayMap(call -> tool_call(call.2, call.3, call.4), calls), true)],
            arrayMap(call -> tool_message(call.2, call.3, call.5), calls)) as messages,
        concat('assistant: ', content, '[', arrayStringConcat(
            arrayMap(call -> concat('{"name":', json_text(call.3), ',"arguments":', call.4, '}'), calls), ','
        ), ']') as words
    from utterances
),

conversations as (
    select
        answer_id,
        arrayFlatten(arrayMap(one -> one.2, arraySort(one -> one.1, groupArray((message_no, messages))))) as all_messages,
        toInt32(count()) as num_assistant_turns,
        toInt32(sum(call_count)) as num_tool_calls,
        countIf(reasoning is not null) > 0 as has_reasoning,
        arrayStringConcat(
            arrayMap(one -> one.2, arraySort(one -> one.1, groupArray((message_no, words)))), '\n') as all_words
    from told_messages
    group by answer_id
),

-- What each tool takes, as far as the calls of the answer show it.
tools as (
    select
        answer_id,
        concat('[', arrayStringConcat(
            arrayMap(one -> tool_schema(one.1, one.2), arraySort(groupArray((tool_name, properties)))), ','
        ), ']') as tools
    from (
        select
            answer_id,
            tool_name,
            argument_properties(arrayFlatten(groupArray(member_types(json_tokens(arguments))))) as properties
        from said
        where kind = 'tool_call'
        group by answer_id, tool_name
    )
    group by answer_id
),

-- The spans whose words stand in the messages.
told as (
    select
        answer_id,
        arrayMap(one -> one.2, arraySort(one -> one.1, groupArray((span_no, event_id)))) as span_events,
        arrayMap(one -> one.2, arraySort(one -> one.1, groupArray((
            span_no, json_place(source_path, byte_offset, byte_end))))) as span_sources
    from spans
    where kind = 'tool_result' or (answer_id, span_no) in (select answer_id, span_no from said)
    group by answer_id
)

select
    answers.day as day,
    answers.answer_id as answer_id,
    arrayConcat([user_message(answers.prompt)], conversations.all_messages) as messages,
    tools.tools as tools,
    conversations.num_assistant_turns as num_assistant_turns,
    conversations.num_tool_calls as num_tool_calls,
    conversations.has_reasoning as has_reasoning,
    concat('user: ', answers.prompt, '[]\n', conversations.all_words) as words,
    told.span_events as span_events,
    told.span_sources as span_sources
from answers
join conversations on conversations.answer_id = answers.answer_id
left join tools on tools.answer_id = answers.answer_id
left join told on told.answer_id = answers.answer_id
order by answer_id
