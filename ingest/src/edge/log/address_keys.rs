use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rand::Rng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;
use vendzz_runtime::kafka::{Follower, KafkaConfig, OutgoingRecord, Producer};
use vendzz_schemas::topics;

const DAY_MS: i64 = 24 * 3_600_000;
/// How long before midnight (UTC) the next day's key is looked for, and made if there is none.
const AHEAD_MS: i64 = 3_600_000;
const CHECK_EVERY: Duration = Duration::from_secs(20);
const APPEND_WAIT: Duration = Duration::from_secs(5);
const KEY_BYTES: usize = 32;

/// The key of one day, as it stands on `edge.address_key.v1` (record key: the day) and in the snapshot.
#[derive(Clone, Serialize, Deserialize)]
pub struct DayKey {
    /// `YYYY-MM-DD`, UTC.
    pub day: String,
    /// 32 random bytes, hexadecimal.
    pub key: String,
}

/// A key ready for use.
#[derive(Clone)]
struct Key {
    /// Days since 1970-01-01 (UTC).
    day: i64,
    bytes: [u8; KEY_BYTES],
    shown: DayKey,
}

/// The random keys under which addresses are hashed: one for a day, the same at every edge, because
/// the first record of a day counts. They are gone after 48 hours, and with them the way from a hash
/// back to an address.
#[derive(Clone, Default)]
pub struct AddressKeys {
    keys: Arc<ArcSwap<Vec<Key>>>,
}

impl AddressKeys {
    /// Follows the topic. What is held already (a snapshot) is replaced by what the log says.
    pub fn follow(&self, kafka: &KafkaConfig, drain: CancellationToken) -> std::io::Result<Follower> {
        let into = self.clone();
        let mut seen_in_log = std::collections::BTreeSet::new();
        Follower::start(kafka, kafka.name(topics::EDGE_ADDRESS_KEY), CHECK_EVERY, drain, move |record| {
            let Some(value) = record.value else { return };
            match serde_json::from_slice::<DayKey>(value).ok().and_then(Key::read) {
                Some(key) if seen_in_log.insert(key.day) => into.put(key),
                Some(_) => {}
                None => {
                    tracing::error!(offset = record.offset, "a record of edge.address_key.v1 is not readable")
                }
            }
        })
    }

    /// Takes keys from the snapshot, as long as the log says nothing.
    pub fn load_snapshot(&self, keys: Vec<DayKey>, now_ms: i64) {
        let keys = keys.into_iter().filter_map(Key::read);
        keys.filter(|key| is_kept(key.day, now_ms)).for_each(|key| self.put(key));
    }

    /// What may stand in a snapshot: no key that is older than 48 hours.
    pub fn for_snapshot(&self, now_ms: i64) -> Vec<DayKey> {
        let keys = self.keys.load();
        keys.iter().filter(|key| is_kept(key.day, now_ms)).map(|key| key.shown.clone()).collect()
    }

    /// Hash of an address at a time, 32 hexadecimal digits; `None` while the day's key is not known.
    ///
    /// It is SHA-256 over the key and the address in its 16-byte form, cut to 16 bytes: both lengths are
    /// fixed, so this is a keyed hash that needs no more than one block.
    pub fn hash(&self, address: IpAddr, at_ms: i64) -> Option<String> {
        let day = at_ms.div_euclid(DAY_MS);
        let keys = self.keys.load();
        let key = keys.iter().find(|key| key.day == day)?;
        let octets = match address {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(address) => address,
        };
        Some(hash_under(&key.bytes, octets))
    }

    /// Whether the key of this time's day is known.
    pub fn has_day(&self, at_ms: i64) -> bool {
        self.keys.load().iter().any(|key| key.day == at_ms.div_euclid(DAY_MS))
    }

    fn put(&self, key: Key) {
        self.keys.rcu(|held| {
            let mut keys: Vec<Key> = held.iter().filter(|other| other.day != key.day).cloned().collect();
            keys.push(key.clone());
            keys
        });
    }

    fn forget_old(&self, now_ms: i64) {
        if self.keys.load().iter().any(|key| !is_kept(key.day, now_ms)) {
            self.keys
                .rcu(|held| held.iter().filter(|key| is_kept(key.day, now_ms)).cloned().collect::<Vec<_>>());
        }
    }
}

/// Makes the key of today, and an hour ahead that of tomorrow, where the log has none; forgets old ones.
/// `follower` is that of [`AddressKeys::follow`]; nothing is made before it has read to the end.
pub async fn keep_keys(
    keys: AddressKeys,
    follower: Follower,
    kafka: KafkaConfig,
    producer: Producer,
    clock: fn() -> i64,
) {
    let topic = kafka.name(topics::EDGE_ADDRESS_KEY);
    follower.caught_up().await;
    loop {
        let now = clock();
        keys.forget_old(now);
        for at in [now, now + AHEAD_MS] {
            if keys.has_day(at) {
                continue;
            }
            if let Err(error) = append_new_key(&keys, &producer, &topic, &follower, at).await {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "the day's address key could not be made; trying again"
                );
            }
        }
        tokio::time::sleep(CHECK_EVERY / 4).await;
    }
}

/// Every edge that finds none appends one; all then use the first that stands in the log.
async fn append_new_key(
    keys: &AddressKeys,
    producer: &Producer,
    topic: &str,
    follower: &Follower,
    at_ms: i64,
) -> anyhow::Result<()> {
    follower.read_to_end(APPEND_WAIT).await?;
    if keys.has_day(at_ms) {
        return Ok(());
    }
    let key = Key::random(at_ms.div_euclid(DAY_MS));
    let value = serde_json::to_vec(&key.shown)?;
    let record = OutgoingRecord {
        topic,
        partition: 0,
        key: key.shown.day.as_bytes(),
        payload: Some(&value),
        headers: &[],
    };
    let delivered = producer.send(&record).await?;
    tokio::time::timeout(APPEND_WAIT, follower.applied(delivered.partition, delivered.offset)).await?;
    Ok(())
}

impl Key {
    fn random(day: i64) -> Self {
        let mut bytes = [0; KEY_BYTES];
        rand::rng().fill_bytes(&mut bytes);
        let hex = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Self { day, bytes, shown: DayKey { day: name_of_day(day), key: hex } }
    }

    fn read(shown: DayKey) -> Option<Self> {
        let date = chrono::NaiveDate::parse_from_str(&shown.day, "%Y-%m-%d").ok()?;
        let midnight = date.and_hms_opt(0, 0, 0)?.and_utc();
        let text = shown.key.as_bytes();
        if text.len() != 2 * KEY_BYTES {
            return None;
        }
        let mut bytes = [0; KEY_BYTES];
        for (byte, digits) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        }
        Some(Self { day: midnight.timestamp_millis().div_euclid(DAY_MS), bytes, shown })
    }
}

fn name_of_day(day: i64) -> String {
    chrono::DateTime::from_timestamp_millis(day * DAY_MS).unwrap_or_default().format("%Y-%m-%d").to_string()
}

/// A day's key is used until its end, and for a day more by events that came in late.
fn is_kept(day: i64, now_ms: i64) -> bool {
    (day + 2) * DAY_MS > now_ms
}

fn hash_under(key: &[u8; KEY_BYTES], address: Ipv6Addr) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut hasher = Sha256::new();
    hasher.update(key);
    hasher.update(address.octets());
    let digest = hasher.finalize();
    let mut text = String::with_capacity(32);
    for byte in &digest[..16] {
        text.push(char::from(HEX[usize::from(byte >> 4)]));
        text.push(char::from(HEX[usize::from(byte & 15)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 20_000 * DAY_MS + DAY_MS / 2;

    #[test]
    fn a_hash_holds_for_a_day_and_an_address_and_says_nothing_without_a_key() {
        let keys = AddressKeys::default();
        let (one, other): (IpAddr, IpAddr) = ("203.0.113.7".parse().unwrap(), "203.0.113.8".parse().unwrap());
        assert_eq!(keys.hash(one, NOON), None);
        keys.put(Key::random(20_000));
        keys.put(Key::random(20_001));
        let hash = keys.hash(one, NOON).unwrap();
        assert_eq!(hash.len(), 32);
        assert_eq!(keys.hash("::ffff:203.0.113.7".parse().unwrap(), NOON), Some(hash.clone()));
        assert_ne!(keys.hash(other, NOON), Some(hash.clone()));
        assert_ne!(keys.hash(one, NOON + DAY_MS), Some(hash));
        assert_eq!(keys.hash(one, NOON + 2 * DAY_MS), None);
    }

    #[test]
    fn keys_survive_a_snapshot_for_48_hours_and_no_longer() {
        let keys = AddressKeys::default();
        keys.put(Key::random(20_000));
        let shown = keys.for_snapshot(NOON + DAY_MS);
        assert_eq!(shown[0].day, "2024-10-04");
        let after_restart = AddressKeys::default();
        after_restart.load_snapshot(shown.clone(), NOON);
        let address = "203.0.113.7".parse().unwrap();
        assert_eq!(after_restart.hash(address, NOON), keys.hash(address, NOON));
        let too_late = AddressKeys::default();
        too_late.load_snapshot(shown, 20_002 * DAY_MS);
        assert!(!too_late.has_day(NOON));
        assert!(keys.for_snapshot(20_002 * DAY_MS).is_empty());
        keys.forget_old(20_002 * DAY_MS);
        assert_eq!(keys.hash(address, NOON), None);
    }

    #[test]
    fn nonsense_is_no_key() {
        for (day, key) in
            [("2024-10-04", "ab"), ("yesterday", &"ab".repeat(32)), ("2024-10-04", &"zz".repeat(32))]
        {
            assert!(Key::read(DayKey { day: day.into(), key: key.into() }).is_none(), "{day} {key}");
        }
    }
}
