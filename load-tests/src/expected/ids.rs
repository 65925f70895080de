//! Ids, from their definitions (DESIGN.md section 5; RFC 9562 section 5.8; RFC 2104).

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The first 48 bits of the response's id, then a SHA-256 over the length-prefixed parts.
pub(super) fn message_id(parts: [&str; 6], response_id: &str) -> Uuid {
    let mut text: Vec<u8> = Vec::new();
    for part in parts.iter().chain([&response_id]) {
        text.extend((part.len() as u32).to_be_bytes());
        text.extend(part.as_bytes());
    }
    let digest = Sha256::digest(&text);
    let response: Uuid = response_id.parse().unwrap_or_default();
    let mut bytes = [0_u8; 16];
    bytes[..6].copy_from_slice(&response.as_bytes()[..6]);
    bytes[6..].copy_from_slice(&digest[..10]);
    version_8(bytes)
}

/// HMAC under the account's key of the field, a zero byte and the value; the account's key is an HMAC of the account.
pub(super) fn lead_id(secret: &[u8], account_id: &str, field: &str, value: &str) -> Uuid {
    let account_key = hmac(secret, account_id.as_bytes());
    let digest = hmac(&account_key, format!("{field}\0{value}").as_bytes());
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&digest[..16]);
    version_8(bytes)
}

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

fn version_8(mut bytes: [u8; 16]) -> Uuid {
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    Uuid::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worked out with another program: Python's hashlib and hmac.
    #[test]
    fn ids_are_what_another_program_makes_of_them() {
        let parts = ["conta", "quiz", "boas-vindas", "s1", "sms", "completed"];
        let id = message_id(parts, "0190a5d0-1234-7000-8000-00000000000f");
        assert_eq!(id.to_string(), MESSAGE);
        assert_eq!(lead_id(b"segredo", "conta", "email", "ana@example.com").to_string(), LEAD);
    }

    const MESSAGE: &str = "0190a5d0-1234-89c8-839f-f8d3254172ae";
    const LEAD: &str = "f4c48fd3-fab7-8217-b79e-017920b5b4b9";
}
