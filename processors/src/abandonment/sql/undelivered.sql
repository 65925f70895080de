-- Announcements that the log has not acknowledged, the oldest first, but for those that another instance is at.
SELECT response_id, quiz_id, event
FROM abandonment_v1.decisions
WHERE outcome = 'abandoned' AND published_at IS NULL
ORDER BY decided_at
LIMIT $1
FOR UPDATE SKIP LOCKED
