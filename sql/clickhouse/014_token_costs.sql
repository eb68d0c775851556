-- One row per day of use (UTC), project, agent and model: tokens by kind and what they cost, in US dollars.
-- A model that `prices` does not know that day costs null, not 0. Output holds the reasoning tokens already.
create or replace view token_costs as
with
-- Codex counts tokens on steps that name no model: then it is the turn's.
used as (
    select
        coalesce(toDate(steps.occurred_at), toDateOrZero(steps.day)) as used_on,
        steps.project_path as project_path,
        steps.agent as agent,
        ifNull(coalesce(steps.model, turns.model), '') as model,
        replaceRegexpOne(model, '-(20\\d{6}|20\\d{2}-\\d{2}-\\d{2})$', '') as priced_as,
        steps.input_tokens as input_tokens,
        steps.cache_read_tokens as cache_read_tokens,
        steps.cache_write_tokens as cache_write_tokens,
        steps.output_tokens as output_tokens,
        steps.reasoning_tokens as reasoning_tokens
    from steps
    global left join (select turn_id, model from turns) as turns on turns.turn_id = steps.turn_id
    where steps.input_tokens is not null or steps.output_tokens is not null
),

daily as (
    select
        used_on,
        project_path,
        agent,
        model,
        priced_as,
        sum(ifNull(used.input_tokens, 0)) as input_tokens,
        sum(ifNull(used.cache_read_tokens, 0)) as cache_read_tokens,
        sum(ifNull(used.cache_write_tokens, 0)) as cache_write_tokens,
        sum(ifNull(used.output_tokens, 0)) as output_tokens,
        sum(ifNull(used.reasoning_tokens, 0)) as reasoning_tokens
    from used
    group by used_on, project_path, agent, model, priced_as
)

select
    daily.used_on as used_on,
    daily.project_path as project_path,
    daily.agent as agent,
    nullIf(daily.model, '') as model,
    daily.input_tokens as input_tokens,
    daily.cache_read_tokens as cache_read_tokens,
    daily.cache_write_tokens as cache_write_tokens,
    daily.output_tokens as output_tokens,
    daily.reasoning_tokens as reasoning_tokens,
    (
        daily.input_tokens * prices.input
        + daily.cache_read_tokens * prices.cache_read
        + daily.cache_write_tokens * prices.cache_write
        + daily.output_tokens * prices.output
    ) / 1e6 as cost_usd
from daily
global asof left join prices on prices.model = daily.priced_as and prices.valid_from <= daily.used_on
