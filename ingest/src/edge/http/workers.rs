use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use anyhow::Context;
use tokio::runtime::Handle;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Threads that serve connections, each with a runtime of its own. A connection stays with its thread, so
/// no thread wakes another one to share the work of a request of some microseconds.
pub(super) struct Workers {
    handles: Vec<Handle>,
    turn: AtomicUsize,
    /// Ends the threads, and with them whatever is still going on there.
    _stop_on_drop: DropGuard,
}

impl Workers {
    pub(super) fn start(count: usize) -> anyhow::Result<Self> {
        let stop = CancellationToken::new();
        let mut handles = Vec::with_capacity(count);
        for number in 0..count {
            let (started, handle) = mpsc::channel();
            let stopped = stop.clone();
            std::thread::Builder::new()
                .name(format!("serve-{number}"))
                .spawn(move || {
                    // Made here: a runtime may not be dropped where another one is running.
                    let made = tokio::runtime::Builder::new_current_thread().enable_all().build();
                    let runtime = match made {
                        Ok(runtime) => runtime,
                        Err(error) => return drop(started.send(Err(error))),
                    };
                    // Nobody listens when the start was given up.
                    let _ = started.send(Ok(runtime.handle().clone()));
                    runtime.block_on(stopped.cancelled());
                })
                .context("no thread for the connections")?;
            handles.push(handle.recv()??);
        }
        Ok(Self { handles, turn: AtomicUsize::new(0), _stop_on_drop: stop.drop_guard() })
    }

    /// The one whose turn it is to take a connection.
    pub(super) fn next(&self) -> &Handle {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        &self.handles[turn % self.handles.len()]
    }
}
