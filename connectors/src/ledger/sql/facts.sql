-- What the checks need to know of each leased row.
SELECT
    leased.message_id,
    leased.message::text AS message,
    leased.attempt,
    leased.provider,
    leased.sender_id,
    leased.unless_sent,
    now() AS now,
    EXISTS (
        SELECT FROM sending.suppressions AS suppressed
        WHERE suppressed.account_id = leased.account_id
            AND suppressed.channel = leased.channel
            AND suppressed.contact = leased.contact
    ) AS suppressed,
    (
        SELECT consents.state FROM sending.consents
        WHERE consents.account_id = leased.account_id
            AND consents.channel = leased.channel
            AND consents.contact = leased.contact
    ) AS consent,
    leased.unless_finished AND (
        EXISTS (
            SELECT FROM $STATE.quiz_responses AS finished
            WHERE finished.response_id = leased.response_id AND finished.quiz_id = leased.quiz_id
            -- Row by row, by the index: without it the planner may read and hash the whole table.
            OFFSET 0
        )
        -- What the finish itself made stands in the ledger, however far behind the projection is.
        OR EXISTS (
            SELECT FROM sending.message_ledger AS later WHERE later.unless_sent = leased.message_id OFFSET 0
        )
    ) AS finished,
    (
        SELECT earlier.state FROM sending.message_ledger AS earlier
        WHERE earlier.message_id = leased.unless_sent
    ) AS earlier_state,
    (SELECT campaigns.state FROM sending.campaigns WHERE campaigns.campaign_id = leased.campaign_id) AS campaign_state,
    COALESCE(
        (
            SELECT recipients.sent_at FROM sending.recipients
            WHERE recipients.account_id = leased.account_id
                AND recipients.channel = leased.channel
                AND recipients.recipient = leased.contact
        ),
        '{}'
    ) AS recent
FROM leased
ORDER BY leased.not_before, leased.message_id
