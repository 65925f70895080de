-- Leases that ran out: who had not begun to send gives the row back; who had, has left it unknown.
WITH held AS (
    SELECT row.message_id
    FROM sending.message_ledger AS row
    WHERE row.channel = $1 AND row.state IN ('leased', 'sending') AND row.lease_until < now()
    ORDER BY row.lease_until
    LIMIT $2
    FOR UPDATE SKIP LOCKED
),
moved AS (
    UPDATE sending.message_ledger AS ledger
    SET state = CASE ledger.state WHEN 'sending' THEN 'unknown' ELSE 'waiting' END,
        state_at = now(),
        reason = 'lease_ran_out',
        lease_until = NULL,
        events = ledger.events + CASE ledger.state WHEN 'sending' THEN 1 ELSE 0 END
    -- No join: the planner cannot know how few they are, and would read the whole ledger for them.
    WHERE ledger.message_id = ANY (ARRAY(SELECT message_id FROM held))
    RETURNING ledger.*, old.state AS from_state,
        CASE old.state WHEN 'sending' THEN 'unknown' ELSE '' END AS what
),
