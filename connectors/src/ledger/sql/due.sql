-- Rows that are due and may be leased, of each pool at most $4: a campaign that is paused or a draft keeps its rows
-- waiting. At most $5 of a pool are looked at, the newest first, since what waits for long is more often paused.
SELECT count(*)
FROM unnest($2::text[], $3::text[]) AS pool (account_id, sender_pool)
CROSS JOIN LATERAL (
    SELECT
    FROM (
        SELECT row.campaign_id
        FROM sending.message_ledger AS row
        WHERE row.channel = $1
            AND row.account_id = pool.account_id
            AND row.sender_pool = pool.sender_pool
            AND row.state = 'waiting'
            AND row.not_before <= now()
        ORDER BY row.not_before DESC
        LIMIT $5
    ) AS newest
    -- IS TRUE: the campaigns are hashed once; as a join they might be compared one by one with each row.
    WHERE (newest.campaign_id IN (SELECT campaign_id FROM sending.campaigns WHERE state IN ('active', 'ended'))) IS TRUE
    LIMIT $4
) AS counted
