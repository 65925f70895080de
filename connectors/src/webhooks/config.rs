use std::net::SocketAddr;
use std::time::Duration;

use vendzz_runtime::config::{Env, Profile};
use vendzz_runtime::http::BearerToken;
use vendzz_runtime::postgres::PostgresConfig;

use super::{PublicUrl, UnsubscribeKey};
use crate::providers::Senders;

/// What `vendzz-webhooks` is told.
#[derive(Debug, Clone)]
pub struct WebhooksConfig {
    /// The public listener.
    pub(super) addr: SocketAddr,
    /// The listener of the permissions API.
    pub(super) permissions_addr: SocketAddr,
    pub(super) public_url: PublicUrl,
    pub(super) senders: Senders,
    pub(super) unsubscribe_key: UnsubscribeKey,
    pub(super) token: BearerToken,
    pub(super) postgres: PostgresConfig,
    /// From the end of a request's head to the end of its body.
    pub(super) body_timeout: Duration,
    /// Open connections of each listener at most.
    pub(super) connections: usize,
}

impl WebhooksConfig {
    pub fn read(env: &Env) -> Self {
        let loopback = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
        let permissions_addr = env.value(
            "VENDZZ_PERMISSIONS_ADDR",
            loopback(8084),
            "where the API of consent and suppression is served",
        );
        let config = Self {
            addr: env.value(
                "VENDZZ_WEBHOOKS_ADDR",
                loopback(8083),
                "where webhooks and unsubscribing are served",
            ),
            permissions_addr,
            public_url: read_public_url(env),
            senders: Senders::of_env(env),
            unsubscribe_key: UnsubscribeKey::read(env),
            token: BearerToken::read(env, ("VENDZZ_PERMISSIONS_ADDR", permissions_addr)),
            postgres: PostgresConfig::read(env),
            body_timeout: env.span(
                "VENDZZ_WEBHOOKS_BODY_TIMEOUT",
                Duration::from_secs(5),
                "how long a request's body is waited for",
            ),
            connections: env.value(
                "VENDZZ_WEBHOOKS_CONNECTIONS",
                512,
                "open connections of each listener at most; more wait in the kernel",
            ),
        };
        if config.connections == 0 {
            env.mistake("VENDZZ_WEBHOOKS_CONNECTIONS: must be at least 1");
        }
        config
    }
}

fn read_public_url(env: &Env) -> PublicUrl {
    let default = PublicUrl::local();
    let public_url = env.value(
        "VENDZZ_PUBLIC_URL",
        default,
        "where providers and recipients reach the webhooks; never taken from a request",
    );
    if Profile::read(env).is_production() && !public_url.is_secure() {
        env.mistake("VENDZZ_PUBLIC_URL: must be https in production");
    }
    public_url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_start_names_everything_that_is_missing() {
        let env = Env::of([("VENDZZ_PROFILE".to_owned(), "production".to_owned())]);
        WebhooksConfig::read(&env);
        let mistakes = env.finish().unwrap_err().0.join("\n");
        for name in [
            "VENDZZ_PUBLIC_URL: must be https",
            "VENDZZ_SENDERS_FILE is needed",
            "VENDZZ_UNSUBSCRIBE_KEY_FILE is needed",
            "VENDZZ_ADMIN_TOKEN or",
        ] {
            assert!(mistakes.contains(name), "{mistakes}");
        }
    }
}
