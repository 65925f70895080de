use std::collections::HashMap;

use super::journals::{Acceptance, Acceptor};

/// Meta's limit for a number and a recipient: one message in six seconds.
const PAIR_INTERVAL_MS: i64 = 6_000;
/// The interval is kept from admission to admission; a call takes its time from there to the provider's journal, and the next one may take
/// less.
const CALLS_DIFFER_BY_MS: i64 = 1_000;

/// Acceptances of Meta that came too soon after the one before, from the same number to the same recipient; recipients as
/// the journal has them, as hashes.
pub(super) fn too_soon(accepted: &[Acceptance]) -> Vec<String> {
    let mut pairs: HashMap<(&str, &str), Vec<i64>> = HashMap::new();
    for line in accepted.iter().filter(|line| line.by == Acceptor::Meta) {
        pairs.entry((&line.from, &line.to_hash)).or_default().push(line.at_ms);
    }
    let mut found = Vec::new();
    for ((from, to_hash), mut times) in pairs {
        times.sort_unstable();
        for gap in times.windows(2).map(|two| two[1] - two[0]) {
            if gap < PAIR_INTERVAL_MS - CALLS_DIFFER_BY_MS {
                found.push(format!("{from} to {to_hash}: {gap} ms"));
            }
        }
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(by: Acceptor, from: &str, to: &str, at_ms: i64) -> Acceptance {
        let (from, to_hash) = (from.to_owned(), to.to_owned());
        Acceptance { by, message_id: None, reference: String::new(), from, to_hash, at_ms }
    }

    #[test]
    fn only_a_pair_of_meta_has_to_wait() {
        use Acceptor::{Meta, TwilioMessages};
        let lines = [
            line(Meta, "1", "ana", 10_000),
            line(Meta, "1", "ana", 3_000),
            line(Meta, "1", "ana", 8_100),
            line(Meta, "2", "ana", 3_001),
            line(Meta, "1", "bia", 3_001),
            line(TwilioMessages, "3", "ana", 1),
            line(TwilioMessages, "3", "ana", 2),
        ];
        assert_eq!(too_soon(&lines), ["1 to ana: 1900 ms"]);
    }
}
