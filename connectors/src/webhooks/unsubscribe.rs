//! The link by which a recipient unsubscribes (RFC 8058): it holds the message's id and a code that only this
//! installation can make. It does not run out: whoever finds an old message may still unsubscribe.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use uuid::Uuid;
use vendzz_runtime::config::Env;

use super::PublicUrl;

/// So that a code for something else under the same key is none for this.
const PURPOSE: &[u8] = b"vendzz unsubscribe v1\0";
const ID_BYTES: usize = 16;
const CODE_BYTES: usize = 16;
const MIN_KEY_BYTES: usize = 32;

/// The installation's secret for links.
#[derive(Clone)]
pub struct UnsubscribeKey(Vec<u8>);

impl std::fmt::Debug for UnsubscribeKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[redacted]")
    }
}

impl UnsubscribeKey {
    /// From the file that `VENDZZ_UNSUBSCRIBE_KEY_FILE` names: 32 bytes or more; a line break at the end does
    /// not count.
    pub fn read(env: &Env) -> Self {
        const NAME: &str = "VENDZZ_UNSUBSCRIBE_KEY_FILE";
        let path: Option<String> =
            env.optional(NAME, "secret of unsubscribe links, 32 bytes or more, mode 0600");
        let Some(path) = path else {
            env.mistake(format!("{NAME} is needed"));
            return Self(Vec::new());
        };
        let content = super::secret_file::read(env, NAME, &path).unwrap_or_else(|| vec![0; MIN_KEY_BYTES]);
        Self::of_bytes(&content).unwrap_or_else(|| {
            env.mistake(format!("{NAME}: {path} must hold {MIN_KEY_BYTES} bytes at least"));
            Self(Vec::new())
        })
    }

    /// `None` when they are too few.
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let key = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let key = key.strip_suffix(b"\r").unwrap_or(key);
        (key.len() >= MIN_KEY_BYTES).then(|| Self(key.to_vec()))
    }

    fn code(&self, message_id: Uuid) -> [u8; CODE_BYTES] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(PURPOSE);
        mac.update(message_id.as_bytes());
        let digest: [u8; 32] = mac.finalize().into_bytes().into();
        let mut code = [0; CODE_BYTES];
        code.copy_from_slice(&digest[..CODE_BYTES]);
        code
    }

    fn token(&self, message_id: Uuid) -> String {
        let mut bytes = [0; ID_BYTES + CODE_BYTES];
        bytes[..ID_BYTES].copy_from_slice(message_id.as_bytes());
        bytes[ID_BYTES..].copy_from_slice(&self.code(message_id));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The message that a token is of; `None` of one that was not made here.
    pub(super) fn open(&self, token: &str) -> Option<Uuid> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        if bytes.len() != ID_BYTES + CODE_BYTES {
            return None;
        }
        let (id, code) = bytes.split_at(ID_BYTES);
        let message_id = Uuid::from_slice(id).ok()?;
        bool::from(self.code(message_id).ct_eq(code)).then_some(message_id)
    }
}

/// The link of a message, for `List-Unsubscribe` and for its text.
pub fn unsubscribe_url(public_url: &PublicUrl, key: &UnsubscribeKey, message_id: Uuid) -> String {
    public_url.join(&format!("/unsubscribe/{}", key.token(message_id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_token_made_under_the_key_opens() {
        let key = UnsubscribeKey::of_bytes(&[7; 32]).unwrap();
        let id = Uuid::from_u128(0x018f_0000_0000_8000_8000_0000_0000_0001);
        let token = key.token(id);
        assert_eq!(key.open(&token), Some(id));
        assert_eq!(UnsubscribeKey::of_bytes(&[8; 32]).unwrap().open(&token), None);
        for place in 0..token.len() {
            let mut forged = token.clone().into_bytes();
            forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(key.open(&forged), None, "{place}");
        }
        for bad in ["", "x", &token[..42], &format!("{token}A"), &format!("{token}="), "é"] {
            assert_eq!(key.open(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_key_has_32_bytes_without_its_line_break() {
        assert!(UnsubscribeKey::of_bytes(&[b'x'; 31]).is_none());
        assert!(UnsubscribeKey::of_bytes(b"0123456789012345678901234567890\n").is_none());
        assert!(UnsubscribeKey::of_bytes(b"01234567890123456789012345678901\r\n").is_some());
        let key = UnsubscribeKey::of_bytes(&[b'x'; 32]).unwrap();
        assert_eq!(format!("{key:?}"), "[redacted]");
    }

    #[test]
    fn the_link_stands_under_the_public_url() {
        let key = UnsubscribeKey::of_bytes(&[7; 32]).unwrap();
        let url = unsubscribe_url(&"https://x.example/a/".parse().unwrap(), &key, Uuid::nil());
        assert!(url.starts_with("https://x.example/a/unsubscribe/AAAAAAAAAAAAAAAAAAAAA"), "{url}");
    }
}
