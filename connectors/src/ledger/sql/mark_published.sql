UPDATE sending.delivery_events
SET published_at = now()
FROM unnest($1::uuid[], $2::smallint[]) AS published (message_id, number)
WHERE delivery_events.message_id = published.message_id
    AND delivery_events.number = published.number
    AND published_at IS NULL
