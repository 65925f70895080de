use std::collections::BTreeMap;

use scylla::{DeserializeValue, SerializeValue};

/// Values kept apart in one breakdown of one row.
pub const MAX_VALUES: usize = 50;

/// Longer values are cut, at a character, so that a cell stays small whatever a stranger sends.
pub const MAX_VALUE_BYTES: usize = 120;

/// How often each value of one property came: the first [`MAX_VALUES`] values are counted apart,
/// first come first kept, and what comes after them together in `other`. A value that is held was
/// held since it first came, so its count is exact; one that is not held may be part of `other`.
/// The empty value means that the event did not say.
#[derive(Debug, Clone, Default, PartialEq, Eq, SerializeValue, DeserializeValue)]
#[scylla(flavor = "enforce_order")]
pub struct Breakdown {
    pub counts: BTreeMap<String, i64>,
    pub other: i64,
}

impl Breakdown {
    pub fn add(&mut self, value: &str) {
        let value = cut(value);
        if let Some(count) = self.counts.get_mut(value) {
            *count += 1;
        } else if self.counts.len() < MAX_VALUES {
            self.counts.insert(value.to_owned(), 1);
        } else {
            self.other += 1;
        }
    }

    /// Events counted.
    pub fn total(&self) -> i64 {
        self.counts.values().sum::<i64>() + self.other
    }
}

fn cut(value: &str) -> &str {
    &value[..value.floor_char_boundary(MAX_VALUE_BYTES)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_fifty_values_are_kept_and_stay_exact() {
        let mut breakdown = Breakdown::default();
        for round in 0..3 {
            for number in 0..60 {
                breakdown.add(&format!("value {number}"));
            }
            assert_eq!(breakdown.total(), 60 * (round + 1));
        }
        assert_eq!(breakdown.counts.len(), MAX_VALUES);
        assert_eq!(breakdown.counts["value 49"], 3);
        assert!(!breakdown.counts.contains_key("value 50"));
        assert_eq!(breakdown.other, 30);
    }

    #[test]
    fn a_long_value_is_cut_at_a_character() {
        let mut breakdown = Breakdown::default();
        breakdown.add(&format!("{}ção", "x".repeat(MAX_VALUE_BYTES - 1)));
        assert_eq!(breakdown.counts.keys().collect::<Vec<_>>(), [&"x".repeat(MAX_VALUE_BYTES - 1)]);
    }
}
