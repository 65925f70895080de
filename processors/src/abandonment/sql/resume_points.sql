-- How far each source of these topics has been folded.
SELECT topic, incarnation, partition, resume_offset
FROM state_v1.projection_offset
WHERE topic = ANY ($1)
