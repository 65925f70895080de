use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Files that a process has open besides its connections: logs, Kafka, the private port.
const OTHERS: u64 = 256;

/// Raises the soft limit of open files to what the connections need, as far as the hard limit allows:
/// a shell's default of 1,024 would be reached long before the connection cap, and then nothing can
/// be accepted at all.
pub(super) fn allow_connections(max_connections: usize) {
    let needed = u64::try_from(max_connections).unwrap_or(u64::MAX).saturating_add(OTHERS);
    let raised = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(soft, hard)| {
        if soft >= needed {
            return Ok(soft);
        }
        let possible = needed.min(hard);
        setrlimit(Resource::RLIMIT_NOFILE, possible, hard).map(|()| possible)
    });
    match raised {
        Ok(limit) if limit >= needed => {}
        Ok(limit) => {
            tracing::warn!(limit, needed, "fewer files may be open than VENDZZ_EDGE_CONNECTIONS asks for")
        }
        Err(error) => tracing::warn!(%error, needed, "the limit of open files cannot be read or raised"),
    }
}
