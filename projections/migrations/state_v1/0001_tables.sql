-- The tables of fold version state_v1. Rows hold nothing that is not of the log: no now(), no serial,
-- so that folding the log again gives the same rows. Changing what a row holds is a new version.

CREATE TABLE state_v1.quizzes (
    quiz_id            text PRIMARY KEY,
    account_id         text NOT NULL,
    -- published, unpublished
    state              text NOT NULL,
    -- Offset of the definition's record.
    version            bigint NOT NULL,
    changed_at         timestamptz NOT NULL,
    title              text NOT NULL,
    document           jsonb NOT NULL,
    append_at          timestamptz NOT NULL,
    source_topic       text NOT NULL,
    source_incarnation text NOT NULL,
    source_partition   integer NOT NULL,
    source_offset      bigint NOT NULL
);

CREATE INDEX quizzes_account ON state_v1.quizzes (account_id);

-- Partitioned by the id itself: a UUIDv7 sorts by the time at which it was minted, so a range is a
-- week, and the primary key is unique over all of them. The projector makes the weeks that it needs.
CREATE TABLE state_v1.quiz_responses (
    response_id        uuid NOT NULL,
    quiz_id            text NOT NULL,
    account_id         text NOT NULL,
    visitor_id         uuid,
    -- Version of the quiz that was answered.
    version            bigint NOT NULL,
    -- The edge's clock, as the event says.
    received_at        timestamptz NOT NULL,
    -- The time under which the event counts: received_at, or append_at when that is implausible.
    event_at           timestamptz NOT NULL,
    append_at          timestamptz NOT NULL,
    -- The browser's clock, milliseconds since 1970 (UTC), as the browser says.
    started_at_ms      bigint,
    submitted_at_ms    bigint,
    -- By element id.
    answers            jsonb NOT NULL,
    hidden             jsonb NOT NULL,
    -- Without the fields that are empty.
    utm                jsonb NOT NULL,
    referrer           text NOT NULL,
    device             text NOT NULL,
    country            text NOT NULL,
    bot_verdict        text NOT NULL,
    bot_reasons        text[] NOT NULL,
    tags               text[] NOT NULL,
    source_topic       text NOT NULL,
    source_incarnation text NOT NULL,
    source_partition   integer NOT NULL,
    source_offset      bigint NOT NULL,
    PRIMARY KEY (response_id, quiz_id)
) PARTITION BY RANGE (response_id);

CREATE INDEX quiz_responses_quiz ON state_v1.quiz_responses (quiz_id, received_at);

-- Takes only what no week will ever want: ids minted before 2019-12-30 or from 2100-01-04 on. The
-- CHECK says so, and spares ATTACH from reading this table whenever a week is made.
CREATE TABLE state_v1.quiz_responses_default PARTITION OF state_v1.quiz_responses (
    CONSTRAINT outside_every_week CHECK (
        response_id < '016f541a-3000-0000-0000-000000000000'
        OR response_id >= '03bb3c36-ec00-0000-0000-000000000000'
    )
) DEFAULT;

-- How far each source (one partition of one incarnation of a topic) has been folded, changed in the
-- transaction of the rows that it covers.
CREATE TABLE state_v1.projection_offset (
    topic         text NOT NULL,
    incarnation   text NOT NULL,
    partition     integer NOT NULL,
    -- Offset of the last record covered.
    resume_offset bigint NOT NULL,
    -- Running maximum of append times up to that record, milliseconds since 1970 (UTC).
    max_append_ms bigint NOT NULL,
    -- Hash of that record.
    record_hash   bigint NOT NULL,
    PRIMARY KEY (topic, incarnation, partition)
) WITH (fillfactor = 50);

-- Which version of each projection is read. Shared by all versions, so it stands outside of them.
CREATE TABLE IF NOT EXISTS public.read_model (
    projection text PRIMARY KEY,
    version    text NOT NULL
);

INSERT INTO public.read_model (projection, version) VALUES ('state', 'state_v1') ON CONFLICT DO NOTHING;
