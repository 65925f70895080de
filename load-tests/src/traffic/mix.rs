//! How much of everything, and when each piece is due.

use std::time::Duration;

/// The rates of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mix {
    /// Valid and invalid submissions a second; resends come on top.
    pub submissions_per_second: f64,
    pub views_per_second: f64,
    /// Share of the accepted submissions that is sent once more under the same id.
    pub resend_share: f64,
    /// Share of the submissions that must be refused.
    pub invalid_share: f64,
    /// Whether people send progress beacons on their way, and say it in their submissions.
    pub beacons: bool,
    /// Share of those who start and leave on their way: they send beacons and do not finish. Below 1.
    pub leave_share: f64,
    /// Share of those who gave a contact and left, and who finish later all the same.
    pub return_share: f64,
    /// How long after their last beacon those come back: long enough for the abandonment to be announced.
    pub return_after: Duration,
}

/// Longer than the abandonment of the local services (15 s) and its sweep.
const RETURN_AFTER: Duration = Duration::from_secs(25);

impl Mix {
    /// The product's own mix: ten views for each submission, 1 % resends, 1 % invalid; one who leaves for
    /// two who finish, and 2.8 beacons for each submission.
    pub fn realistic(submissions_per_second: f64) -> Self {
        Self {
            submissions_per_second,
            views_per_second: submissions_per_second * 10.0,
            resend_share: 0.01,
            invalid_share: 0.01,
            beacons: true,
            leave_share: 1.0 / 3.0,
            return_share: 0.05,
            return_after: RETURN_AFTER,
        }
    }

    /// Nothing at all.
    fn nothing() -> Self {
        Self {
            submissions_per_second: 0.0,
            views_per_second: 0.0,
            resend_share: 0.0,
            invalid_share: 0.0,
            beacons: false,
            leave_share: 0.0,
            return_share: 0.0,
            return_after: RETURN_AFTER,
        }
    }

    /// People who leave, a second.
    pub fn leavers_per_second(&self) -> f64 {
        self.submissions_per_second * self.leave_share / (1.0 - self.leave_share).max(0.01)
    }

    /// Nothing but valid submissions, each sent once.
    pub fn only_submissions(per_second: f64) -> Self {
        Self { submissions_per_second: per_second, ..Self::nothing() }
    }

    /// Nothing but views.
    pub fn only_views(per_second: f64) -> Self {
        Self { views_per_second: per_second, ..Self::nothing() }
    }
}

/// One piece of traffic and when it is due, from the begin of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    View(Duration),
    Submission(Duration),
    InvalidSubmission(Duration),
    /// Somebody who will not finish sends the last beacon.
    Leaver(Duration),
}

impl Arrival {
    pub fn due(&self) -> Duration {
        match self {
            Self::View(due) | Self::Submission(due) | Self::InvalidSubmission(due) | Self::Leaver(due) => {
                *due
            }
        }
    }
}

/// All arrivals of a run in order. They are evenly spaced and known beforehand: what the service
/// does cannot slow them down, and two runs of one mix ask exactly the same of it.
#[derive(Debug, Clone)]
pub struct Arrivals {
    views: EvenlySpaced,
    submissions: EvenlySpaced,
    leavers: EvenlySpaced,
    invalid_share: f64,
}

impl Arrivals {
    pub fn new(mix: &Mix, length: Duration) -> Self {
        Self {
            views: EvenlySpaced::new(mix.views_per_second, length),
            submissions: EvenlySpaced::new(mix.submissions_per_second, length),
            leavers: EvenlySpaced::new(mix.leavers_per_second(), length),
            invalid_share: mix.invalid_share,
        }
    }
}

impl Iterator for Arrivals {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        let [view, leaver, submission] =
            [&self.views, &self.leavers, &self.submissions].map(EvenlySpaced::peek);
        let first = [view, leaver, submission].into_iter().flatten().min()?;
        if view == Some(first) {
            return self.views.next().map(Arrival::View);
        }
        if leaver == Some(first) {
            return self.leavers.next().map(Arrival::Leaver);
        }
        let is_invalid =
            self.invalid_up_to(self.submissions.next + 1) > self.invalid_up_to(self.submissions.next);
        let due = self.submissions.next()?;
        Some(if is_invalid { Arrival::InvalidSubmission(due) } else { Arrival::Submission(due) })
    }
}

impl Arrivals {
    /// How many of the first `submissions` are invalid: evenly spread, and exact in the end.
    fn invalid_up_to(&self, submissions: u64) -> u64 {
        const AGAINST_ROUNDING: f64 = 1e-6;
        (submissions as f64 * self.invalid_share + AGAINST_ROUNDING) as u64
    }
}

#[derive(Debug, Clone)]
struct EvenlySpaced {
    per_second: f64,
    next: u64,
    total: u64,
}

impl EvenlySpaced {
    fn new(per_second: f64, length: Duration) -> Self {
        Self { per_second, next: 0, total: (per_second * length.as_secs_f64()).round().max(0.0) as u64 }
    }

    fn peek(&self) -> Option<Duration> {
        (self.next < self.total).then(|| Duration::from_secs_f64(self.next as f64 / self.per_second))
    }
}

impl Iterator for EvenlySpaced {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let due = self.peek()?;
        self.next += 1;
        Some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_of_the_realistic_mix_has_its_rates_and_stands_in_order() {
        let arrivals: Vec<Arrival> = Arrivals::new(&Mix::realistic(20.0), Duration::from_secs(60)).collect();
        let count = |is: fn(&Arrival) -> bool| arrivals.iter().filter(|arrival| is(arrival)).count();
        assert_eq!(count(|arrival| matches!(arrival, Arrival::View(_))), 12_000);
        assert_eq!(count(|arrival| matches!(arrival, Arrival::Submission(_))), 1_188);
        assert_eq!(count(|arrival| matches!(arrival, Arrival::InvalidSubmission(_))), 12);
        assert_eq!(count(|arrival| matches!(arrival, Arrival::Leaver(_))), 600);
        assert!(arrivals.is_sorted_by_key(Arrival::due));
        assert!(arrivals.last().unwrap().due() < Duration::from_secs(60));
    }

    #[test]
    fn the_invalid_share_is_exact() {
        for share in [0.0, 0.01, 0.1, 0.2, 1.0 / 3.0, 1.0] {
            let mix = Mix { invalid_share: share, ..Mix::only_submissions(300.0) };
            let arrivals = Arrivals::new(&mix, Duration::from_secs(1));
            let invalid = arrivals.filter(|arrival| matches!(arrival, Arrival::InvalidSubmission(_))).count();
            assert_eq!(invalid, (300.0 * share).round() as usize, "{share}");
        }
    }

    #[test]
    fn one_stream_alone_works() {
        let second = Duration::from_secs(1);
        assert_eq!(Arrivals::new(&Mix::only_views(5.0), second).count(), 5);
        assert_eq!(Arrivals::new(&Mix::only_submissions(5.0), second).count(), 5);
        assert_eq!(Arrivals::new(&Mix::only_submissions(0.0), second).count(), 0);
    }
}
