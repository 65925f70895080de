use std::net::SocketAddr;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use vendzz_runtime::config::{Env, Secret};

/// Beyond loopback anybody may try, so a token must not be guessable.
const MIN_BYTES_BEYOND_LOOPBACK: usize = 32;

/// The bearer token, kept as its SHA-256: comparing digests takes the same time whatever was sent,
/// and does not tell how long the token is.
#[derive(Clone)]
pub(super) struct AdminToken {
    digest: [u8; 32],
}

impl std::fmt::Debug for AdminToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[redacted]")
    }
}

impl AdminToken {
    /// From `VENDZZ_ADMIN_TOKEN`, or else from the file that `VENDZZ_ADMIN_TOKEN_FILE` names.
    pub(super) fn read(env: &Env, addr: SocketAddr) -> Self {
        let given = env.secret("VENDZZ_ADMIN_TOKEN", "the bearer token of the admin API; wins over the file");
        let file: Option<String> =
            env.optional("VENDZZ_ADMIN_TOKEN_FILE", "file that holds the bearer token of the admin API");
        let token = match (given, file) {
            (Some(token), _) => Some(token),
            (None, Some(path)) => read_file(env, &path),
            (None, None) => {
                env.mistake("VENDZZ_ADMIN_TOKEN or VENDZZ_ADMIN_TOKEN_FILE: one of them is needed");
                None
            }
        };
        let token = token.unwrap_or_else(|| Secret::new(""));
        if !token.reveal().is_empty() {
            check(env, &token, addr);
        }
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

fn read_file(env: &Env, path: &str) -> Option<Secret> {
    match std::fs::read_to_string(path) {
        Ok(text) if text.trim().is_empty() => {
            env.mistake(format!("VENDZZ_ADMIN_TOKEN_FILE: {path} is empty"));
            None
        }
        Ok(text) => Some(Secret::new(text.trim())),
        Err(error) => {
            env.mistake(format!("VENDZZ_ADMIN_TOKEN_FILE: cannot read {path}: {error}"));
            None
        }
    }
}

fn check(env: &Env, token: &Secret, addr: SocketAddr) {
    let token = token.reveal().as_bytes();
    if !token.iter().all(u8::is_ascii_graphic) {
        env.mistake("the admin token must be of visible ASCII characters, without spaces");
    }
    if !addr.ip().is_loopback() && token.len() < MIN_BYTES_BEYOND_LOOPBACK {
        env.mistake(format!(
            "VENDZZ_ADMIN_ADDR is not a loopback address: the admin token must have {MIN_BYTES_BEYOND_LOOPBACK} bytes at least"
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

    #[test]
    fn only_the_whole_token_under_the_right_scheme_opens() {
        let env = Env::of([("VENDZZ_ADMIN_TOKEN".to_owned(), "s3cret".to_owned())]);
        let token = AdminToken::read(&env, SocketAddr::from(([127, 0, 0, 1], 1)));
        let opens = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, value.parse().unwrap());
            token.is_in(&headers)
        };
        assert!(opens("Bearer s3cret"));
        assert!(opens("bearer s3cret"));
        for wrong in ["Bearer s3cre", "Bearer s3crets", "Bearer ", "Basic s3cret", "s3cret", "Bearers3cret"] {
            assert!(!opens(wrong), "{wrong}");
        }
        assert!(!token.is_in(&HeaderMap::new()));
        assert_eq!(format!("{token:?}"), "[redacted]");
    }

    #[test]
    fn a_file_may_end_in_a_line_break_and_must_hold_something() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let read = |content: &str| {
            std::fs::write(&path, content).unwrap();
            let env = Env::of([("VENDZZ_ADMIN_TOKEN_FILE".to_owned(), path.display().to_string())]);
            AdminToken::read(&env, SocketAddr::from(([127, 0, 0, 1], 1)));
            env.finish().is_ok()
        };
        assert!(read("s3cret\n"));
        assert!(!read(" \n"));
        assert!(!read("two words"));
    }
}
