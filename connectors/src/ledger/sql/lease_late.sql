-- Takes rows that may be too late under a lease, whatever keeps them: a campaign that is paused, a pool that this
-- worker does not know.
WITH due AS (
    SELECT row.message_id
    FROM sending.message_ledger AS row
    WHERE row.channel = $1 AND row.state = 'waiting' AND row.late_from < now() AND row.not_before <= now()
    ORDER BY row.late_from
    LIMIT $2
),
