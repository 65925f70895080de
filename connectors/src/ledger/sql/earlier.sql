-- The messages that an abandonment made before, locked until this batch is decided.
SELECT message_id, state
FROM sending.message_ledger
WHERE message_id = ANY($1)
ORDER BY message_id
FOR UPDATE
