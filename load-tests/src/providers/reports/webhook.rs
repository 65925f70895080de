use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use hyper::Uri;

/// A webhook of this machine. Anything else is refused: a simulator has nothing to say to the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::providers) struct Webhook {
    /// Without its fragment (`#rc=5&rp=…`): what it says is for Twilio, and neither asked for nor signed.
    url: String,
    address: SocketAddr,
    authority: String,
    path_and_query: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::providers) enum WebhookError {
    #[error("is no URL such as http://127.0.0.1:8083/webhooks/…")]
    NoUrl,
    #[error("does not lead to this machine: only http and a loopback address are taken")]
    NotLoopback,
}

impl Webhook {
    pub(in crate::providers) fn parse(url: &str) -> Result<Self, WebhookError> {
        let uri: Uri = url.parse().map_err(|_| WebhookError::NoUrl)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(WebhookError::NoUrl);
        };
        let ip = match authority.host() {
            // Whatever a resolver would say.
            "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
            host => host.trim_matches(['[', ']']).parse().map_err(|_| WebhookError::NotLoopback)?,
        };
        if scheme != "http" || !ip.is_loopback() {
            return Err(WebhookError::NotLoopback);
        }
        Ok(Self {
            url: url.split('#').next().unwrap_or_default().to_owned(),
            address: SocketAddr::new(ip, authority.port_u16().unwrap_or(80)),
            authority: authority.as_str().rsplit('@').next().unwrap_or_default().to_owned(),
            path_and_query: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        })
    }

    /// A parameter of the query; empty when it is absent.
    pub(in crate::providers) fn parameter(&self, name: &str) -> String {
        let query = self.path_and_query.split_once('?').map_or("", |(_, query)| query);
        let found = form_urlencoded::parse(query.as_bytes()).find(|(of, _)| of == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    }

    /// As it was given, up to its fragment.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    pub(super) fn path_and_query(&self) -> &str {
        &self.path_and_query
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_spoken_to() {
        let webhook = Webhook::parse("http://127.0.0.1:8083/webhooks/c/tw/report?message=a%20b").unwrap();
        assert_eq!(webhook.address(), "127.0.0.1:8083".parse().unwrap());
        assert_eq!(webhook.parameter("message"), "a b");
        assert_eq!(webhook.parameter("other"), "");
        let repeated = Webhook::parse("http://127.0.0.1:8083/r?message=1#rc=5&rp=5xx,ct,rt").unwrap();
        assert_eq!(repeated.url(), "http://127.0.0.1:8083/r?message=1");
        assert_eq!(
            (repeated.path_and_query(), repeated.parameter("message").as_str()),
            ("/r?message=1", "1")
        );
        assert_eq!(Webhook::parse("http://[::1]:1/x").unwrap().address(), "[::1]:1".parse().unwrap());
        assert!(Webhook::parse("http://localhost/x").unwrap().address().ip().is_loopback());
        for elsewhere in [
            "http://example.com/x",
            "http://10.0.0.1/x",
            "https://127.0.0.1/x",
            "http://127.0.0.1.example.com/x",
            "http://localhost@example.com/x",
            "http://0.0.0.0/x",
        ] {
            assert_eq!(Webhook::parse(elsewhere), Err(WebhookError::NotLoopback), "{elsewhere}");
        }
        assert_eq!(Webhook::parse("/webhooks"), Err(WebhookError::NoUrl));
    }
}
