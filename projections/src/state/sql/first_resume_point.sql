-- The first resume point of a source, unless somebody else has written one.
INSERT INTO state_v1.projection_offset (topic, incarnation, partition, resume_offset, max_append_ms, record_hash)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING
