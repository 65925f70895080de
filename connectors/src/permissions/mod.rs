//! Consent and suppression by account, channel and contact, with an audit trail.
