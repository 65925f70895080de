//! Logs, metrics and the private port.

mod logs;
mod metric_names;
mod private_server;

pub use logs::start_logs;
pub use metric_names::{MetricKind, MetricName};
pub use private_server::{PrivateServer, PrivateServerError};
