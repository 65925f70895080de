-- Who must not be written to, and who may. Contacts are normalised: E.164, or a lower-case e-mail address.

CREATE TABLE sending.suppressions (
    account_id    text NOT NULL,
    channel       text NOT NULL CHECK (channel IN ('sms', 'email', 'whatsapp', 'voice')),
    contact       text NOT NULL,
    -- A bounded word: opt_out, unsubscribed, provider, import, person.
    reason        text NOT NULL,
    suppressed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, channel, contact)
);

CREATE TABLE sending.consents (
    account_id text NOT NULL,
    channel    text NOT NULL CHECK (channel IN ('sms', 'email', 'whatsapp', 'voice')),
    contact    text NOT NULL,
    state      text NOT NULL CHECK (state IN ('granted', 'withdrawn')),
    -- Where it was given, in the words of who recorded it.
    source     text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, channel, contact)
);

-- Every change of the two tables above, in the transaction that makes it; never changed, never deleted.
CREATE TABLE sending.permission_audit (
    entry      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT now(),
    account_id text NOT NULL,
    channel    text NOT NULL,
    contact    text NOT NULL,
    -- suppressed, unsuppressed, granted, withdrawn.
    action     text NOT NULL,
    reason     text NOT NULL,
    -- Who: webhook, unsubscribe-link, sender, api, cli:NAME.
    actor      text NOT NULL
);

CREATE INDEX permission_audit_contact ON sending.permission_audit (account_id, contact, entry);

-- Inbound messages that were acted upon, once each.
CREATE TABLE sending.inbound_messages (
    account_id text NOT NULL,
    provider   text NOT NULL,
    reference  text NOT NULL,
    seen_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, provider, reference)
);
