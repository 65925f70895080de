//! HTTP clients of the checks.

use std::sync::Once;

/// A client. The process gets its TLS provider with the first: reqwest is built without one and panics otherwise.
pub fn http_client() -> reqwest::Client {
    static INSTALLED: Once = Once::new();
    // An error says that the program has installed one already, which is as good.
    INSTALLED.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    reqwest::Client::new()
}
