-- Moves rows by the word of the worker that holds them, or held them last, and tells their lives and their campaigns'
-- tallies. From where to where: ledger::machine. An empty `what` is no event of the message's life.
WITH wanted AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::uuid[], $9::bool[])
        AS wanted (message_id, state, reason, provider_ref, what, wait_ms, token, is_uncalled)
),
moved AS (
    UPDATE sending.message_ledger AS ledger
    SET state = wanted.state,
        state_at = now(),
        -- It was counted when the row became `sending`.
        attempt = CASE
            WHEN wanted.is_uncalled AND wanted.state = 'waiting' AND ledger.state <> 'leased' THEN ledger.attempt - 1
            ELSE ledger.attempt
        END,
        reason = wanted.reason,
        provider_ref = COALESCE(ledger.provider_ref, wanted.provider_ref),
        not_before = CASE
            WHEN wanted.state = 'waiting' THEN now() + wanted.wait_ms * interval '1 millisecond'
            ELSE ledger.not_before
        END,
        lease_until = NULL,
        events = ledger.events + CASE WHEN wanted.what = '' THEN 0 ELSE 1 END
    FROM wanted
    WHERE ledger.message_id = wanted.message_id
        -- Said twice: with it the planner goes by the ids, however many weeks there are.
        AND ledger.message_id = ANY ($1)
        AND ledger.token = wanted.token
        AND CASE wanted.state
            WHEN 'skipped' THEN ledger.state = 'leased'
            WHEN 'waiting' THEN ledger.state IN ('leased', 'sending', 'unknown')
            WHEN 'unknown' THEN ledger.state = 'sending'
            WHEN 'sent' THEN ledger.state IN ('sending', 'unknown')
            WHEN 'failed' THEN ledger.state IN ('sending', 'unknown')
            ELSE false
        END
    RETURNING ledger.*, old.state AS from_state, wanted.what
),
