-- Takes the rows that `due` names, $TOKEN and $LEASE_MS being parameters of the statement before.
locked AS (
    SELECT ledger.message_id
    FROM sending.message_ledger AS ledger
    -- No join, here and below: the planner cannot know how few are due, and would read the whole ledger for them.
    WHERE ledger.message_id = ANY (ARRAY(SELECT message_id FROM due))
        AND ledger.state = 'waiting'
    -- Who holds one of them is not waited for: whoever locks several rows in another order would wait in a circle.
    FOR UPDATE SKIP LOCKED
),
leased AS (
    UPDATE sending.message_ledger AS ledger
    SET state = 'leased', state_at = now(), token = $TOKEN, lease_until = now() + $LEASE_MS * interval '1 millisecond'
    WHERE ledger.message_id = ANY (ARRAY(SELECT message_id FROM locked))
    RETURNING ledger.*
)
