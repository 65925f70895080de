-- Gives back what calls that were certainly not taken had used of their recipients' room.
UPDATE sending.recipients
SET (message_ids, sent_at) = (
    SELECT COALESCE(array_agg(message_id ORDER BY at), '{}'), COALESCE(array_agg(at ORDER BY at), '{}')
    FROM unnest(recipients.message_ids, recipients.sent_at) AS sent (message_id, at)
    WHERE sent.message_id <> ALL ($3::uuid[])
)
FROM (
    SELECT account_id, recipient
    FROM sending.recipients
    WHERE channel = $1 AND (account_id, recipient) IN (SELECT * FROM unnest($2::text[], $4::text[]))
    ORDER BY account_id, recipient
    FOR UPDATE
) AS locked
WHERE recipients.channel = $1
    AND recipients.account_id = locked.account_id
    AND recipients.recipient = locked.recipient
