-- Who was last seen at $1 or before and waits behind ($2, $3, $4), the longest first, with what is known now.
SELECT
    waiting.last_seen_at AS waiting_since,
    partial.response_id, partial.quiz_id, partial.account_id, partial.visitor_id, partial.version, partial.sequence,
    partial.last_seen_at, jsonb_array_length(partial.elements) AS elements_seen, partial.last_element,
    partial.answers, partial.hidden, partial.utm,
    partial.referrer, partial.device, partial.country, partial.bot_verdict, partial.tags,
    partial.source_incarnation, partial.source_partition, partial.source_offset
FROM abandonment_v1.waiting
JOIN state_v1.partial_responses AS partial USING (response_id, quiz_id)
WHERE waiting.last_seen_at <= $1
    AND (waiting.last_seen_at, waiting.response_id, waiting.quiz_id) > ($2, $3, $4)
ORDER BY waiting.last_seen_at, waiting.response_id, waiting.quiz_id
LIMIT $5
