SELECT resume_offset, max_append_ms, record_hash
FROM state_v1.projection_offset
WHERE topic = $1 AND incarnation = $2 AND partition = $3
