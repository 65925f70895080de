use std::net::SocketAddr;
use std::time::Duration;

use crate::installation::Installation;
use crate::sending::SendingSettings;

/// Says what is away, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error(
    "{part} does not answer at {address}: {reason}\n  start what is missing with `make up`, look with `make status`"
)]
pub(super) struct PartAway {
    part: &'static str,
    address: SocketAddr,
    reason: String,
}

/// Whether the services that the demo speaks to answer.
pub(super) async fn check(installation: &Installation, with_sending: bool) -> anyhow::Result<()> {
    let mut parts = vec![
        ("the edge", installation.edge),
        ("the admin API", installation.admin),
        ("the edge's private port", installation.edge_private),
    ];
    if with_sending {
        parts.push(("the simulator of the providers", SendingSettings::from_env()?.simulator));
    }
    for (part, address) in parts {
        let connecting =
            tokio::time::timeout(Duration::from_secs(2), tokio::net::TcpStream::connect(address));
        let reason = match connecting.await {
            Ok(Ok(_)) => continue,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer within 2 s".to_owned(),
        };
        return Err(PartAway { part, address, reason }.into());
    }
    Ok(())
}
