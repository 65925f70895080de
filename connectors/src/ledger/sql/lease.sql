-- Takes rows that are due under a lease, of each (account, pool) at most its room and $7 in all, and tells with each
-- what the checks need to know. A campaign that is paused or a draft keeps its rows waiting; one that
-- has ended gives them out, to be skipped.
WITH streams AS (
    SELECT pool.account_id, pool.sender_pool, pool.room, waiting.campaign_id, count(*) OVER () AS in_all
    FROM unnest($2::text[], $3::text[], $4::bigint[]) AS pool (account_id, sender_pool, room)
    CROSS JOIN LATERAL sending.waiting_campaigns($1, pool.account_id, pool.sender_pool) AS waiting
    JOIN sending.campaigns USING (campaign_id)
    WHERE waiting.first_at <= now() AND campaigns.state IN ('active', 'ended')
),
ranked AS (
    SELECT
        row.message_id,
        streams.room,
        row_number() OVER (PARTITION BY streams.account_id, streams.sender_pool ORDER BY row.not_before) AS place
    FROM streams
    -- Campaign by campaign, so that nothing is read of those that are paused, and of each one little more than its share.
    CROSS JOIN LATERAL (
        SELECT ledger.message_id, ledger.not_before
        FROM sending.message_ledger AS ledger
        WHERE ledger.channel = $1
            AND ledger.account_id = streams.account_id
            AND ledger.sender_pool = streams.sender_pool
            AND ledger.campaign_id = streams.campaign_id
            AND ledger.state = 'waiting'
            AND ledger.not_before <= now()
        ORDER BY ledger.not_before
        LIMIT LEAST(streams.room, 2 + 2 * $7::bigint / streams.in_all)
    ) AS row
),
due AS (
    SELECT message_id FROM ranked
    WHERE place <= room
    -- The pools take turns; who comes last in a turn is left to chance.
    ORDER BY place, random()
    LIMIT $7
),
