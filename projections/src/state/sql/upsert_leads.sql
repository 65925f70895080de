-- Rows in the order of their key, each at most once. The first, the last and the name of a lead are chosen
-- each for itself: by when the contact was seen, then by their records' places in the log.
INSERT INTO state_v1.leads AS held (
    lead_id, account_id, field, value, name, name_confidence,
    name_element_id, name_evidence, name_seen_at, name_append_at, name_partition, name_offset, name_incarnation,
    first_seen_at, first_quiz_id, first_response_id, first_trigger, first_confidence, first_element_id,
    first_evidence, first_append_at, first_partition, first_offset, first_incarnation, last_seen_at,
    last_quiz_id, last_response_id, last_trigger, last_confidence, last_element_id, last_evidence,
    last_append_at, last_partition, last_offset, last_incarnation
)
SELECT
    incoming.lead_id, incoming.account_id, incoming.field, incoming.value, incoming.name, incoming.name_confidence,
    incoming.name_element_id, incoming.name_evidence, incoming.name_seen_at, incoming.name_append_at, CASE WHEN incoming.name IS NOT NULL THEN $2::integer END, incoming.name_offset, CASE WHEN incoming.name IS NOT NULL THEN $1::text END,
    incoming.first_seen_at, incoming.first_quiz_id, incoming.first_response_id, incoming.first_trigger, incoming.first_confidence, incoming.first_element_id,
    incoming.first_evidence, incoming.first_append_at, $2, incoming.first_offset, $1, incoming.last_seen_at,
    incoming.last_quiz_id, incoming.last_response_id, incoming.last_trigger, incoming.last_confidence, incoming.last_element_id, incoming.last_evidence,
    incoming.last_append_at, $2, incoming.last_offset, $1
FROM UNNEST(
    $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::double precision[],
    $9::text[], $10::text[], $11::timestamptz[], $12::bigint[], $13::timestamptz[], $14::text[],
    $15::uuid[], $16::text[], $17::double precision[], $18::text[], $19::text[], $20::timestamptz[],
    $21::bigint[], $22::timestamptz[], $23::text[], $24::uuid[], $25::text[], $26::double precision[],
    $27::text[], $28::text[], $29::timestamptz[], $30::bigint[], $31::timestamptz[]
) AS incoming (
    lead_id, account_id, field, value, name, name_confidence,
    name_element_id, name_evidence, name_append_at, name_offset, first_seen_at, first_quiz_id,
    first_response_id, first_trigger, first_confidence, first_element_id, first_evidence, first_append_at,
    first_offset, last_seen_at, last_quiz_id, last_response_id, last_trigger, last_confidence,
    last_element_id, last_evidence, last_append_at, last_offset, name_seen_at
)
ON CONFLICT (lead_id) DO UPDATE SET
    (
        name, name_confidence, name_element_id, name_evidence, name_seen_at, name_append_at, name_partition,
        name_offset, name_incarnation
    ) = (
        SELECT record.* FROM (VALUES
            (
                held.name, held.name_confidence, held.name_element_id, held.name_evidence, held.name_seen_at, held.name_append_at, held.name_partition,
                held.name_offset, held.name_incarnation
            ),
            (
                excluded.name, excluded.name_confidence, excluded.name_element_id, excluded.name_evidence, excluded.name_seen_at, excluded.name_append_at, excluded.name_partition,
                excluded.name_offset, excluded.name_incarnation
            )
        ) AS record (
            name, name_confidence, name_element_id, name_evidence, name_seen_at, name_append_at, name_partition,
            name_offset, name_incarnation
        )
        ORDER BY record.name_seen_at DESC NULLS LAST, record.name_append_at DESC NULLS LAST, record.name_partition DESC NULLS LAST, record.name_offset DESC NULLS LAST, record.name_incarnation DESC NULLS LAST
        LIMIT 1
    ),
    (
        first_seen_at, first_quiz_id, first_response_id, first_trigger, first_confidence, first_element_id,
        first_evidence, first_append_at, first_partition, first_offset, first_incarnation
    ) = (
        SELECT record.* FROM (VALUES
            (
                held.first_seen_at, held.first_quiz_id, held.first_response_id, held.first_trigger, held.first_confidence, held.first_element_id,
                held.first_evidence, held.first_append_at, held.first_partition, held.first_offset, held.first_incarnation
            ),
            (
                excluded.first_seen_at, excluded.first_quiz_id, excluded.first_response_id, excluded.first_trigger, excluded.first_confidence, excluded.first_element_id,
                excluded.first_evidence, excluded.first_append_at, excluded.first_partition, excluded.first_offset, excluded.first_incarnation
            )
        ) AS record (
            first_seen_at, first_quiz_id, first_response_id, first_trigger, first_confidence, first_element_id,
            first_evidence, first_append_at, first_partition, first_offset, first_incarnation
        )
        ORDER BY record.first_seen_at, record.first_append_at, record.first_partition, record.first_offset, record.first_incarnation
        LIMIT 1
    ),
    (
        last_seen_at, last_quiz_id, last_response_id, last_trigger, last_confidence, last_element_id,
        last_evidence, last_append_at, last_partition, last_offset, last_incarnation
    ) = (
        SELECT record.* FROM (VALUES
            (
                held.last_seen_at, held.last_quiz_id, held.last_response_id, held.last_trigger, held.last_confidence, held.last_element_id,
                held.last_evidence, held.last_append_at, held.last_partition, held.last_offset, held.last_incarnation
            ),
            (
                excluded.last_seen_at, excluded.last_quiz_id, excluded.last_response_id, excluded.last_trigger, excluded.last_confidence, excluded.last_element_id,
                excluded.last_evidence, excluded.last_append_at, excluded.last_partition, excluded.last_offset, excluded.last_incarnation
            )
        ) AS record (
            last_seen_at, last_quiz_id, last_response_id, last_trigger, last_confidence, last_element_id,
            last_evidence, last_append_at, last_partition, last_offset, last_incarnation
        )
        ORDER BY record.last_seen_at DESC, record.last_append_at DESC, record.last_partition DESC, record.last_offset DESC, record.last_incarnation DESC
        LIMIT 1
    )
WHERE (excluded.first_seen_at, excluded.first_append_at, excluded.first_partition, excluded.first_offset, excluded.first_incarnation) < (held.first_seen_at, held.first_append_at, held.first_partition, held.first_offset, held.first_incarnation)
    OR (excluded.last_seen_at, excluded.last_append_at, excluded.last_partition, excluded.last_offset, excluded.last_incarnation) > (held.last_seen_at, held.last_append_at, held.last_partition, held.last_offset, held.last_incarnation)
    OR (excluded.name IS NOT NULL AND (held.name IS NULL
        OR (excluded.name_seen_at, excluded.name_append_at, excluded.name_partition, excluded.name_offset, excluded.name_incarnation) > (held.name_seen_at, held.name_append_at, held.name_partition, held.name_offset, held.name_incarnation)))
