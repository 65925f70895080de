-- The send ledger and what is decided by it. No projection: a source of truth besides the log, backed up and
-- never rebuilt.

-- How far a consumer group has folded a source: in the transaction of what it covers.
CREATE TABLE sending.resume_points (
    consumer_group text NOT NULL,
    topic          text NOT NULL,
    incarnation    text NOT NULL,
    partition      integer NOT NULL,
    resume_offset  bigint NOT NULL,
    max_append_ms  bigint NOT NULL,
    record_hash    bigint NOT NULL,
    PRIMARY KEY (consumer_group, topic, incarnation, partition)
) WITH (fillfactor = 50);

-- One row for a message, for ever. Partitioned by the id itself, whose first 48 bits are the response's time, so
-- the primary key is unique over all ranges. Intake makes the weeks that it needs.
CREATE TABLE sending.message_ledger (
    message_id   uuid NOT NULL,
    channel      text NOT NULL,
    account_id   text NOT NULL,
    quiz_id      text NOT NULL,
    response_id  uuid NOT NULL,
    campaign_id  text NOT NULL,
    revision     text NOT NULL,
    step_id      text NOT NULL,
    recipient    text NOT NULL,
    -- As consent, suppression and caps know the recipient.
    contact      text NOT NULL GENERATED ALWAYS AS (lower(recipient)) STORED,
    sender_pool  text NOT NULL,
    unless_finished boolean NOT NULL,
    unless_sent  uuid,
    -- The whole CampaignMessage; json and not jsonb, which would change spellings.
    message      json NOT NULL,
    due_at       timestamptz NOT NULL,
    -- due_at + max_late, quiet hours not counted: the earliest moment at which it may be late.
    late_from    timestamptz NOT NULL,

    state        text NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'leased', 'sending', 'sent', 'failed', 'skipped', 'unknown')),
    state_at     timestamptz NOT NULL DEFAULT now(),
    -- Delay, quiet hours and retry: not taken before.
    not_before   timestamptz NOT NULL,
    -- Calls to a provider so far, the running one included.
    attempt      integer NOT NULL DEFAULT 0,
    -- Who holds it, or held it last: the holder's late answer is known by it.
    token        uuid,
    lease_until  timestamptz,
    -- Why it is where it is; a bounded word.
    reason       text,
    sender_id    text,
    provider     text,
    -- The provider's name for it.
    provider_ref text,
    -- What the provider reported last, by rank: carried, undelivered, delivered, read.
    report       text CHECK (report IN ('carried', 'undelivered', 'delivered', 'read')),
    -- Events of its life so far: numbers delivery_events.
    events       smallint NOT NULL DEFAULT 0,
    PRIMARY KEY (message_id),
    CHECK (state NOT IN ('leased', 'sending') OR (token IS NOT NULL AND lease_until IS NOT NULL))
) PARTITION BY RANGE (message_id);

CREATE INDEX message_ledger_due ON sending.message_ledger (channel, account_id, sender_pool, not_before)
    WHERE state = 'waiting';
CREATE INDEX message_ledger_late ON sending.message_ledger (channel, late_from) WHERE state = 'waiting';
CREATE INDEX message_ledger_held ON sending.message_ledger (channel, lease_until)
    WHERE state IN ('leased', 'sending');
CREATE INDEX message_ledger_unknown ON sending.message_ledger (channel, state_at) WHERE state = 'unknown';
CREATE INDEX message_ledger_unless_sent ON sending.message_ledger (unless_sent) WHERE unless_sent IS NOT NULL;
CREATE INDEX message_ledger_reference ON sending.message_ledger (provider_ref) WHERE provider_ref IS NOT NULL;

CREATE TABLE sending.message_ledger_default PARTITION OF sending.message_ledger (
    CONSTRAINT outside_every_week CHECK (
        message_id < '016f541a-3000-0000-0000-000000000000'
        OR message_id >= '03bb3c36-ec00-0000-0000-000000000000'
    )
) DEFAULT;

-- A message's life, event by event, and which of them the log has acknowledged.
CREATE TABLE sending.delivery_events (
    message_id   uuid NOT NULL,
    number       smallint NOT NULL,
    -- CampaignDelivery.
    event        json NOT NULL,
    happened_at  timestamptz NOT NULL,
    published_at timestamptz,
    PRIMARY KEY (message_id, number)
);

CREATE INDEX delivery_events_unpublished ON sending.delivery_events (happened_at) WHERE published_at IS NULL;

-- Messages by campaign: moved in the transaction that moves a message. Sharded, so that workers do not wait for
-- each other.
CREATE TABLE sending.campaign_tallies (
    campaign_id text NOT NULL,
    channel     text NOT NULL,
    -- taken_in (every message), sent, failed, skipped, unknown (as they stand), or the highest report of each that has one.
    what        text NOT NULL,
    shard       smallint NOT NULL,
    messages    bigint NOT NULL,
    PRIMARY KEY (campaign_id, channel, what, shard)
) WITH (fillfactor = 50);

-- Folded from campaign.definition.v1 by the group of each channel: what the newest version says. The groups write
-- the same rows; the newer append wins.
CREATE TABLE sending.campaigns (
    campaign_id   text PRIMARY KEY,
    account_id    text NOT NULL,
    state         text NOT NULL,
    revision      text NOT NULL,
    append_ms     bigint NOT NULL,
    source_offset bigint NOT NULL
);

-- When a recipient was written to, for caps and for the rate of a pair; newest last.
CREATE TABLE sending.recipients (
    account_id  text NOT NULL,
    channel     text NOT NULL,
    -- message_ledger.contact.
    recipient   text NOT NULL,
    message_ids uuid[] NOT NULL DEFAULT '{}',
    sent_at     timestamptz[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (account_id, channel, recipient)
) WITH (fillfactor = 70);

-- Token buckets of senders, shared by all workers.
CREATE TABLE sending.sender_buckets (
    account_id  text NOT NULL,
    channel     text NOT NULL,
    sender_id   text NOT NULL,
    tokens      double precision NOT NULL,
    refilled_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, channel, sender_id)
) WITH (fillfactor = 50);
