use std::ffi::CString;
use std::time::{Duration, Instant};

use rdkafka::bindings;
use rdkafka::client::{Client, ClientContext};
use rdkafka::config::ClientConfig;

/// How often a client is looked at. An answer without brokers lasts until the brokers are heard by their
/// controller again, some seconds.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Gives a client its bootstrap servers again when it has lost every broker.
///
/// A broker that its controller has not heard for `broker.session.timeout.ms` (9 s) names no brokers at all
/// in its metadata once it answers again. The client (librdkafka 2.10 and later, its issue 5301) then drops
/// every broker it knows, and has nobody left to ask: it would stay silent until its process ends.
pub(crate) struct Rebootstrap {
    servers: CString,
    next_look: Instant,
}

impl Rebootstrap {
    /// Of a client that is made with the same configuration: servers that are missing or no text without NUL
    /// fail there.
    pub(crate) fn new(config: &ClientConfig) -> Self {
        let servers = config.get("bootstrap.servers").unwrap_or_default();
        Self { servers: CString::new(servers).unwrap_or_default(), next_look: Instant::now() }
    }

    /// To be called again and again while the client is in use. Blocks for nothing.
    pub(crate) fn attend<C: ClientContext>(&mut self, client: &Client<C>) {
        if Instant::now() < self.next_look {
            return;
        }
        self.next_look = Instant::now() + LOOK_EVERY;
        if !knows_brokers(client) && add_brokers(client, &self.servers) > 0 {
            tracing::warn!("a Kafka client had lost every broker; it bootstraps anew");
        }
    }
}

/// The controller's id is -1 before any metadata was read, and when the last metadata named no broker.
#[allow(unsafe_code)]
fn knows_brokers<C: ClientContext>(client: &Client<C>) -> bool {
    // SAFETY: the pointer is that of a live client for as long as `client` is borrowed; the call takes the
    // client's own lock and, with a timeout of 0, does not wait.
    unsafe { bindings::rd_kafka_controllerid(client.native_ptr(), 0) >= 0 }
}

/// How many brokers were added: those that the client has already are not.
#[allow(unsafe_code)]
fn add_brokers<C: ClientContext>(client: &Client<C>, servers: &CString) -> i32 {
    // SAFETY: the pointer is that of a live client for as long as `client` is borrowed; the list is a
    // string that ends with NUL, which the call copies. It may be called from any thread.
    unsafe { bindings::rd_kafka_brokers_add(client.native_ptr(), servers.as_ptr()) }
}
