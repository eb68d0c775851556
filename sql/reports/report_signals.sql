-- One row per kind of signal that people left in the logs: how many, and whether it speaks for (1) or against (-1) the agent.
select kind, polarity, count(*) as signals
from core.signals
group by all
order by signals desc, kind
