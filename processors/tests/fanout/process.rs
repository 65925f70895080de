//! `vendzz-fanout` as a process.

use std::ops::{Deref, DerefMut};

use nix::sys::signal::Signal;
use vendzz_test_support::{Process, kafka_address, registry_url};

use super::log::Log;

/// Small: a campaign is in force this long after its append.
pub(crate) const NOTICE_MS: i64 = 3_000;

/// A running fan-out.
pub(crate) struct Fanout(Process);

impl Fanout {
    pub(crate) fn spawn(log: &Log, env: &[(&str, &str)]) -> Self {
        let (kafka, registry) = (kafka_address(), registry_url());
        let usual = [
            ("VENDZZ_KAFKA_BOOTSTRAP", kafka.as_str()),
            ("VENDZZ_REGISTRY_URL", registry.as_str()),
            ("VENDZZ_KAFKA_PREFIX", log.kafka.namespace.prefix()),
            ("VENDZZ_PRIVATE_ADDR", "127.0.0.1:0"),
            ("VENDZZ_LEAD_KEY", "a secret for tests, of 32 bytes or more"),
            ("VENDZZ_FANOUT_EMIT_FROM", "all"),
            ("VENDZZ_CAMPAIGN_NOTICE", "3s"),
            ("VENDZZ_CLOCK_DIFFERENCE", "500ms"),
            ("VENDZZ_FANOUT_IN_STEP", "2s"),
            ("VENDZZ_BATCH_LINGER", "20ms"),
            ("VENDZZ_SESSION_TIMEOUT", "6s"),
        ];
        // A fault planted in a build with `planted-faults`, by which somebody sees these tests fail.
        let planted = std::env::var("VENDZZ_PLANT").ok();
        let planted = planted.as_deref().map(|planted| ("VENDZZ_PLANT", planted));
        let all = usual.iter().chain(&planted).chain(env).copied();
        Self(Process::spawn(env!("CARGO_BIN_EXE_vendzz-fanout"), all))
    }

    /// One that is ready.
    pub(crate) async fn start(log: &Log, env: &[(&str, &str)]) -> Self {
        let fanout = Self::spawn(log, env);
        fanout.wait_until_ready().await;
        fanout
    }

    /// SIGTERM, and waits for its end.
    pub(crate) async fn stop(mut self) {
        self.signal(Signal::SIGTERM);
        let ended = self.ended().await;
        assert!(ended.success(), "{ended:?}\n{}", self.log());
    }
}

impl Deref for Fanout {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.0
    }
}

impl DerefMut for Fanout {
    fn deref_mut(&mut self) -> &mut Process {
        &mut self.0
    }
}
