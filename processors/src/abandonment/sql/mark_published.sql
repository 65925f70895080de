-- The answers have done their work: they stand in the log, and are not kept here.
UPDATE abandonment_v1.decisions AS decided
SET published_at = now(), event = NULL
FROM UNNEST($1::uuid[], $2::text[]) AS delivered (response_id, quiz_id)
WHERE decided.response_id = delivered.response_id AND decided.quiz_id = delivered.quiz_id
