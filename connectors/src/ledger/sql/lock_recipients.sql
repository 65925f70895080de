-- The recipients of a batch, locked in the order of their keys: two workers never count the same room twice, and
-- never wait for each other in a circle.
SELECT account_id, recipient, message_ids, sent_at
FROM sending.recipients
WHERE channel = $1
    AND (account_id, recipient) IN (SELECT * FROM unnest($2::text[], $3::text[]))
ORDER BY account_id, recipient
FOR UPDATE
