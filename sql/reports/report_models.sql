-- One row per step of time and model: the turns it answered; models after the first seven are `others`.
with

turns as (
    select
        date_trunc(getvariable('step'), timezone(getvariable('time_zone'), timezone('UTC', started_at))) as at,
        model,
    from core.turns
    where is_human and model is not null and started_at is not null
),

models as (
    select model, row_number() over (order by count(*) desc, model) as place
    from turns
    group by model
)

select turns.at, if(models.place <= 7, models.model, 'others') as model, count(*) as turns
from turns
join models using (model)
group by all
order by all
