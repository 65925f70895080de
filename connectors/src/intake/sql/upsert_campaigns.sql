-- What the newest version of each campaign says. The groups of all channels write the same rows.
INSERT INTO sending.campaigns AS known (campaign_id, account_id, state, revision, append_ms, source_offset)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
ON CONFLICT (campaign_id) DO UPDATE SET
    account_id = excluded.account_id,
    state = excluded.state,
    revision = excluded.revision,
    append_ms = excluded.append_ms,
    source_offset = excluded.source_offset
WHERE (known.append_ms, known.source_offset) < (excluded.append_ms, excluded.source_offset)
