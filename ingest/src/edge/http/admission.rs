use std::sync::atomic::{AtomicUsize, Ordering};

use metrics::Counter;
use vendzz_runtime::telemetry::MetricName;

/// What a request is for. The fuller the process, the fewer of these are let in: views and progress
/// beacons go first, then pages and the submissions of a quiz that is being flooded, and all other submissions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A progress beacon too.
    View,
    Page,
    HotSubmission,
    Submission,
}

/// How many requests may be worked on at once, and how many bytes their bodies may take: beyond that
/// they are refused before they are read, so memory is bounded whatever arrives.
pub struct Admission {
    max_requests: usize,
    max_body_bytes: usize,
    requests: AtomicUsize,
    body_bytes: AtomicUsize,
    shed: [Counter; 4],
}

/// A place inside; given back when dropped.
pub struct Permit<'a> {
    admission: &'a Admission,
    body_bytes: usize,
}

impl Admission {
    pub fn new(max_requests: usize, max_body_bytes: usize) -> Self {
        let shed = |reason| MetricName::RequestsShed.counter_of(&[("reason", reason)]);
        Self {
            max_requests,
            max_body_bytes,
            requests: AtomicUsize::new(0),
            body_bytes: AtomicUsize::new(0),
            shed: [shed("view"), shed("page"), shed("hot_submission"), shed("submission")],
        }
    }

    /// `None`: the request must be shed.
    pub fn admit(&self, class: Class, body_bytes: usize) -> Option<Permit<'_>> {
        let requests = self.requests.fetch_add(1, Ordering::Relaxed);
        let bytes = self.body_bytes.fetch_add(body_bytes, Ordering::Relaxed);
        let permit = Permit { admission: self, body_bytes };
        let share = class.share_percent();
        let is_admitted = requests < percent(self.max_requests, share)
            && bytes.saturating_add(body_bytes) <= percent(self.max_body_bytes, share);
        if is_admitted {
            return Some(permit);
        }
        self.shed[class as usize].increment(1);
        None
    }

    /// Requests inside.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.admission.requests.fetch_sub(1, Ordering::Relaxed);
        self.admission.body_bytes.fetch_sub(self.body_bytes, Ordering::Relaxed);
    }
}

impl Class {
    fn share_percent(self) -> usize {
        match self {
            Self::View => 50,
            Self::Page | Self::HotSubmission => 75,
            Self::Submission => 100,
        }
    }
}

fn percent(of: usize, percent: usize) -> usize {
    of.saturating_mul(percent) / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_are_shed_first_and_submissions_last() {
        let admission = Admission::new(100, usize::MAX / 200);
        let mut inside = Vec::new();
        for (class, most) in
            [(Class::View, 50), (Class::Page, 75), (Class::HotSubmission, 75), (Class::Submission, 100)]
        {
            inside.extend(std::iter::from_fn(|| admission.admit(class, 0)));
            assert_eq!(admission.requests(), most, "{class:?}");
        }
        inside.clear();
        assert_eq!(admission.requests(), 0);
    }

    #[test]
    fn bodies_are_bounded_in_bytes() {
        let admission = Admission::new(1_000, 1_000);
        let inside: Vec<_> = std::iter::from_fn(|| admission.admit(Class::Submission, 300)).collect();
        assert_eq!(inside.len(), 3);
        assert!(admission.admit(Class::Submission, 100).is_some());
        drop(inside);
        assert_eq!(admission.body_bytes.load(Ordering::Relaxed), 0);
    }
}
