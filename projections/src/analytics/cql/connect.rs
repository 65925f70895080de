use std::sync::Arc;
use std::time::Duration;

use scylla::client::execution_profile::ExecutionProfile;
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use scylla::policies::load_balancing::DefaultPolicy;
use scylla::statement::Consistency;
use tokio_util::sync::CancellationToken;
use vendzz_runtime::health::Latch;
use vendzz_runtime::kernel::Backoff;

use super::super::CqlConfig;
use super::{CqlError, Store};

/// A node that says nothing for so long is taken for dead, and its connections are made again.
const KEEPALIVE: Duration = Duration::from_secs(5);
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// A session in which every statement is LOCAL_QUORUM and bounded in time. It mends its own
/// connections from then on.
pub async fn connect(config: &CqlConfig) -> Result<Session, CqlError> {
    let mut balancing = DefaultPolicy::builder();
    if let Some(datacenter) = &config.datacenter {
        balancing = balancing.prefer_datacenter(datacenter.clone()).permit_dc_failover(false);
    }
    let profile = ExecutionProfile::builder()
        .consistency(Consistency::LocalQuorum)
        .request_timeout(Some(config.request_timeout))
        .load_balancing_policy(balancing.build())
        .build();
    let mut builder = SessionBuilder::new()
        .known_nodes(&config.nodes)
        .connection_timeout(config.connect_timeout)
        .keepalive_interval(KEEPALIVE)
        .keepalive_timeout(KEEPALIVE)
        .default_execution_profile_handle(profile.into_handle());
    if let (Some(user), Some(password)) = (&config.user, &config.password) {
        builder = builder.user(user, password.reveal());
    }
    builder.build().await.map_err(|error| CqlError::Connect(Box::new(error)))
}

/// The store, once it can be reached: waits for it as long as it takes, with growing pauses, and
/// says in `latch` what is missing. `None`: the process drains.
pub async fn connect_when_up(
    config: &CqlConfig,
    latch: &Latch,
    drain: &CancellationToken,
) -> Option<Arc<Store>> {
    // Its jitter also keeps processes that were started together from making tables in step.
    let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
    loop {
        let opened = tokio::select! {
            opened = Store::open(config) => opened,
            () = drain.cancelled() => return None,
        };
        match opened {
            Ok(store) => {
                latch.ready();
                return Some(Arc::new(store));
            }
            Err(error) => latch.missing(error.to_string()),
        }
        tokio::select! {
            () = tokio::time::sleep(backoff.next_wait()) => {}
            () = drain.cancelled() => return None,
        }
    }
}
