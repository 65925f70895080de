use std::sync::{Mutex, PoisonError};

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;

use crate::providers::ProviderError;

/// TCP, and TLS 1.2 or 1.3 (rustls with ring) where the URL says https.
pub(super) type Connector = HttpsConnector<HttpConnector>;

/// Of all clients of a program: the machine's root certificates are read and parsed once.
static SHARED: Mutex<Option<Connector>> = Mutex::new(None);

/// Fails when the machine has no root certificates, and is then tried again by the next caller.
pub(super) fn connector() -> Result<Connector, ProviderError> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(connector) = &*shared {
        return Ok(connector.clone());
    }
    let made = make()?;
    *shared = Some(made.clone());
    Ok(made)
}

fn make() -> Result<Connector, ProviderError> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let builder = HttpsConnectorBuilder::new().with_native_roots().map_err(|error| {
        ProviderError::Tls(format!("the machine's root certificates cannot be read: {error}"))
    })?;
    Ok(builder.https_or_http().enable_http1().wrap_connector(tcp))
}
