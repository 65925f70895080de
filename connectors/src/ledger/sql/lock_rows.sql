-- Rows of a batch, locked in the order of their ids until it is decided: nobody waits for another in a circle.
SELECT message_id, state
FROM sending.message_ledger
WHERE message_id = ANY($1)
ORDER BY message_id
FOR UPDATE
