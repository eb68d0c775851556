-- Every recorded artifact is a row of artifacts, or orphans says what it lacks.
select facts.event_id, facts.artifact_id
from events.facts
anti join events.artifacts on artifacts.artifact_id = facts.artifact_id
-- One recorded twice is told of once.
anti join events.orphans as orphans_by_id on orphans_by_id.artifact_id = facts.artifact_id
anti join events.orphans as orphans_by_event on orphans_by_event.event_id = facts.event_id
where facts.event_type = 'artifact.created'
order by facts.event_id
