-- Takes rows that may be too late under a lease, whatever keeps them: a campaign that is paused, a pool that this
-- worker does not know.
WITH due AS (
    SELECT row.message_id
    FROM sending.message_ledger AS row
    WHERE row.channel = $1 AND row.state = 'waiting' AND row.late_from < now() AND row.not_before <= now()
    ORDER BY row.late_from
    LIMIT $2
),
leased AS (
    UPDATE sending.message_ledger AS ledger
    SET state = 'leased', state_at = now(), token = $3, lease_until = now() + $4 * interval '1 millisecond'
    -- No join: the planner cannot know how few are due, and would read the whole ledger for them.
    WHERE ledger.message_id = ANY (ARRAY(SELECT message_id FROM due))
        AND ledger.state = 'waiting'
    RETURNING ledger.*
)
