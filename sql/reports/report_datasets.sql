-- One row per training set and split: its rows.
select
    dataset,
    split,
    list_position(['train', 'validation', 'test'], split) as part,
    count(*) as examples,
from datasets.training_examples
group by all
order by all
