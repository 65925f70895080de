//! Sends each event when it is due. The schedule is kept by a thread of its own: its sleep is exact to
//! some fifty microseconds, that of the async runtime to a millisecond.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::Delivery;
use crate::traffic::{Arrival, Arrivals, Crowd};

/// So many events on their way at once; then the schedule waits, which the latencies show, since they
/// count from the moment an event was due.
const MAX_OUTSTANDING: usize = 50_000;
/// Shorter pauses are not worth a wake-up.
const SHORTEST_SLEEP: Duration = Duration::from_micros(200);
/// When an accepted submission is sent once more.
const REPEAT_AFTER_MS: std::ops::Range<u64> = 50..5_000;

pub(super) async fn pace(
    arrivals: Arrivals,
    crowd: Crowd,
    resend_share: f64,
    seed: u64,
    delivery: Arc<Delivery>,
) -> anyhow::Result<()> {
    let deliveries = TaskTracker::new();
    let runtime = tokio::runtime::Handle::current();
    let pacer = Pacer {
        crowd,
        resend_share,
        // Another stream than the crowd's.
        rng: StdRng::seed_from_u64(seed ^ 0x5e5e_5e5e),
        delivery,
        deliveries: deliveries.clone(),
        runtime,
    };
    let thread = std::thread::Builder::new().name("pacer".to_owned()).spawn(move || pacer.run(arrivals))?;
    let pacing = tokio::task::spawn_blocking(move || thread.join());
    pacing.await.context("the pacer's waiter")?.map_err(|_| anyhow::anyhow!("the pacer panicked"))?;
    deliveries.close();
    deliveries.wait().await;
    Ok(())
}

struct Pacer {
    crowd: Crowd,
    resend_share: f64,
    rng: StdRng,
    delivery: Arc<Delivery>,
    deliveries: TaskTracker,
    runtime: tokio::runtime::Handle,
}

impl Pacer {
    fn run(mut self, arrivals: Arrivals) {
        let begin = Instant::now();
        for arrival in arrivals {
            let due = begin + arrival.due();
            self.wait_for(due);
            if self.delivery.stop.is_cancelled() {
                return;
            }
            self.dispatch(arrival, due);
        }
    }

    fn wait_for(&self, due: Instant) {
        let left = due.saturating_duration_since(Instant::now());
        if left >= SHORTEST_SLEEP {
            std::thread::sleep(left);
        }
        while self.deliveries.len() >= MAX_OUTSTANDING && !self.delivery.stop.is_cancelled() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn dispatch(&mut self, arrival: Arrival, due: Instant) {
        let event = match arrival {
            Arrival::View(_) => self.crowd.view(),
            Arrival::Submission(_) => self.crowd.submission(),
            Arrival::InvalidSubmission(_) => self.crowd.invalid_submission(),
        };
        let is_repeated =
            matches!(arrival, Arrival::Submission(_)) && self.rng.random_bool(self.resend_share);
        let repeat_after = is_repeated.then(|| Duration::from_millis(self.rng.random_range(REPEAT_AFTER_MS)));
        // Before the first byte is sent: the journal must know every id that may reach the log.
        self.delivery.scoreboard.issue(&event);
        let delivery = self.delivery.clone();
        let task = async move { delivery.deliver(event, due, repeat_after).await };
        self.deliveries.spawn_on(task, &self.runtime);
    }
}
