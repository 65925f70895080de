//! Keeps calls away from a provider that is down, or from a sender that is not taken (Nygard, "Release It!", circuit
//! breaker).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::providers::{NotTakenKind, Outcome};

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BreakerSettings {
    /// So many outages in a row open it.
    pub consecutive_outages: u32,
    /// So does this share of outages, 0 to 1, among the calls of the last `window`...
    pub outage_share: f64,
    pub window: Duration,
    /// ...when there were at least so many.
    pub least_calls: u32,
    /// How long nothing is called; then one probe is let through. A probe that has not come back after as long
    /// again is given up, and the next one is let through.
    pub open_for: Duration,
    /// A probe of which nothing is heard for so long is given up; longer than any call takes.
    pub probe_for: Duration,
}

/// Whoever may be the probe and has not called by then, does not call: its message waits for something else.
const OFFER_LASTS: Duration = Duration::from_secs(1);

impl Default for BreakerSettings {
    fn default() -> Self {
        Self {
            consecutive_outages: 5,
            outage_share: 0.5,
            window: Duration::from_secs(10),
            least_calls: 20,
            open_for: Duration::from_secs(10),
            probe_for: Duration::from_secs(12),
        }
    }
}

/// What a call says about its provider, or about its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallSign {
    /// It answered: accepted or refused.
    Healthy,
    /// It is away, or nobody can say whether it took the call.
    Outage,
    /// It answered, and said later (a rate limit, a greylist), or not by this sender: neither good nor bad.
    Neutral,
}

impl CallSign {
    pub fn of_provider(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Accepted { .. } | Outcome::Refused { .. } => Self::Healthy,
            Outcome::NotTaken(not_taken) if not_taken.kind == NotTakenKind::Away => Self::Outage,
            Outcome::NotTaken(_) => Self::Neutral,
            Outcome::Unknown { .. } => Self::Outage,
        }
    }

    pub fn of_sender(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Accepted { .. } | Outcome::Refused { .. } => Self::Healthy,
            Outcome::NotTaken(not_taken) if not_taken.kind == NotTakenKind::Sender => Self::Outage,
            Outcome::NotTaken(_) | Outcome::Unknown { .. } => Self::Neutral,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    Closed,
    /// Nobody may call; a probe may be on its way.
    Open,
    /// Open for long enough: one probe may go.
    HalfOpen,
}

/// Whether to call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Yes; what came of it is recorded with the permit.
    Call(Permit),
    /// No, not before this moment.
    NotBefore(Instant),
}

/// Leave for one call. Of calls from before the breaker opened, the answers say nothing about afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permit {
    generation: u64,
}

/// Parts of the window that are forgotten together.
const SLICES: u32 = 10;

#[derive(Debug, Clone, Copy)]
struct Slice {
    began: Instant,
    calls: u32,
    outages: u32,
}

#[derive(Debug, Clone)]
enum Phase {
    Closed {
        consecutive: u32,
        slices: VecDeque<Slice>,
    },
    Open {
        until: Instant,
    },
    /// Somebody may call who has not yet.
    Offered {
        until: Instant,
    },
    Probing {
        until: Instant,
    },
}

/// The breaker of one provider of one account, in one worker. Time is passed in.
#[derive(Debug, Clone)]
pub struct Breaker {
    settings: BreakerSettings,
    phase: Phase,
    generation: u64,
}

impl Breaker {
    pub fn new(settings: BreakerSettings) -> Self {
        Self { settings, phase: closed(), generation: 0 }
    }

    pub fn state(&self, now: Instant) -> BreakerState {
        match self.phase {
            Phase::Closed { .. } => BreakerState::Closed,
            Phase::Open { until } | Phase::Offered { until } | Phase::Probing { until } if now < until => {
                BreakerState::Open
            }
            Phase::Open { .. } | Phase::Offered { .. } | Phase::Probing { .. } => BreakerState::HalfOpen,
        }
    }

    /// When half open, it looks open to everybody from now on until the probe has gone, or should have.
    pub fn offer(&mut self, now: Instant) {
        if self.state(now) == BreakerState::HalfOpen {
            self.phase = Phase::Offered { until: now + OFFER_LASTS };
        }
    }

    /// Asks for leave to call. When half open, whoever is admitted is the probe, and must record what came of it.
    pub fn admit(&mut self, now: Instant) -> Admission {
        match self.phase {
            Phase::Closed { .. } => {}
            Phase::Open { until } | Phase::Probing { until } if now < until => {
                return Admission::NotBefore(until);
            }
            Phase::Open { .. } | Phase::Offered { .. } | Phase::Probing { .. } => {
                self.generation += 1;
                self.phase = Phase::Probing { until: now + self.settings.probe_for };
            }
        }
        Admission::Call(Permit { generation: self.generation })
    }

    /// Records what a call came to.
    pub fn record(&mut self, permit: Permit, sign: CallSign, now: Instant) {
        if permit.generation != self.generation {
            return;
        }
        match &mut self.phase {
            Phase::Open { .. } | Phase::Offered { .. } => {}
            Phase::Probing { .. } if sign == CallSign::Outage => self.open(now),
            // A provider that says "later" is there again.
            Phase::Probing { .. } => {
                self.generation += 1;
                self.phase = closed();
            }
            Phase::Closed { consecutive, slices } => {
                let is_outage = match sign {
                    CallSign::Neutral => return,
                    CallSign::Outage => true,
                    CallSign::Healthy => false,
                };
                *consecutive = if is_outage { *consecutive + 1 } else { 0 };
                count(slices, is_outage, self.settings.window, now);
                if is_outage && self.settings.must_open(*consecutive, slices) {
                    self.open(now);
                }
            }
        }
    }

    fn open(&mut self, now: Instant) {
        self.generation += 1;
        self.phase = Phase::Open { until: now + self.settings.open_for };
    }
}

impl BreakerSettings {
    fn must_open(&self, consecutive: u32, slices: &VecDeque<Slice>) -> bool {
        if consecutive >= self.consecutive_outages {
            return true;
        }
        let calls: u32 = slices.iter().map(|slice| slice.calls).sum();
        let outages: u32 = slices.iter().map(|slice| slice.outages).sum();
        calls >= self.least_calls && f64::from(outages) >= self.outage_share * f64::from(calls)
    }
}

fn closed() -> Phase {
    Phase::Closed { consecutive: 0, slices: VecDeque::new() }
}

/// Counts one call, and forgets slices that began a window ago.
fn count(slices: &mut VecDeque<Slice>, is_outage: bool, window: Duration, now: Instant) {
    while slices.front().is_some_and(|slice| now.saturating_duration_since(slice.began) >= window) {
        slices.pop_front();
    }
    let is_current = |slice: &Slice| now.saturating_duration_since(slice.began) < window / SLICES;
    if !slices.back().is_some_and(is_current) {
        slices.push_back(Slice { began: now, calls: 0, outages: 0 });
    }
    if let Some(slice) = slices.back_mut() {
        slice.calls += 1;
        slice.outages += u32::from(is_outage);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::providers::NotTaken;

    const SETTINGS: BreakerSettings = BreakerSettings {
        consecutive_outages: 3,
        outage_share: 0.5,
        window: Duration::from_secs(10),
        least_calls: 8,
        open_for: Duration::from_secs(5),
        probe_for: Duration::from_secs(5),
    };

    fn permit(breaker: &mut Breaker, now: Instant) -> Permit {
        match breaker.admit(now) {
            Admission::Call(permit) => permit,
            Admission::NotBefore(until) => panic!("open for {:?}", until - now),
        }
    }

    fn call(breaker: &mut Breaker, sign: CallSign, now: Instant) {
        let permit = permit(breaker, now);
        breaker.record(permit, sign, now);
    }

    fn open(start: Instant) -> Breaker {
        let mut breaker = Breaker::new(SETTINGS);
        for _ in 0..3 {
            call(&mut breaker, CallSign::Outage, start);
        }
        breaker
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn outages_in_a_row_open_it_and_an_answer_between_does_not_let_them() {
        let start = Instant::now();
        let mut breaker = Breaker::new(SETTINGS);
        for sign in
            [CallSign::Outage, CallSign::Outage, CallSign::Healthy, CallSign::Outage, CallSign::Outage]
        {
            call(&mut breaker, sign, start);
        }
        assert_eq!(breaker.state(start), BreakerState::Closed);
        call(&mut breaker, CallSign::Outage, start);
        assert_eq!(breaker.state(start), BreakerState::Open);
        assert_eq!(breaker.admit(start + seconds(4)), Admission::NotBefore(start + seconds(5)));
    }

    #[test]
    fn a_share_of_outages_opens_it_within_the_window_only() {
        let start = Instant::now();
        let mixed = [CallSign::Outage, CallSign::Healthy];
        let mut breaker = Breaker::new(SETTINGS);
        for call_number in 0..9 {
            call(&mut breaker, mixed[call_number % 2], start);
        }
        assert_eq!(breaker.state(start), BreakerState::Open, "5 of 9");
        // The same calls, three seconds apart, are never eight in a window.
        let mut breaker = Breaker::new(SETTINGS);
        for call_number in 0..40 {
            let now = start + seconds(3 * call_number);
            call(&mut breaker, mixed[call_number as usize % 2], now);
            assert_eq!(breaker.state(now), BreakerState::Closed);
        }
    }

    #[test]
    fn a_rate_limit_never_counts() {
        let start = Instant::now();
        let mut breaker = Breaker::new(SETTINGS);
        for _ in 0..1_000 {
            call(&mut breaker, CallSign::Neutral, start);
        }
        assert_eq!(breaker.state(start), BreakerState::Closed);
        for sign in [CallSign::Outage, CallSign::Outage, CallSign::Neutral, CallSign::Outage] {
            call(&mut breaker, sign, start);
        }
        assert_eq!(breaker.state(start), BreakerState::Open, "nor does it end a row of outages");
    }

    #[test]
    fn half_open_lets_one_probe_through() {
        let start = Instant::now();
        for (sign, expected) in [
            (CallSign::Healthy, BreakerState::Closed),
            (CallSign::Neutral, BreakerState::Closed),
            (CallSign::Outage, BreakerState::Open),
        ] {
            let mut breaker = open(start);
            let half = start + seconds(5);
            assert_eq!(breaker.state(half), BreakerState::HalfOpen);
            let probe = permit(&mut breaker, half);
            assert_eq!(breaker.admit(half), Admission::NotBefore(half + seconds(5)), "one is on its way");
            assert_eq!(breaker.state(half + seconds(1)), BreakerState::Open, "there is nothing to come for");
            breaker.record(probe, sign, half + seconds(1));
            assert_eq!(breaker.state(half + seconds(1)), expected, "{sign:?}");
        }
    }

    #[test]
    fn a_probe_that_never_comes_back_is_followed_by_another() {
        let start = Instant::now();
        let mut breaker = open(start);
        let lost = permit(&mut breaker, start + seconds(5));
        let next = permit(&mut breaker, start + seconds(10));
        breaker.record(lost, CallSign::Healthy, start + seconds(11));
        assert_eq!(breaker.state(start + seconds(11)), BreakerState::Open, "too late to say anything");
        breaker.record(next, CallSign::Healthy, start + seconds(12));
        assert_eq!(breaker.state(start + seconds(12)), BreakerState::Closed);
    }

    #[test]
    fn the_probe_is_offered_to_one_and_to_another_when_it_does_not_go() {
        let start = Instant::now();
        let mut breaker = open(start);
        breaker.offer(start);
        assert_eq!(breaker.state(start + seconds(5)), BreakerState::HalfOpen, "nothing was to be offered");
        breaker.offer(start + seconds(5));
        assert_eq!(breaker.state(start + seconds(5)), BreakerState::Open);
        assert_eq!(breaker.state(start + seconds(6)), BreakerState::HalfOpen, "it did not go");
        breaker.offer(start + seconds(7));
        let probe = permit(&mut breaker, start + seconds(7));
        assert_eq!(breaker.admit(start + seconds(8)), Admission::NotBefore(start + seconds(12)));
        breaker.offer(start + seconds(8));
        breaker.record(probe, CallSign::Healthy, start + seconds(9));
        breaker.offer(start + seconds(9));
        assert_eq!(breaker.state(start + seconds(9)), BreakerState::Closed);
    }

    #[test]
    fn answers_from_before_it_opened_say_nothing() {
        let start = Instant::now();
        let mut breaker = Breaker::new(SETTINGS);
        let old = permit(&mut breaker, start);
        for _ in 0..3 {
            call(&mut breaker, CallSign::Outage, start);
        }
        let probe = permit(&mut breaker, start + seconds(5));
        breaker.record(old, CallSign::Healthy, start + seconds(6));
        assert_eq!(breaker.state(start + seconds(6)), BreakerState::Open);
        breaker.record(probe, CallSign::Healthy, start + seconds(6));
        for _ in 0..10 {
            breaker.record(old, CallSign::Outage, start + seconds(7));
        }
        assert_eq!(breaker.state(start + seconds(7)), BreakerState::Closed);
    }

    #[test]
    fn what_each_outcome_says() {
        use CallSign::{Healthy, Neutral, Outage};

        let not_taken = |kind| Outcome::NotTaken(NotTaken { reason: "test", retry_after: None, kind });
        let outcomes = [
            (Outcome::Accepted { reference: "SM1".to_owned() }, Healthy, Healthy),
            (Outcome::Refused { reason: "invalid_recipient", opted_out: false }, Healthy, Healthy),
            (not_taken(NotTakenKind::Later), Neutral, Neutral),
            (not_taken(NotTakenKind::Limit), Neutral, Neutral),
            (not_taken(NotTakenKind::Sender), Neutral, Outage),
            (not_taken(NotTakenKind::Away), Outage, Neutral),
            (Outcome::Unknown { reason: "timeout" }, Outage, Neutral),
        ];
        for (outcome, of_provider, of_sender) in outcomes {
            assert_eq!(CallSign::of_provider(&outcome), of_provider, "{outcome:?}");
            assert_eq!(CallSign::of_sender(&outcome), of_sender, "{outcome:?}");
        }
    }

    proptest! {
        /// Of a dead provider, whatever asks when: after it has opened, at most one call in each `open_for`.
        #[test]
        fn a_dead_provider_is_probed_seldom(pauses in prop::collection::vec(0_u64..3_000, 1..200)) {
            let start = Instant::now();
            let mut breaker = open(start);
            let (mut now, mut probes) = (start, Vec::new());
            for pause in pauses {
                now += Duration::from_millis(pause);
                if let Admission::Call(permit) = breaker.admit(now) {
                    probes.push(now);
                    breaker.record(permit, CallSign::Outage, now);
                }
            }
            for pair in probes.windows(2) {
                prop_assert!(pair[1] - pair[0] >= SETTINGS.open_for);
            }
        }

        /// Whatever happened: once a provider answers again, it is closed after `open_for`, twice at most.
        #[test]
        fn a_mended_provider_is_called_again(signs in prop::collection::vec((0_u8..4, 0_u64..4_000), 0..200)) {
            let start = Instant::now();
            let mut breaker = Breaker::new(SETTINGS);
            let mut now = start;
            for (sign, pause) in signs {
                now += Duration::from_millis(pause);
                let Admission::Call(permit) = breaker.admit(now) else { continue };
                match sign {
                    0 => breaker.record(permit, CallSign::Healthy, now),
                    1 => breaker.record(permit, CallSign::Neutral, now),
                    2 => breaker.record(permit, CallSign::Outage, now),
                    // Its worker's task was dropped.
                    _ => {}
                }
            }
            now += SETTINGS.open_for;
            call(&mut breaker, CallSign::Healthy, now);
            prop_assert_eq!(breaker.state(now), BreakerState::Closed);
        }
    }
}
