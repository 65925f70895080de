-- Partial responses of a source behind the offset $3, up to $4, at most $5. Returns how many were looked at,
-- and the offset of the last one.
WITH found AS (
    SELECT response_id, quiz_id, last_seen_at, bot_verdict, source_offset
    FROM state_v1.partial_responses
    WHERE source_incarnation = $1 AND source_partition = $2 AND source_offset > $3 AND source_offset <= $4
    ORDER BY source_offset
    LIMIT $5
),
kept AS (
    INSERT INTO abandonment_v1.waiting (response_id, quiz_id, last_seen_at)
    SELECT response_id, quiz_id, last_seen_at
    FROM found
    WHERE bot_verdict <> 'bot'
        AND NOT EXISTS (
            SELECT FROM abandonment_v1.decisions AS decided
            WHERE decided.response_id = found.response_id AND decided.quiz_id = found.quiz_id
        )
    ORDER BY response_id, quiz_id
    ON CONFLICT (response_id, quiz_id) DO UPDATE SET last_seen_at = excluded.last_seen_at
)
SELECT count(*), max(source_offset) FROM found
