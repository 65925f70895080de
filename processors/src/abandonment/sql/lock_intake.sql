-- No row when another instance is at it.
SELECT through FROM abandonment_v1.intake WHERE incarnation = $1 AND partition = $2 FOR UPDATE SKIP LOCKED
