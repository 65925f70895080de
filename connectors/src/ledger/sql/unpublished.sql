-- Events of messages' lives that the log has not acknowledged, oldest first.
SELECT message_id, number, event::text AS event
FROM sending.delivery_events
WHERE published_at IS NULL
ORDER BY happened_at
LIMIT $1
FOR UPDATE SKIP LOCKED
