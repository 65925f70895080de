use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often one network may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub per_minute: u32,
    /// At once, after a while of silence.
    pub burst: u32,
}

/// An IPv6 site (/48) has many networks (/64), and may ask this many times as often as one of them.
const SITE_FACTOR: u32 = 16;

/// Buckets in one set, and sets in the table: together the most networks that are remembered. A set is
/// two cache lines, and 16,384 of them take 2 MiB.
const BUCKETS_IN_SET: usize = 8;
const SETS: usize = 16_384;

/// Token buckets by client network, bounded in number.
///
/// Each bucket is one time: when it will be full again (the "theoretical arrival time" of the generic
/// cell rate algorithm, ITU-T I.371). The table is a fixed array of small sets, as a processor's cache
/// is; where a set is full the bucket that is the nearest to full gives way, so nothing grows under an
/// attack from many networks, and a network that asks a lot is the last one to be forgotten.
pub struct NetworkLimiter {
    network: Pace,
    site: Pace,
    sets: Box<[Mutex<[Bucket; BUCKETS_IN_SET]>]>,
    hasher: RandomState,
    started: Instant,
}

/// A rate in nanoseconds.
#[derive(Debug, Clone, Copy)]
struct Pace {
    interval: u64,
    tolerance: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    /// Keyed hash of the network; 0 in an unused bucket, which is a full one.
    network: u64,
    /// Nanoseconds since the start.
    full_at: u64,
}

impl NetworkLimiter {
    pub fn new(rate: Rate) -> Self {
        let site = Rate {
            per_minute: rate.per_minute.saturating_mul(SITE_FACTOR),
            burst: rate.burst.saturating_mul(SITE_FACTOR),
        };
        Self {
            network: Pace::new(rate),
            site: Pace::new(site),
            sets: (0..SETS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            started: Instant::now(),
        }
    }

    /// Takes one token, or says after what time there will be one.
    pub fn take(&self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let now = u64::try_from(now.saturating_duration_since(self.started).as_nanos()).unwrap_or(u64::MAX);
        match address {
            IpAddr::V4(address) => {
                self.take_from(self.hasher.hash_one((32, u32::from(address))), self.network, now)
            }
            IpAddr::V6(address) => {
                let bits = u128::from(address);
                self.take_from(self.hasher.hash_one((64, bits >> 64)), self.network, now)?;
                self.take_from(self.hasher.hash_one((48, bits >> 80)), self.site, now)
            }
        }
    }

    fn take_from(&self, hash: u64, pace: Pace, now: u64) -> Result<(), Duration> {
        let network = hash.max(1);
        let place = (hash % SETS as u64) as usize;
        let mut set = self.sets[place].lock().unwrap_or_else(PoisonError::into_inner);
        let found = set.iter().position(|bucket| bucket.network == network);
        let place = found.unwrap_or_else(|| nearest_to_full(&set));
        let bucket = &mut set[place];
        if bucket.network != network {
            *bucket = Bucket { network, full_at: 0 };
        }
        let full_at = bucket.full_at.max(now).saturating_add(pace.interval);
        let wait = (full_at - now).saturating_sub(pace.tolerance);
        if wait > 0 {
            return Err(Duration::from_nanos(wait));
        }
        bucket.full_at = full_at;
        Ok(())
    }
}

impl Pace {
    fn new(rate: Rate) -> Self {
        let interval = 60_000_000_000 / u64::from(rate.per_minute.max(1));
        Self { interval, tolerance: interval.saturating_mul(u64::from(rate.burst.max(1))) }
    }
}

fn nearest_to_full(set: &[Bucket; BUCKETS_IN_SET]) -> usize {
    let places = 0..BUCKETS_IN_SET;
    places.min_by_key(|place| set[*place].full_at).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter() -> NetworkLimiter {
        NetworkLimiter::new(Rate { per_minute: 60, burst: 3 })
    }

    fn taken(limiter: &NetworkLimiter, address: &str, times: usize, now: Instant) -> usize {
        let address = address.parse().unwrap();
        (0..times).filter(|_| limiter.take(address, now).is_ok()).count()
    }

    #[test]
    fn a_network_has_its_burst_and_then_its_rate() {
        let limiter = limiter();
        let start = limiter.started;
        assert_eq!(taken(&limiter, "203.0.113.7", 10, start), 3);
        let wait = limiter.take("203.0.113.7".parse().unwrap(), start).unwrap_err();
        assert_eq!(wait, Duration::from_secs(1));
        assert_eq!(taken(&limiter, "203.0.113.7", 10, start + wait), 1);
        assert_eq!(taken(&limiter, "203.0.113.7", 10, start + Duration::from_secs(60)), 3);
        assert_eq!(taken(&limiter, "203.0.113.8", 10, start), 3, "another network has its own");
    }

    #[test]
    fn ipv6_is_limited_by_network_and_by_site() {
        let limiter = limiter();
        let start = limiter.started;
        assert_eq!(taken(&limiter, "2001:db8:1:1::1", 2, start), 2);
        assert_eq!(taken(&limiter, "2001:db8:1:1::2", 2, start), 1, "the same /64");
        let elsewhere: usize =
            (2..100).map(|net| taken(&limiter, &format!("2001:db8:1:{net}::1"), 1, start)).sum();
        assert_eq!(elsewhere, 3 * 16 - 3, "the rest of what the /48 may");
        assert_eq!(taken(&limiter, "2001:db8:2:1::1", 1, start), 1, "another /48");
    }

    #[test]
    fn a_flood_of_networks_does_not_free_the_one_that_asks_most() {
        let limiter = limiter();
        let start = limiter.started;
        assert_eq!(taken(&limiter, "203.0.113.7", 10, start), 3);
        for network in 0..(SETS * BUCKETS_IN_SET) as u32 {
            let _ = limiter.take(IpAddr::from(network.to_be_bytes()), start);
        }
        assert_eq!(taken(&limiter, "203.0.113.7", 10, start), 0);
    }
}
