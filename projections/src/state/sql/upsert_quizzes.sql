-- Rows in the order of their key, each quiz at most once.
INSERT INTO state_v1.quizzes AS held (
    quiz_id, account_id, state, version, changed_at, title, document, append_at,
    source_topic, source_incarnation, source_partition, source_offset
)
SELECT
    incoming.quiz_id, incoming.account_id, incoming.state, incoming.version, incoming.changed_at, incoming.title, incoming.document::jsonb, incoming.append_at,
    $1, $2, $3, incoming.version
FROM UNNEST(
    $4::text[], $5::text[], $6::text[], $7::bigint[], $8::timestamptz[], $9::text[], $10::text[], $11::timestamptz[]
) AS incoming (quiz_id, account_id, state, version, changed_at, title, document, append_at)
ON CONFLICT (quiz_id) DO UPDATE SET
    account_id = excluded.account_id,
    state = excluded.state,
    version = excluded.version,
    changed_at = excluded.changed_at,
    title = excluded.title,
    document = excluded.document,
    append_at = excluded.append_at,
    source_topic = excluded.source_topic,
    source_incarnation = excluded.source_incarnation,
    source_partition = excluded.source_partition,
    source_offset = excluded.source_offset
WHERE CASE
    -- Within one incarnation the offset says which version is later.
    WHEN excluded.source_incarnation = held.source_incarnation THEN excluded.version > held.version
    -- A topic that was made again counts from 0 anew.
    ELSE excluded.append_at > held.append_at
END
