-- A campaign that is paused may have any number of rows that are due: a lease must not read past them.
DROP INDEX sending.message_ledger_due;
CREATE INDEX message_ledger_due
    ON sending.message_ledger (channel, account_id, sender_pool, campaign_id, not_before)
    WHERE state = 'waiting';

-- The campaigns of which something waits in a pool, each found by one step in the index above, however many rows it has
-- (a loose index scan: https://wiki.postgresql.org/wiki/Loose_indexscan).
CREATE FUNCTION sending.waiting_campaigns(in_channel text, in_account text, in_pool text) RETURNS SETOF text
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE found (campaign_id) AS (
        (
            SELECT ledger.campaign_id FROM sending.message_ledger AS ledger
            WHERE ledger.channel = in_channel
                AND ledger.account_id = in_account
                AND ledger.sender_pool = in_pool
                AND ledger.state = 'waiting'
            ORDER BY ledger.campaign_id
            LIMIT 1
        )
        UNION ALL
        SELECT next.campaign_id
        FROM found
        CROSS JOIN LATERAL (
            SELECT ledger.campaign_id FROM sending.message_ledger AS ledger
            WHERE ledger.channel = in_channel
                AND ledger.account_id = in_account
                AND ledger.sender_pool = in_pool
                AND ledger.state = 'waiting'
                AND ledger.campaign_id > found.campaign_id
            ORDER BY ledger.campaign_id
            LIMIT 1
        ) AS next
    )
    SELECT found.campaign_id FROM found
$$;
