-- One row per agent and day from `since` on whose share of answered human turns fell off a cliff: of at least 10 turns, more
-- than 30 points or more than half below the median of the 14 days with turns before it (5 at the least).
with

compared as (
    select
        *,
        answered_count / turn_count as rate,
        median(answered_count / turn_count) over before as usual_rate,
        count(*) over before as days_before,
    from core.answer_days
    window before as (partition by agent order by asked_on rows between 14 preceding and 1 preceding)
)

select agent, strftime(asked_on, '%Y-%m-%d') as asked_on, turn_count, answered_count, rate, usual_rate
from compared
where asked_on >= getvariable('since')::timestamp
    and turn_count >= 10
    and days_before >= 5
    and (usual_rate - rate > 0.3 or rate < usual_rate / 2)
order by asked_on desc, agent
