-- Immediately before the calls: only rows that this worker still holds, that nobody has opted out of meanwhile, and
-- whose response, where that matters, is not finished.
UPDATE sending.message_ledger AS ledger
SET state = 'sending',
    state_at = now(),
    attempt = ledger.attempt + 1,
    reason = NULL,
    sender_id = admitted.sender_id,
    provider = admitted.provider,
    lease_until = now() + $5 * interval '1 millisecond'
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS admitted (message_id, sender_id, provider)
WHERE ledger.message_id = admitted.message_id
    -- Said twice: with it the planner goes by the ids, however many weeks there are.
    AND ledger.message_id = ANY ($1)
    AND ledger.token = $4
    AND ledger.state = 'leased'
    AND ledger.lease_until > now()
    AND NOT EXISTS (
        SELECT FROM sending.suppressions AS suppressed
        WHERE suppressed.account_id = ledger.account_id
            AND suppressed.channel = ledger.channel
            AND suppressed.contact = ledger.contact
    )
    AND NOT EXISTS (
        SELECT FROM sending.consents
        WHERE consents.account_id = ledger.account_id
            AND consents.channel = ledger.channel
            AND consents.contact = ledger.contact
            AND consents.state = 'withdrawn'
    )
    AND NOT (ledger.unless_finished AND (
        EXISTS (
            SELECT FROM $STATE.quiz_responses AS finished
            WHERE finished.response_id = ledger.response_id AND finished.quiz_id = ledger.quiz_id
            -- Row by row, by the index: without it the planner may read and hash the whole table.
            OFFSET 0
        )
        OR EXISTS (
            SELECT FROM sending.message_ledger AS later WHERE later.unless_sent = ledger.message_id OFFSET 0
        )
    ))
    AND EXISTS (
        SELECT FROM sending.campaigns
        WHERE campaigns.campaign_id = ledger.campaign_id AND campaigns.state = 'active'
    )
RETURNING ledger.message_id
