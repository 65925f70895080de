use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Logs to standard error: JSON lines, or plain text on a terminal. `RUST_LOG` filters.
pub fn start_logs() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,librdkafka=warn"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        builder.init();
    } else {
        builder.json().flatten_event(true).init();
    }
}
