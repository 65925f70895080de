-- With the campaigns of which something waits, from when on it does: one whose first row is not due gives none.
DROP FUNCTION sending.waiting_campaigns(text, text, text);

-- The campaigns of which something waits in a pool, and from when on, each found by one step in message_ledger_due, however
-- many rows it has (a loose index scan: https://wiki.postgresql.org/wiki/Loose_indexscan).
CREATE FUNCTION sending.waiting_campaigns(in_channel text, in_account text, in_pool text)
RETURNS TABLE (campaign_id text, first_at timestamptz)
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE found (campaign_id, first_at) AS (
        (
            SELECT ledger.campaign_id, ledger.not_before FROM sending.message_ledger AS ledger
            WHERE ledger.channel = in_channel
                AND ledger.account_id = in_account
                AND ledger.sender_pool = in_pool
                AND ledger.state = 'waiting'
            ORDER BY ledger.campaign_id, ledger.not_before
            LIMIT 1
        )
        UNION ALL
        SELECT next.campaign_id, next.not_before
        FROM found
        CROSS JOIN LATERAL (
            SELECT ledger.campaign_id, ledger.not_before FROM sending.message_ledger AS ledger
            WHERE ledger.channel = in_channel
                AND ledger.account_id = in_account
                AND ledger.sender_pool = in_pool
                AND ledger.state = 'waiting'
                AND ledger.campaign_id > found.campaign_id
            ORDER BY ledger.campaign_id, ledger.not_before
            LIMIT 1
        ) AS next
    )
    SELECT found.campaign_id, found.first_at FROM found
$$;
