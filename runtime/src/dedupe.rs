//! The dedupe window: whether the same key stands earlier in the same partition, at most W before.
//!
//! A pure statement about the log. With T(o) the running maximum of append times up to offset o,
//! rounded down to the bucket (W/8), the record at o is a duplicate when its key stands at an
//! earlier o′ with T(o) − T(o′) ≤ W. A duplicate is itself a sighting and renews the id.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::time::Duration;

use siphasher::sip::SipHasher13;

const BUCKETS_PER_WINDOW: i64 = 8;

/// Keys of one partition seen within the window, as 64-bit keyed fingerprints.
pub struct DedupeWindow {
    window_ms: i64,
    bucket_ms: i64,
    key: (u64, u64),
    /// Running maximum of append times; `None` before the first record.
    max_append_ms: Option<i64>,
    /// Fingerprint → T of its latest sighting.
    seen: HashMap<u64, i64, BuildHasherDefault<FingerprintHasher>>,
    /// T → fingerprints sighted then, oldest first, for eviction.
    buckets: VecDeque<(i64, Vec<u64>)>,
}

impl DedupeWindow {
    /// `secret` keys the fingerprints (the topic's incarnation), so that nobody outside can look
    /// for two ids that collide; the same log gives the same answers.
    pub fn new(window: Duration, secret: &str) -> Self {
        let window_ms = i64::try_from(window.as_millis()).unwrap_or(i64::MAX).max(BUCKETS_PER_WINDOW);
        let half = |salt: u64| {
            let mut hasher = SipHasher13::new_with_keys(salt, !salt);
            hasher.write(secret.as_bytes());
            hasher.finish()
        };
        Self {
            window_ms,
            bucket_ms: window_ms / BUCKETS_PER_WINDOW,
            key: (half(1), half(2)),
            max_append_ms: None,
            seen: HashMap::default(),
            buckets: VecDeque::new(),
        }
    }

    /// Notes the record and says whether it is a duplicate. Records come in the order of offsets.
    pub fn observe(&mut self, record_key: &[u8], append_ms: i64) -> bool {
        let now = self.advance(append_ms);
        let fingerprint = self.fingerprint(record_key);
        let earlier = self.seen.insert(fingerprint, now);
        if earlier != Some(now) {
            match self.buckets.back_mut() {
                Some((at, fingerprints)) if *at == now => fingerprints.push(fingerprint),
                _ => self.buckets.push_back((now, vec![fingerprint])),
            }
        }
        earlier.is_some()
    }

    /// Passes a record that is no sighting of anything (it was dead-lettered): it only moves T.
    pub fn pass(&mut self, append_ms: i64) {
        self.advance(append_ms);
    }

    /// Append time from which a projector that resumes at T reads back: everything that can
    /// still make a later record a duplicate stands at or after it.
    pub fn read_back_from(window: Duration, max_append_ms: i64) -> i64 {
        let window = Self::new(window, "");
        max_append_ms - max_append_ms.rem_euclid(window.bucket_ms) - window.window_ms
    }

    /// Ids held.
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// Moves T, and gives it back rounded down to its bucket.
    fn advance(&mut self, append_ms: i64) -> i64 {
        let max_append_ms = self.max_append_ms.map_or(append_ms, |max| max.max(append_ms));
        self.max_append_ms = Some(max_append_ms);
        let now = max_append_ms - max_append_ms.rem_euclid(self.bucket_ms);
        self.evict(now);
        now
    }

    fn evict(&mut self, now: i64) {
        while let Some((at, fingerprints)) = self.buckets.pop_front() {
            if now - at <= self.window_ms {
                self.buckets.push_front((at, fingerprints));
                return;
            }
            for fingerprint in fingerprints {
                // A later sighting stands in a later bucket and keeps it.
                if self.seen.get(&fingerprint) == Some(&at) {
                    self.seen.remove(&fingerprint);
                }
            }
        }
    }

    fn fingerprint(&self, record_key: &[u8]) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(self.key.0, self.key.1);
        hasher.write(record_key);
        hasher.finish()
    }
}

/// Fingerprints are hashes already.
#[derive(Default)]
struct FingerprintHasher(u64);

impl Hasher for FingerprintHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, fingerprint: u64) {
        self.0 = fingerprint;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const W: i64 = 800;
    /// In the logs below, the key of a record that was dead-lettered.
    const DEAD: u8 = 5;

    fn window() -> DedupeWindow {
        DedupeWindow::new(Duration::from_millis(W as u64), "incarnation")
    }

    /// The definition, word by word, over the whole log.
    fn by_definition(log: &[(u8, i64)]) -> Vec<bool> {
        let mut t = Vec::new();
        let mut max = i64::MIN;
        for (_, append) in log {
            max = max.max(*append);
            t.push(max - max.rem_euclid(W / 8));
        }
        let again = |o: usize| (0..o).any(|earlier| log[earlier].0 == log[o].0 && t[o] - t[earlier] <= W);
        (0..log.len()).map(|o| log[o].0 != DEAD && again(o)).collect()
    }

    fn observe(window: &mut DedupeWindow, key: u8, append: i64) -> bool {
        if key == DEAD {
            window.pass(append);
            return false;
        }
        window.observe(&[key], append)
    }

    fn logs() -> impl Strategy<Value = Vec<(u8, i64)>> {
        prop::collection::vec((0..6_u8, -50..400_i64), 1..120).prop_map(|steps| {
            let mut clock = 10_000;
            steps
                .into_iter()
                .map(|(key, step)| {
                    clock += step;
                    (key, clock)
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_definition(log in logs()) {
            let mut window = window();
            let said: Vec<bool> = log.iter().map(|(key, append)| observe(&mut window, *key, *append)).collect();
            prop_assert_eq!(said, by_definition(&log));
        }

        #[test]
        fn a_resume_anywhere_goes_on_as_if_nothing_had_happened(log in logs(), cut in 0..120_usize) {
            let cut = cut.min(log.len());
            let max = log[..cut].iter().map(|(_, append)| *append).max();
            let mut window = window();
            if let Some(max) = max {
                let from = DedupeWindow::read_back_from(Duration::from_millis(W as u64), max);
                let first = log.iter().position(|(_, append)| *append >= from).unwrap_or(cut);
                for (key, append) in &log[first.min(cut)..cut] {
                    observe(&mut window, *key, *append);
                }
            }
            let said: Vec<bool> = log[cut..].iter().map(|(key, append)| observe(&mut window, *key, *append)).collect();
            prop_assert_eq!(said, by_definition(&log)[cut..].to_vec());
        }
    }
}
