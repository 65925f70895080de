-- Messages that are not in the ledger yet, and their campaigns' tallies.
WITH taken_in AS (
    INSERT INTO sending.message_ledger (
        message_id, channel, account_id, quiz_id, response_id, campaign_id, revision, step_id, recipient,
        sender_pool, unless_finished, unless_sent, message, due_at, late_from, not_before
    )
    SELECT
        message_id, channel, account_id, quiz_id, response_id, campaign_id, revision, step_id, recipient,
        sender_pool, unless_finished, unless_sent, document::json, due_at, late_from, due_at
    FROM unnest(
        $1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[],
        $10::text[], $11::boolean[], $12::uuid[], $13::text[], $14::timestamptz[], $15::timestamptz[]
    ) AS message (
        message_id, channel, account_id, quiz_id, response_id, campaign_id, revision, step_id, recipient,
        sender_pool, unless_finished, unless_sent, document, due_at, late_from
    )
    ON CONFLICT DO NOTHING
    RETURNING campaign_id, channel
),
counted AS (
    INSERT INTO sending.campaign_tallies (campaign_id, channel, what, shard, messages)
    SELECT campaign_id, channel, 'taken_in', $16, count(*)
    FROM taken_in
    GROUP BY campaign_id, channel
    ORDER BY campaign_id COLLATE "C", channel COLLATE "C"
    ON CONFLICT (campaign_id, channel, what, shard)
        DO UPDATE SET messages = campaign_tallies.messages + excluded.messages
)
SELECT count(*) FROM taken_in
