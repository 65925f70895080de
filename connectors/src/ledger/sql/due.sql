-- Rows that are due and may be leased, of each pool at most $4: a campaign that is paused or a draft keeps its rows
-- waiting.
SELECT count(*)
FROM unnest($2::text[], $3::text[]) AS pool (account_id, sender_pool)
CROSS JOIN LATERAL (
    SELECT
    FROM sending.waiting_campaigns($1, pool.account_id, pool.sender_pool) AS waiting
    JOIN sending.campaigns USING (campaign_id)
    CROSS JOIN LATERAL (
        SELECT
        FROM sending.message_ledger AS row
        WHERE row.channel = $1
            AND row.account_id = pool.account_id
            AND row.sender_pool = pool.sender_pool
            AND row.campaign_id = campaigns.campaign_id
            AND row.state = 'waiting'
            AND row.not_before <= now()
        -- In the order of the index, or the planner may read whole weeks.
        ORDER BY row.not_before
        LIMIT $4
    ) AS due
    WHERE waiting.first_at <= now() AND campaigns.state IN ('active', 'ended')
    LIMIT $4
) AS counted
