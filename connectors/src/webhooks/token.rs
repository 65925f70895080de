use std::net::SocketAddr;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use vendzz_runtime::config::{Env, Secret};

/// Beyond loopback anybody may try, so a token must not be guessable.
const MIN_BYTES_BEYOND_LOOPBACK: usize = 32;

/// The bearer token of the permissions API, kept as its SHA-256: comparing digests takes the same time whatever
/// was sent, and does not tell how long the token is.
#[derive(Clone)]
pub(super) struct BearerToken {
    digest: [u8; 32],
}

impl std::fmt::Debug for BearerToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[redacted]")
    }
}

impl BearerToken {
    /// From `VENDZZ_ADMIN_TOKEN`, or else from the file that `VENDZZ_ADMIN_TOKEN_FILE` names.
    pub(super) fn read(env: &Env, addr: SocketAddr) -> Self {
        let given =
            env.secret("VENDZZ_ADMIN_TOKEN", "the bearer token of the permissions API; wins over the file");
        let file: Option<String> = env
            .optional("VENDZZ_ADMIN_TOKEN_FILE", "file that holds the bearer token of the permissions API");
        let token = match (given, file) {
            (Some(token), _) => token,
            (None, Some(path)) => read_file(env, &path),
            (None, None) => {
                env.mistake("VENDZZ_ADMIN_TOKEN or VENDZZ_ADMIN_TOKEN_FILE: one of them is needed");
                return Self { digest: [0; 32] };
            }
        };
        check(env, &token, addr);
        Self { digest: Sha256::digest(token.reveal().as_bytes()).into() }
    }

    /// Whether the request carries `Authorization: Bearer` with this token (RFC 6750 section 2.1).
    pub(super) fn is_in(&self, headers: &HeaderMap) -> bool {
        let Some(sent) = headers.get(AUTHORIZATION).and_then(|value| bearer(value.as_bytes())) else {
            return false;
        };
        let sent: [u8; 32] = Sha256::digest(sent).into();
        sent.ct_eq(&self.digest).into()
    }
}

fn read_file(env: &Env, path: &str) -> Secret {
    match std::fs::read_to_string(path) {
        Ok(text) if text.trim().is_empty() => {
            env.mistake(format!("VENDZZ_ADMIN_TOKEN_FILE: {path} is empty"));
            Secret::new("")
        }
        Ok(text) => Secret::new(text.trim()),
        Err(error) => {
            env.mistake(format!("VENDZZ_ADMIN_TOKEN_FILE: cannot read {path}: {error}"));
            Secret::new("")
        }
    }
}

fn check(env: &Env, token: &Secret, addr: SocketAddr) {
    let token = token.reveal().as_bytes();
    if token.is_empty() {
        return;
    }
    if !token.iter().all(u8::is_ascii_graphic) {
        env.mistake("the admin token must be of visible ASCII characters, without spaces");
    }
    if !addr.ip().is_loopback() && token.len() < MIN_BYTES_BEYOND_LOOPBACK {
        env.mistake(format!(
            "VENDZZ_PERMISSIONS_ADDR is not a loopback address: the admin token must have {MIN_BYTES_BEYOND_LOOPBACK} bytes at least"
        ));
    }
}

/// What follows the scheme, whose case does not matter.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOPBACK: ([u8; 4], u16) = ([127, 0, 0, 1], 1);

    #[test]
    fn only_the_whole_token_under_the_right_scheme_opens() {
        let env = Env::of([("VENDZZ_ADMIN_TOKEN".to_owned(), "s3cret".to_owned())]);
        let token = BearerToken::read(&env, SocketAddr::from(LOOPBACK));
        let opens = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, value.parse().unwrap());
            token.is_in(&headers)
        };
        assert!(opens("Bearer s3cret") && opens("bearer s3cret"));
        for wrong in ["Bearer s3cre", "Bearer s3crets", "Bearer ", "Basic s3cret", "s3cret", "Bearers3cret"] {
            assert!(!opens(wrong), "{wrong}");
        }
        assert!(!token.is_in(&HeaderMap::new()));
        assert_eq!(format!("{token:?}"), "[redacted]");
    }

    #[test]
    fn a_token_is_needed_and_a_short_one_is_taken_on_loopback_alone() {
        let is_fine = |variables: &[(&str, &str)], addr: ([u8; 4], u16)| {
            let env =
                Env::of(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
            BearerToken::read(&env, SocketAddr::from(addr));
            env.finish().is_ok()
        };
        assert!(!is_fine(&[], LOOPBACK));
        assert!(is_fine(&[("VENDZZ_ADMIN_TOKEN", "short")], LOOPBACK));
        assert!(!is_fine(&[("VENDZZ_ADMIN_TOKEN", "short")], ([0, 0, 0, 0], 1)));
        assert!(!is_fine(&[("VENDZZ_ADMIN_TOKEN", "two words")], LOOPBACK));
        assert!(!is_fine(&[("VENDZZ_ADMIN_TOKEN_FILE", "/nowhere")], LOOPBACK));
    }
}
