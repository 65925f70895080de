use std::net::SocketAddr;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::Problem;
use crate::config::{Env, Secret};

/// Beyond loopback anybody may try, so a token must not be guessable.
const MIN_BYTES_BEYOND_LOOPBACK: usize = 32;

/// The bearer token of an API, kept as its SHA-256: comparing digests takes the same time whatever was sent,
/// and does not tell how long the token is.
#[derive(Clone)]
pub struct BearerToken {
    digest: [u8; 32],
}

impl std::fmt::Debug for BearerToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[redacted]")
    }
}

impl BearerToken {
    /// From `VENDZZ_ADMIN_TOKEN`, or else from the file that `VENDZZ_ADMIN_TOKEN_FILE` names. `served` is where the
    /// API is served, and the variable that says so.
    pub fn read(env: &Env, served: (&'static str, SocketAddr)) -> Self {
        let given =
            env.secret("VENDZZ_ADMIN_TOKEN", "the bearer token that requests carry; wins over the file");
        let file: Option<String> =
            env.optional("VENDZZ_ADMIN_TOKEN_FILE", "file that holds the bearer token that requests carry");
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
            check(env, &token, served);
        }
        Self { digest: Sha256::digest(token.reveal().as_bytes()).into() }
    }

    /// Whether the request carries `Authorization: Bearer` with this token (RFC 6750 section 2.1).
    fn is_in(&self, headers: &HeaderMap) -> bool {
        let Some(sent) = headers.get(AUTHORIZATION).and_then(|value| bearer(value.as_bytes())) else {
            return false;
        };
        let sent: [u8; 32] = Sha256::digest(sent).into();
        sent.ct_eq(&self.digest).into()
    }
}

/// Middleware: answers 401 to a request without the token.
pub async fn require_token(State(token): State<BearerToken>, request: Request, next: Next) -> Response {
    if token.is_in(request.headers()) {
        return next.run(request).await;
    }
    let problem = Problem::new(
        StatusCode::UNAUTHORIZED,
        "unauthorised",
        "The admin token is missing or wrong",
        "Send the header Authorization: Bearer with the admin token.",
    );
    ([(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))], problem).into_response()
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

fn check(env: &Env, token: &Secret, (variable, addr): (&str, SocketAddr)) {
    let token = token.reveal().as_bytes();
    if !token.iter().all(u8::is_ascii_graphic) {
        env.mistake("the admin token must be of visible ASCII characters, without spaces");
    }
    if !addr.ip().is_loopback() && token.len() < MIN_BYTES_BEYOND_LOOPBACK {
        env.mistake(format!(
            "{variable} is not a loopback address: the admin token must have {MIN_BYTES_BEYOND_LOOPBACK} bytes at least"
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

    const LOOPBACK: (&str, SocketAddr) =
        ("VENDZZ_ADMIN_ADDR", SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 1));

    #[test]
    fn only_the_whole_token_under_the_right_scheme_opens() {
        let env = Env::of([("VENDZZ_ADMIN_TOKEN".to_owned(), "s3cret".to_owned())]);
        let token = BearerToken::read(&env, LOOPBACK);
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
            BearerToken::read(&env, LOOPBACK);
            env.finish().is_ok()
        };
        assert!(read("s3cret\n"));
        assert!(!read(" \n"));
        assert!(!read("two words"));
    }

    #[test]
    fn a_token_is_needed_and_a_short_one_is_taken_on_loopback_alone() {
        let is_fine = |variables: &[(&str, &str)], served: (&'static str, SocketAddr)| {
            let env =
                Env::of(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
            BearerToken::read(&env, served);
            env.finish().is_ok()
        };
        let public = ("VENDZZ_ADMIN_ADDR", SocketAddr::from(([0, 0, 0, 0], 1)));
        assert!(!is_fine(&[], LOOPBACK));
        assert!(is_fine(&[("VENDZZ_ADMIN_TOKEN", "short")], LOOPBACK));
        assert!(!is_fine(&[("VENDZZ_ADMIN_TOKEN", "short")], public));
        assert!(!is_fine(&[("VENDZZ_ADMIN_TOKEN", "two words")], LOOPBACK));
        assert!(!is_fine(&[("VENDZZ_ADMIN_TOKEN_FILE", "/nowhere")], LOOPBACK));
    }
}
