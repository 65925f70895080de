//! Identities. A UUIDv7 carries the millisecond in which it was minted (RFC 9562 section 5.7),
//! which routing and the edge's clock check rely on.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use uuid::{Uuid, Variant};

/// Longest quiz or account id, in bytes.
pub const MAX_ID_BYTES: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("is not a UUID in its hyphenated form")]
    NotUuid,
    #[error("is a UUID of version {0}, not 7")]
    NotVersion7(usize),
    #[error("is a UUID of another variant than RFC 9562's")]
    WrongVariant,
    #[error("must be 1 to 64 characters of a-z, 0-9, '-' and '_'")]
    BadName,
}

/// A checked UUIDv7: a response, or a visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimedId(Uuid);

impl TimedId {
    /// Reads the hyphenated form; version and variant are checked.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if text.len() != 36 {
            return Err(IdError::NotUuid);
        }
        let uuid = Uuid::try_parse(text).map_err(|_| IdError::NotUuid)?;
        if uuid.get_variant() != Variant::RFC4122 {
            return Err(IdError::WrongVariant);
        }
        match uuid.get_version_num() {
            7 => Ok(Self(uuid)),
            other => Err(IdError::NotVersion7(other)),
        }
    }

    /// A new id of this moment.
    pub fn mint() -> Self {
        Self(Uuid::now_v7())
    }

    /// A new id of a given moment, milliseconds since 1970 (UTC).
    pub fn mint_at(millis: u64, random: &[u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(millis, random).into_uuid())
    }

    /// When it was minted, milliseconds since 1970 (UTC).
    pub fn minted_at(&self) -> i64 {
        let bytes = self.0.as_bytes();
        bytes[..6].iter().fold(0_i64, |millis, byte| (millis << 8) | i64::from(*byte))
    }

    pub fn uuid(&self) -> Uuid {
        self.0
    }
}

impl fmt::Display for TimedId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(formatter)
    }
}

/// What a message's id is derived from. The trigger is part of it: what an abandonment said and what a
/// later finish says are two messages, and the second names the first (`CampaignMessage::unless_sent`).
#[derive(Debug, Clone, Copy)]
pub struct MessageOrigin<'a> {
    pub account_id: &'a str,
    pub quiz_id: &'a str,
    pub campaign_id: &'a str,
    pub step_id: &'a str,
    pub channel: &'a str,
    /// `completed` or `abandoned`.
    pub trigger: &'a str,
}

/// The id of a message: a UUIDv8 (RFC 9562 section 5.8) whose first 48 bits are those of the response's id,
/// and whose rest is a SHA-256 over the length-prefixed parts of its origin and the response's id. Derived,
/// so a repeat has the same id; sorted by time, so a ledger can be range-partitioned on it.
pub fn message_id(origin: &MessageOrigin<'_>, response_id: &TimedId) -> Uuid {
    let response_text = response_id.to_string();
    let parts = [
        origin.account_id,
        origin.quiz_id,
        origin.campaign_id,
        origin.step_id,
        origin.channel,
        origin.trigger,
        &response_text,
    ];
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u32).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    let digest: [u8; 32] = hasher.finalize().into();
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&response_id.uuid().as_bytes()[..6]);
    bytes[6..].copy_from_slice(&digest[..10]);
    Uuid::new_v8(bytes)
}

/// The key of an account, from the installation's secret: HMAC-SHA-256 over the account's id.
pub fn account_key(secret: &[u8], account_id: &str) -> [u8; 32] {
    hmac_sha256(secret, &[account_id.as_bytes()])
}

/// The id of a contact of an account: a UUIDv8 from HMAC-SHA-256 over its field and its normalised value
/// under [`account_key`]. Without the key nobody can tell whose it is.
pub fn lead_id(account_key: &[u8; 32], field: &str, value: &str) -> Uuid {
    let digest = hmac_sha256(account_key, &[field.as_bytes(), b"\0", value.as_bytes()]);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Uuid::new_v8(bytes)
}

fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Checks a quiz, account or element id: 1 to 64 characters of `a-z 0-9 - _`.
pub fn check_name(id: &str) -> Result<(), IdError> {
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    if id.is_empty() || id.len() > MAX_ID_BYTES || !id.bytes().all(allowed) {
        return Err(IdError::BadName);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minted_id_carries_its_millisecond() {
        let id = TimedId::mint_at(1_767_225_600_123, &[7; 10]);
        assert_eq!(id.minted_at(), 1_767_225_600_123);
        assert_eq!(TimedId::parse(&id.to_string()), Ok(id));
    }

    #[test]
    fn other_versions_variants_and_forms_are_refused() {
        assert_eq!(TimedId::parse("f47ac10b-58cc-4372-a567-0e02b2c3d479"), Err(IdError::NotVersion7(4)));
        assert_eq!(TimedId::parse("01890a5d-ac96-774b-c567-0e02b2c3d479"), Err(IdError::WrongVariant));
        assert_eq!(TimedId::parse("01890a5dac96774b85670e02b2c3d479"), Err(IdError::NotUuid));
        assert_eq!(TimedId::parse("{01890a5d-ac96-774b-8567-0e02b2c3d479}"), Err(IdError::NotUuid));
        assert_eq!(TimedId::parse(""), Err(IdError::NotUuid));
    }

    #[test]
    fn a_messages_id_is_derived_and_sorted_by_its_responses_time() {
        let response = TimedId::mint_at(1_767_225_600_123, &[7; 10]);
        let origin = MessageOrigin {
            account_id: "conta",
            quiz_id: "quiz",
            campaign_id: "boas-vindas",
            step_id: "s1",
            channel: "sms",
            trigger: "completed",
        };
        let id = message_id(&origin, &response);
        assert_eq!(id, message_id(&origin, &response));
        assert_eq!((id.get_version_num(), id.get_variant()), (8, Variant::RFC4122));
        assert_eq!(id.as_bytes()[..6], response.uuid().as_bytes()[..6]);
        let others = [
            MessageOrigin { account_id: "contaq", quiz_id: "uiz", ..origin },
            MessageOrigin { step_id: "s2", ..origin },
            MessageOrigin { channel: "voice", ..origin },
            MessageOrigin { trigger: "abandoned", ..origin },
        ];
        assert!(others.iter().all(|other| message_id(other, &response) != id));
    }

    #[test]
    fn a_contact_has_one_id_in_an_account_and_another_in_the_next() {
        let key = account_key(b"secret", "conta");
        let id = lead_id(&key, "email", "ana@exemplo.com.br");
        assert_eq!(id, lead_id(&key, "email", "ana@exemplo.com.br"));
        assert_ne!(id, lead_id(&key, "phone", "ana@exemplo.com.br"));
        assert_ne!(id, lead_id(&account_key(b"secret", "outra"), "email", "ana@exemplo.com.br"));
    }

    #[test]
    fn names_are_bounded_and_plain() {
        assert!(check_name("emagrecimento-30d_v2").is_ok());
        for bad in ["", "Ação", "a/b", "a b", "A", &"x".repeat(65)] {
            assert_eq!(check_name(bad), Err(IdError::BadName), "{bad:?}");
        }
    }
}
