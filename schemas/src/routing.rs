//! Which partition a record goes to: one function, used by every producer of a routed topic.

use crate::events::Epoch;
use crate::events::TopicEpochs;
use crate::ids::TimedId;

/// Java's murmur2 as Kafka's default partitioner uses it (seed 0x9747b28c), so that any Kafka
/// client with `murmur2_random` agrees. Source: `org.apache.kafka.common.utils.Utils.murmur2`.
pub fn murmur2(data: &[u8]) -> i32 {
    const SEED: u32 = 0x9747_b28c;
    const M: u32 = 0x5bd1_e995;
    const R: u32 = 24;
    let length = u32::try_from(data.len()).expect("keys are far below 4 GiB");
    let mut hash = SEED ^ length;
    let (words, tail) = data.as_chunks::<4>();
    for word in words {
        let mut k = u32::from_le_bytes(*word).wrapping_mul(M);
        k ^= k >> R;
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    if !tail.is_empty() {
        for (index, byte) in tail.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * index);
        }
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^= hash >> 15;
    hash.cast_signed()
}

/// Partition of `partition_key` among `partitions`, as Kafka's Java client chooses it.
pub fn partition_of(partition_key: &[u8], partitions: i32) -> i32 {
    (murmur2(partition_key) & 0x7fff_ffff) % partitions.max(1)
}

/// The salt of an id: a small modulus over its hash, the same for every resend.
pub fn salt(id: &TimedId, modulus: i32) -> i32 {
    partition_of(id.uuid().as_bytes(), modulus)
}

/// The partition of an event of `quiz_id` with the id of a response or visitor: murmur2 of
/// `quiz_id/salt` over the partition count of the epoch in which the id was minted.
/// `None` when the topic has no epoch.
pub fn route(quiz_id: &str, id: &TimedId, epochs: &TopicEpochs) -> Option<i32> {
    let epoch: &Epoch = epochs.at(id.minted_at())?;
    let partition_key = format!("{quiz_id}/{}", salt(id, epoch.salt));
    Some(partition_of(partition_key.as_bytes(), epoch.partitions))
}

/// The partition of a message for `recipient`: murmur2 over the partition count of the epoch in which the
/// response that it follows up was minted. `None` when the topic has no epoch.
pub fn route_message(recipient: &str, response_id: &TimedId, epochs: &TopicEpochs) -> Option<i32> {
    let epoch = epochs.at(response_id.minted_at())?;
    Some(partition_of(recipient.as_bytes(), epoch.partitions))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors of Kafka's own `UtilsTest.testMurmur2`.
    #[test]
    fn murmur2_agrees_with_kafkas_java_client() {
        for (key, expected) in [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            ("abc", 479_470_107),
        ] {
            assert_eq!(murmur2(key.as_bytes()), expected, "{key}");
        }
    }

    #[test]
    fn an_id_goes_where_the_epoch_of_its_minting_says() {
        let epoch = |number, begins_at, partitions| Epoch { number, begins_at, partitions, salt: 2 };
        let before = TopicEpochs { topic: "t".into(), incarnation: "i".into(), epochs: vec![epoch(0, 0, 6)] };
        let after = TopicEpochs { epochs: vec![epoch(0, 0, 6), epoch(1, 2_000, 128)], ..before.clone() };
        let old = TimedId::mint_at(1_999, &[3; 10]);
        assert_eq!(route("q", &old, &before), route("q", &old, &after));
        let mut partitions = std::collections::BTreeSet::new();
        for seed in 0..200_u8 {
            let new = TimedId::mint_at(2_000, &[seed; 10]);
            partitions.insert(route("q", &new, &after));
        }
        assert_eq!(partitions.len(), 2, "one quiz spreads over as many partitions as the salt has values");
    }
}
