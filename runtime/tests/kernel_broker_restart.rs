//! The broker is killed and started again under a running group. A test binary of its own: it
//! takes the broker away from everybody else, and test binaries run one after another.

#![allow(clippy::unwrap_used)] // A test says by a panic what went wrong.

mod support;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use support::{Collecting, Log, Member, Store};

fn stack(arguments: &[&str]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/local/stack");
    let output = Command::new(script).args(arguments).output().unwrap();
    assert!(output.status.success(), "stack {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_broker_kill_and_restart_every_record_is_applied_once_in_order() {
    let log = Log::new("restart").await;
    let store = Store::default();
    let member = Member::start(&log, log.config("a"), Collecting::into(&store));
    log.append(0, 500).await;
    store.expect(&log, 0, 500).await;
    let killing = tokio::task::spawn_blocking(|| {
        std::thread::sleep(Duration::from_millis(300));
        stack(&["kill", "kafka"]);
        std::thread::sleep(Duration::from_secs(1));
        stack(&["up", "kafka"]);
    });
    log.append(500, 1_500).await;
    killing.await.unwrap();
    log.append(2_000, 500).await;
    // An idempotent producer writes each record once, in order, also across the restart.
    store.expect(&log, 0, 2_500).await;
    member.stop().await;
}
