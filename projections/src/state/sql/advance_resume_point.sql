-- Compare-and-set: nobody else has come further since this owner last looked.
UPDATE state_v1.projection_offset
SET resume_offset = $4, max_append_ms = $5, record_hash = $6
WHERE topic = $1 AND incarnation = $2 AND partition = $3
    AND resume_offset = $7
