-- Every event's payload is in events.payload_blobs.
select training_events.id, training_events.payload_hash
from events.training_events
anti join events.payload_blobs on payload_blobs.hash = training_events.payload_hash
order by all
