-- When each recipient was written to, as it stands after this batch.
UPDATE sending.recipients
SET message_ids = noted.message_ids::uuid[], sent_at = noted.sent_at::timestamptz[]
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) AS noted (account_id, recipient, message_ids, sent_at)
WHERE recipients.channel = $1
    AND recipients.account_id = noted.account_id
    AND recipients.recipient = noted.recipient
