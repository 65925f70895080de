-- Takes the rows that `due` names, $TOKEN and $LEASE_MS being parameters of the statement before.
locked AS (
    -- The state as it is under the lock. Asked for below: here the planner might read every waiting row by an index.
    SELECT ledger.message_id, ledger.state
    FROM sending.message_ledger AS ledger
    -- No join, here and below: the planner cannot know how few are due, and would read the whole ledger for them.
    WHERE ledger.message_id = ANY (ARRAY(SELECT message_id FROM due))
    -- Who holds one of them is not waited for: whoever locks several rows in another order would wait in a circle.
    FOR UPDATE SKIP LOCKED
),
leased AS (
    UPDATE sending.message_ledger AS ledger
    SET state = 'leased', state_at = now(), token = $TOKEN, lease_until = now() + $LEASE_MS * interval '1 millisecond'
    WHERE ledger.message_id = ANY (ARRAY(SELECT message_id FROM locked WHERE state = 'waiting'))
    RETURNING ledger.*
)
