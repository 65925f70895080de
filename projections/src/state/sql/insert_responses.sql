-- Rows in the order of their key. The first copy of (response_id, quiz_id) stays for ever.
INSERT INTO state_v1.quiz_responses (
    response_id, quiz_id, account_id, visitor_id, version,
    received_at, event_at, append_at, started_at_ms, submitted_at_ms,
    answers, hidden, utm, referrer, device, country, bot_verdict, bot_reasons, tags,
    source_topic, source_incarnation, source_partition, source_offset
)
SELECT
    incoming.response_id, incoming.quiz_id, incoming.account_id, incoming.visitor_id, incoming.version,
    incoming.received_at, incoming.event_at, incoming.append_at, incoming.started_at_ms, incoming.submitted_at_ms,
    incoming.answers::jsonb, incoming.hidden::jsonb, incoming.utm::jsonb, incoming.referrer, incoming.device, incoming.country,
    incoming.bot_verdict, incoming.bot_reasons::text[], incoming.tags::text[],
    $1, $2, $3, incoming.source_offset
FROM UNNEST(
    $4::uuid[], $5::text[], $6::text[], $7::uuid[], $8::bigint[],
    $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::bigint[], $13::bigint[],
    $14::text[], $15::text[], $16::text[], $17::text[], $18::text[], $19::text[],
    $20::text[], $21::text[], $22::text[], $23::bigint[]
) AS incoming (
    response_id, quiz_id, account_id, visitor_id, version,
    received_at, event_at, append_at, started_at_ms, submitted_at_ms,
    answers, hidden, utm, referrer, device, country,
    bot_verdict, bot_reasons, tags, source_offset
)
ON CONFLICT DO NOTHING
