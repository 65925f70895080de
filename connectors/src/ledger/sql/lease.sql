-- Takes rows that are due under a lease, of each (account, pool) at most its share and $7 in all, and tells with each
-- what the checks need to know. A campaign that is paused or a draft keeps its rows waiting; one that
-- has ended gives them out, to be skipped.
WITH due AS (
    SELECT picked.message_id
    FROM unnest($2::text[], $3::text[], $4::bigint[]) AS pool (account_id, sender_pool, room)
    CROSS JOIN LATERAL (
        SELECT row.message_id
        FROM sending.message_ledger AS row
        WHERE row.channel = $1
            AND row.account_id = pool.account_id
            AND row.sender_pool = pool.sender_pool
            AND row.state = 'waiting'
            AND row.not_before <= now()
            AND EXISTS (
                SELECT FROM sending.campaigns
                WHERE campaigns.campaign_id = row.campaign_id AND campaigns.state IN ('active', 'ended')
            )
        ORDER BY row.not_before
        LIMIT pool.room
    ) AS picked
    LIMIT $7
),
leased AS (
    UPDATE sending.message_ledger AS ledger
    SET state = 'leased', state_at = now(), token = $5, lease_until = now() + $6 * interval '1 millisecond'
    -- No join: the planner cannot know how few are due, and would read the whole ledger for them.
    WHERE ledger.message_id = ANY (ARRAY(SELECT message_id FROM due))
        AND ledger.state = 'waiting'
    RETURNING ledger.*
)
