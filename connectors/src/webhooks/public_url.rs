use std::fmt;
use std::str::FromStr;

use axum::http::Uri;
use vendzz_runtime::config::{Env, Profile};

/// Where the webhooks are reached from outside: configuration, never a request's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    /// Without a slash at its end.
    text: String,
    is_secure: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a URL such as https://hooks.example.com, without query, fragment and user")]
pub struct PublicUrlError;

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<Self, PublicUrlError> {
        let uri: Uri = text.parse().map_err(|_| PublicUrlError)?;
        let is_secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(PublicUrlError),
        };
        let has_host = uri.authority().is_some_and(|authority| !authority.host().is_empty());
        if !has_host || uri.query().is_some() || text.contains(['#', '@', '?']) {
            return Err(PublicUrlError);
        }
        Ok(Self { text: text.trim_end_matches('/').to_owned(), is_secure })
    }
}

impl PublicUrl {
    /// `VENDZZ_PUBLIC_URL`, for whoever makes links or checks signatures. In production it must be https.
    pub fn read(env: &Env) -> Self {
        let public_url = env.value(
            "VENDZZ_PUBLIC_URL",
            Self::local(),
            "where providers and recipients reach the webhooks; never taken from a request",
        );
        if Profile::read(env).is_production() && !public_url.is_secure {
            env.mistake("VENDZZ_PUBLIC_URL: must be https in production");
        }
        public_url
    }

    /// The default of the local profile.
    pub(crate) fn local() -> Self {
        Self { text: "http://127.0.0.1:8083".to_owned(), is_secure: false }
    }

    /// The URL of a path that begins with a slash.
    pub fn join(&self, path_and_query: &str) -> String {
        format!("{}{path_and_query}", self.text)
    }

    /// The same place as Twilio may write it: its own libraries check a URL with and without the scheme's port.
    pub(super) fn spellings(&self, path_and_query: &str) -> [String; 2] {
        let (scheme, port) = if self.is_secure { ("https://", ":443") } else { ("http://", ":80") };
        let after_scheme = self.text.strip_prefix(scheme).unwrap_or(&self.text);
        let (authority, path) = match after_scheme.find('/') {
            Some(slash) => after_scheme.split_at(slash),
            None => (after_scheme, ""),
        };
        let host_end = authority.rfind(']').map_or(0, |bracket| bracket + 1);
        let other_authority = match authority[host_end..].find(':') {
            Some(colon) => authority[..host_end + colon].to_owned(),
            None => format!("{authority}{port}"),
        };
        [self.join(path_and_query), format!("{scheme}{other_authority}{path}{path_and_query}")]
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_http_with_a_host_and_no_more_than_a_path() {
        let url: PublicUrl = "https://hooks.example.com/vendzz/".parse().unwrap();
        assert_eq!(url.join("/unsubscribe/x"), "https://hooks.example.com/vendzz/unsubscribe/x");
        for bad in
            ["", "hooks.example.com", "ftp://x", "https://", "https://x?a=1", "https://u:p@x", "https://x/#a"]
        {
            assert_eq!(bad.parse::<PublicUrl>(), Err(PublicUrlError), "{bad}");
        }
    }

    #[test]
    fn twilio_may_leave_a_port_out_or_put_it_in() {
        let spellings = |text: &str| text.parse::<PublicUrl>().unwrap().spellings("/r?m=1")[1].clone();
        assert_eq!(spellings("https://x.example/a"), "https://x.example:443/a/r?m=1");
        assert_eq!(spellings("http://x.example:8083"), "http://x.example/r?m=1");
        assert_eq!(spellings("http://[::1]:8083"), "http://[::1]/r?m=1");
        assert_eq!(spellings("http://[::1]"), "http://[::1]:80/r?m=1");
    }
}
