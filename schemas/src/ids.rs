//! Identities. A UUIDv7 carries the millisecond in which it was minted (RFC 9562 section 5.7),
//! which routing and the edge's clock check rely on.

use std::fmt;

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
    fn names_are_bounded_and_plain() {
        assert!(check_name("emagrecimento-30d_v2").is_ok());
        for bad in ["", "Ação", "a/b", "a b", "A", &"x".repeat(65)] {
            assert_eq!(check_name(bad), Err(IdError::BadName), "{bad:?}");
        }
    }
}
