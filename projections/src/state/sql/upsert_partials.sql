-- Rows in the order of their key, each at most once. Of two rows of a key the one with the higher sequence
-- stays, of two copies the first in the log; first_seen_at is the least of both, whichever stays.
INSERT INTO state_v1.partial_responses AS held (
    response_id, quiz_id, account_id, visitor_id, version, sequence,
    first_seen_at, last_seen_at, append_at, started_at_ms,
    elements, last_element, answers, hidden, utm, referrer, device, country, bot_verdict, tags,
    source_topic, source_incarnation, source_partition, source_offset
)
SELECT
    incoming.response_id, incoming.quiz_id, incoming.account_id, incoming.visitor_id, incoming.version, incoming.sequence,
    incoming.first_seen_at, incoming.last_seen_at, incoming.append_at, incoming.started_at_ms,
    incoming.elements::jsonb, incoming.last_element, incoming.answers::jsonb, incoming.hidden::jsonb, incoming.utm::jsonb,
    incoming.referrer, incoming.device, incoming.country, incoming.bot_verdict, incoming.tags::text[],
    $1, $2, $3, incoming.source_offset
FROM UNNEST(
    $4::uuid[], $5::text[], $6::text[], $7::uuid[], $8::bigint[], $9::integer[],
    $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::bigint[],
    $14::text[], $15::text[], $16::text[], $17::text[], $18::text[],
    $19::text[], $20::text[], $21::text[], $22::text[], $23::text[], $24::bigint[]
) AS incoming (
    response_id, quiz_id, account_id, visitor_id, version, sequence,
    first_seen_at, last_seen_at, append_at, started_at_ms,
    elements, last_element, answers, hidden, utm,
    referrer, device, country, bot_verdict, tags, source_offset
)
ON CONFLICT (response_id, quiz_id) DO UPDATE SET
    first_seen_at = LEAST(held.first_seen_at, excluded.first_seen_at),
    (
        account_id, visitor_id, version, sequence, last_seen_at, append_at, started_at_ms,
        elements, last_element, answers, hidden, utm, referrer, device, country, bot_verdict, tags,
        source_topic, source_incarnation, source_partition, source_offset
    ) = (
        SELECT
            beacon.account_id, beacon.visitor_id, beacon.version, beacon.sequence, beacon.last_seen_at, beacon.append_at, beacon.started_at_ms,
            beacon.elements, beacon.last_element, beacon.answers, beacon.hidden, beacon.utm,
            beacon.referrer, beacon.device, beacon.country, beacon.bot_verdict, beacon.tags,
            beacon.source_topic, beacon.source_incarnation, beacon.source_partition, beacon.source_offset
        FROM (VALUES
            (
                held.account_id, held.visitor_id, held.version, held.sequence, held.last_seen_at, held.append_at, held.started_at_ms,
                held.elements, held.last_element, held.answers, held.hidden, held.utm,
                held.referrer, held.device, held.country, held.bot_verdict, held.tags,
                held.source_topic, held.source_incarnation, held.source_partition, held.source_offset
            ),
            (
                excluded.account_id, excluded.visitor_id, excluded.version, excluded.sequence, excluded.last_seen_at, excluded.append_at, excluded.started_at_ms,
                excluded.elements, excluded.last_element, excluded.answers, excluded.hidden, excluded.utm,
                excluded.referrer, excluded.device, excluded.country, excluded.bot_verdict, excluded.tags,
                excluded.source_topic, excluded.source_incarnation, excluded.source_partition, excluded.source_offset
            )
        ) AS beacon (
            account_id, visitor_id, version, sequence, last_seen_at, append_at, started_at_ms,
            elements, last_element, answers, hidden, utm, referrer, device, country, bot_verdict, tags,
            source_topic, source_incarnation, source_partition, source_offset
        )
        ORDER BY beacon.sequence DESC, beacon.append_at, beacon.source_partition, beacon.source_offset, beacon.source_incarnation
        LIMIT 1
    )
WHERE excluded.first_seen_at < held.first_seen_at
    OR (-excluded.sequence, excluded.append_at, excluded.source_partition, excluded.source_offset, excluded.source_incarnation)
        < (-held.sequence, held.append_at, held.source_partition, held.source_offset, held.source_incarnation)
