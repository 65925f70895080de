-- Decides about those of whom nothing new has been folded since they were looked at: who stands among the
-- responses has finished, who does not has left. Whoever is decided already stays as decided. Bots are let go.
WITH looked_at AS (
    SELECT *
    FROM UNNEST($1::uuid[], $2::text[], $3::integer[], $4::text[], $5::integer[], $6::bigint[], $7::text[])
        AS incoming (response_id, quiz_id, sequence, source_incarnation, source_partition, source_offset, event)
),
unchanged AS (
    SELECT looked_at.response_id, looked_at.quiz_id, looked_at.event, partial.bot_verdict
    FROM looked_at
    JOIN state_v1.partial_responses AS partial
        USING (response_id, quiz_id, sequence, source_incarnation, source_partition, source_offset)
),
let_go AS (
    DELETE FROM abandonment_v1.waiting
    USING unchanged
    WHERE waiting.response_id = unchanged.response_id AND waiting.quiz_id = unchanged.quiz_id
)
INSERT INTO abandonment_v1.decisions (response_id, quiz_id, outcome, decided_at, event)
SELECT
    unchanged.response_id, unchanged.quiz_id,
    CASE WHEN finished.response_id IS NULL THEN 'abandoned' ELSE 'finished' END,
    now(),
    CASE WHEN finished.response_id IS NULL THEN unchanged.event::json END
FROM unchanged
LEFT JOIN state_v1.quiz_responses AS finished USING (response_id, quiz_id)
WHERE unchanged.bot_verdict <> 'bot'
ORDER BY unchanged.response_id, unchanged.quiz_id
ON CONFLICT DO NOTHING
RETURNING outcome
