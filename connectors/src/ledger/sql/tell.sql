-- What is told of rows that have moved: an event of each one's life, and the campaigns' tallies.
told AS (
    INSERT INTO sending.delivery_events (message_id, number, event, happened_at)
    SELECT
        message_id,
        events,
        json_build_object(
            'message_id', message_id::text,
            'number', events,
            'account_id', account_id,
            'quiz_id', quiz_id,
            'response_id', response_id::text,
            'campaign_id', campaign_id,
            'revision', revision,
            'step_id', step_id,
            'channel', channel,
            'what', what,
            'reason', COALESCE(reason, ''),
            'provider', COALESCE(provider, ''),
            'provider_ref', COALESCE(provider_ref, ''),
            'attempt', attempt,
            'happened_at', (extract(epoch FROM state_at) * 1000)::bigint
        ),
        state_at
    FROM moved
    WHERE what <> ''
),
counted AS (
    INSERT INTO sending.campaign_tallies (campaign_id, channel, what, shard, messages)
    SELECT campaign_id, channel, state, $SHARD, sum(change)
    FROM (
        SELECT campaign_id, channel, state, 1 AS change FROM moved
        UNION ALL
        SELECT campaign_id, channel, from_state, -1 FROM moved
    ) AS changes
    WHERE state IN ('sent', 'failed', 'skipped', 'unknown')
    GROUP BY campaign_id, channel, state
    HAVING sum(change) <> 0
    ORDER BY campaign_id COLLATE "C", channel COLLATE "C", state COLLATE "C"
    ON CONFLICT (campaign_id, channel, what, shard)
        DO UPDATE SET messages = campaign_tallies.messages + excluded.messages
)
SELECT message_id, from_state, state FROM moved
