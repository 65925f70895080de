-- Partial responses and leads. Tables beside those of 0001, whose rows do not change by it: so this is the
-- same fold version, with two more topics folded.

-- One row for each response of which a beacon brought answers, that is, after a contact was given. Not
-- partitioned, other than quiz_responses: a row is written up to three times in half an hour and read a few
-- times by its key and by its place in the log, never by a range of ids; and only a plain table has one
-- index over the places, where a partitioned one would have one for each week in which some id was minted.
--
-- Of two beacons the one with the higher sequence makes the row; of two copies the first in the log
-- (append_at, source_partition, source_offset). So the order in which they are folded does not matter.
CREATE TABLE state_v1.partial_responses (
    response_id        uuid NOT NULL,
    quiz_id            text NOT NULL,
    account_id         text NOT NULL,
    visitor_id         uuid,
    -- Version of the quiz that was answered.
    version            bigint NOT NULL,
    -- 1 to 3: number of the beacon that the row is of.
    sequence           integer NOT NULL,
    -- Event times: the least of all beacons with answers, and that of the beacon that the row is of.
    first_seen_at      timestamptz NOT NULL,
    last_seen_at       timestamptz NOT NULL,
    append_at          timestamptz NOT NULL,
    -- The browser's clock, milliseconds since 1970 (UTC), as the browser says.
    started_at_ms      bigint,
    -- The way so far: [{"id": element, "millis": how long it was shown}, …]
    elements           jsonb NOT NULL,
    -- The element shown last, empty when the way is.
    last_element       text NOT NULL,
    -- By element id.
    answers            jsonb NOT NULL,
    hidden             jsonb NOT NULL,
    -- Without the fields that are empty.
    utm                jsonb NOT NULL,
    referrer           text NOT NULL,
    device             text NOT NULL,
    country            text NOT NULL,
    bot_verdict        text NOT NULL,
    tags               text[] NOT NULL,
    source_topic       text NOT NULL,
    source_incarnation text NOT NULL,
    source_partition   integer NOT NULL,
    source_offset      bigint NOT NULL,
    PRIMARY KEY (response_id, quiz_id)
);

-- By which the abandonment processor finds what is new since it last looked.
CREATE INDEX partial_responses_source
    ON state_v1.partial_responses (source_incarnation, source_partition, source_offset);

-- One row for each contact of an account. `first_` is the least and `last_` the greatest of its records by
-- (seen_at, append_at, partition, offset, incarnation), `name_` the greatest that has a name.
CREATE TABLE state_v1.leads (
    -- UUIDv8 derived from account, field and value.
    lead_id           uuid PRIMARY KEY,
    account_id        text NOT NULL,
    -- email, phone
    field             text NOT NULL,
    -- Normalised: an e-mail address, or a phone number as E.164.
    value             text NOT NULL,

    -- All null when no record has a name.
    name              text,
    name_confidence   double precision,
    name_element_id   text,
    name_evidence     text,
    name_seen_at      timestamptz,
    name_append_at    timestamptz,
    name_partition    integer,
    name_offset       bigint,
    name_incarnation  text,

    -- When the response was given.
    first_seen_at     timestamptz NOT NULL,
    first_quiz_id     text NOT NULL,
    first_response_id uuid NOT NULL,
    -- completed, abandoned
    first_trigger     text NOT NULL,
    -- 0 to 1
    first_confidence  double precision NOT NULL,
    first_element_id  text NOT NULL,
    -- typed_element, validated_value, label
    first_evidence    text NOT NULL,
    first_append_at   timestamptz NOT NULL,
    first_partition   integer NOT NULL,
    first_offset      bigint NOT NULL,
    first_incarnation text NOT NULL,

    last_seen_at      timestamptz NOT NULL,
    last_quiz_id      text NOT NULL,
    last_response_id  uuid NOT NULL,
    last_trigger      text NOT NULL,
    last_confidence   double precision NOT NULL,
    last_element_id   text NOT NULL,
    last_evidence     text NOT NULL,
    last_append_at    timestamptz NOT NULL,
    last_partition    integer NOT NULL,
    last_offset       bigint NOT NULL,
    last_incarnation  text NOT NULL
);

CREATE INDEX leads_value ON state_v1.leads (account_id, value);
CREATE INDEX leads_last_seen ON state_v1.leads (account_id, last_seen_at, lead_id);
