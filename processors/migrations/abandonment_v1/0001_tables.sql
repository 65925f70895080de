-- What the abandonment processor knows by itself. No projection: what was decided is kept, and never
-- decided again, whatever is folded again.

-- Responses that are still to be judged, copied from state_v1.partial_responses as they are folded. Small:
-- a response stays for as long as it may come back.
CREATE TABLE abandonment_v1.waiting (
    response_id  uuid NOT NULL,
    quiz_id      text NOT NULL,
    last_seen_at timestamptz NOT NULL,
    PRIMARY KEY (response_id, quiz_id)
);

CREATE INDEX waiting_longest ON abandonment_v1.waiting (last_seen_at, response_id, quiz_id);

-- Up to which offset of quiz.progress.v1 the partial responses of a source have been taken in.
CREATE TABLE abandonment_v1.intake (
    incarnation text NOT NULL,
    partition   integer NOT NULL,
    through     bigint NOT NULL,
    PRIMARY KEY (incarnation, partition)
) WITH (fillfactor = 50);

-- Decided once, for ever.
CREATE TABLE abandonment_v1.decisions (
    response_id  uuid NOT NULL,
    quiz_id      text NOT NULL,
    outcome      text NOT NULL CHECK (outcome IN ('abandoned', 'finished')),
    decided_at   timestamptz NOT NULL,
    -- The event as it is announced, every copy the same; null for who finished, and once it is announced: what
    -- somebody answered is not kept here. json and not jsonb, which would change the spelling of numbers, and so
    -- their type.
    event        json,
    -- When the log had acknowledged it; null until then.
    published_at timestamptz,
    PRIMARY KEY (response_id, quiz_id),
    CHECK ((outcome = 'abandoned' AND published_at IS NULL) = (event IS NOT NULL))
);

CREATE INDEX decisions_undelivered ON abandonment_v1.decisions (decided_at)
    WHERE outcome = 'abandoned' AND published_at IS NULL;
