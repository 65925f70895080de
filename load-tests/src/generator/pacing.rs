//! Sends each event when it is due. The schedule is kept by a thread of its own: its sleep is exact to
//! some fifty microseconds, that of the async runtime to a millisecond.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::Delivery;
use crate::traffic::{Arrival, Arrivals, Crowd, Event, Mix};

/// So many events on their way at once; then the schedule waits, which the latencies show, since they
/// count from the moment an event was due.
const MAX_OUTSTANDING: usize = 50_000;
/// Shorter pauses are not worth a wake-up.
const SHORTEST_SLEEP: Duration = Duration::from_micros(200);
/// When an accepted submission is sent once more.
const REPEAT_AFTER_MS: std::ops::Range<u64> = 50..5_000;
/// Beacons are sent so long before what ends a journey at most. People take minutes; a run has not that long.
const JOURNEY: Duration = Duration::from_secs(3);

pub(super) async fn pace(
    mix: Mix,
    length: Duration,
    crowd: Crowd,
    seed: u64,
    delivery: Arc<Delivery>,
) -> anyhow::Result<()> {
    let deliveries = TaskTracker::new();
    let runtime = tokio::runtime::Handle::current();
    let pacer = Pacer {
        crowd,
        mix,
        length,
        planned: BinaryHeap::new(),
        plans_made: 0,
        // Another stream than the crowd's.
        rng: StdRng::seed_from_u64(seed ^ 0x5e5e_5e5e),
        delivery,
        deliveries: deliveries.clone(),
        runtime,
    };
    let thread = std::thread::Builder::new()
        .name("pacer".to_owned())
        .spawn(move || pacer.run(Arrivals::new(&mix, length)))?;
    let pacing = tokio::task::spawn_blocking(move || thread.join());
    pacing.await.context("the pacer's waiter")?.map_err(|_| anyhow::anyhow!("the pacer panicked"))?;
    deliveries.close();
    deliveries.wait().await;
    Ok(())
}

struct Pacer {
    crowd: Crowd,
    mix: Mix,
    length: Duration,
    /// What is due next, first.
    planned: BinaryHeap<Reverse<Planned>>,
    plans_made: u64,
    rng: StdRng,
    delivery: Arc<Delivery>,
    deliveries: TaskTracker,
    runtime: tokio::runtime::Handle,
}

/// An event that is sent at its time, from the begin of the run.
struct Planned {
    due: Duration,
    /// Of two that are due at once, the one planned first.
    number: u64,
    event: Event,
    repeat_after: Option<Duration>,
}

impl Pacer {
    /// Draws what is due soon (a journey's beacons come before its end) and sends what is due now.
    fn run(mut self, arrivals: Arrivals) {
        let begin = Instant::now();
        let ahead = if self.mix.beacons { JOURNEY } else { Duration::ZERO };
        let mut arrivals = arrivals.peekable();
        loop {
            let next_arrival = arrivals.peek().map(|arrival| arrival.due().saturating_sub(ahead));
            let next_planned = self.planned.peek().map(|planned| planned.0.due);
            let draws = match (next_arrival, next_planned) {
                (None, None) => return,
                (Some(arrival), Some(planned)) => arrival <= planned,
                (arrival, _) => arrival.is_some(),
            };
            let next = if draws { next_arrival } else { next_planned };
            self.wait_for(begin + next.unwrap_or_default());
            if self.delivery.stop.is_cancelled() {
                return;
            }
            if draws {
                arrivals.next().into_iter().for_each(|arrival| self.plan(arrival));
            } else if let Some(Reverse(planned)) = self.planned.pop() {
                self.dispatch(planned, begin);
            }
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

    fn plan(&mut self, arrival: Arrival) {
        let due = arrival.due();
        match arrival {
            Arrival::View(_) => {
                let view = self.crowd.view();
                self.plan_event(due, view, false);
            }
            Arrival::InvalidSubmission(_) => {
                let submission = self.crowd.invalid_submission();
                self.plan_event(due, submission, false);
            }
            Arrival::Submission(_) if !self.mix.beacons => {
                let submission = self.crowd.submission();
                self.plan_event(due, submission, true);
            }
            Arrival::Submission(_) => {
                let journey = self.crowd.finisher();
                self.plan_beacons(due, journey.beacons);
                self.plan_event(due, journey.submission, true);
            }
            Arrival::Leaver(_) => {
                let journey = self.crowd.leaver();
                let back_at = due + self.mix.return_after;
                let returns = journey.gave_contact
                    && back_at <= self.length
                    && self.rng.random_bool(self.mix.return_share);
                self.plan_beacons(due, journey.beacons);
                if returns {
                    self.plan_event(back_at, journey.submission, true);
                }
            }
        }
    }

    /// Evenly over the journey's time, the last just before its end.
    fn plan_beacons(&mut self, end: Duration, beacons: Vec<Event>) {
        let from_end = JOURNEY / 4;
        let count = u32::try_from(beacons.len()).unwrap_or(u32::MAX);
        for (place, beacon) in (0..count).zip(beacons) {
            self.plan_event(end.saturating_sub(from_end * (count - place)), beacon, true);
        }
    }

    fn plan_event(&mut self, due: Duration, event: Event, may_be_repeated: bool) {
        let is_repeated = may_be_repeated && self.rng.random_bool(self.mix.resend_share);
        let repeat_after = is_repeated.then(|| Duration::from_millis(self.rng.random_range(REPEAT_AFTER_MS)));
        let number = self.plans_made;
        self.plans_made += 1;
        self.planned.push(Reverse(Planned { due, number, event, repeat_after }));
    }

    fn dispatch(&mut self, planned: Planned, begin: Instant) {
        let Planned { due, event, repeat_after, .. } = planned;
        // Before the first byte is sent: the journal must know every id that may reach the log.
        self.delivery.scoreboard.issue(&event);
        let delivery = self.delivery.clone();
        let task = async move { delivery.deliver(event, begin + due, repeat_after).await };
        self.deliveries.spawn_on(task, &self.runtime);
    }
}

impl PartialEq for Planned {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Planned {}

impl PartialOrd for Planned {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Planned {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due, self.number).cmp(&(other.due, other.number))
    }
}
