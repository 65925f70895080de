//! What a report means for a message: pure.

use uuid::Uuid;

/// What a provider says of a message, by rank: the highest that was ever said counts, so the order and the
/// repetition of reports do not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RankedReport {
    /// The provider has it, and goes on with it.
    Carried,
    /// It did not reach the recipient.
    Undelivered,
    Delivered,
    Read,
}

impl RankedReport {
    pub const ALL: [Self; 4] = [Self::Carried, Self::Undelivered, Self::Delivered, Self::Read];

    pub fn word(self) -> &'static str {
        match self {
            Self::Carried => "carried",
            Self::Undelivered => "undelivered",
            Self::Delivered => "delivered",
            Self::Read => "read",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|report| report.word() == word)
    }
}

/// A report, whichever provider's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub message_id: Uuid,
    pub report: RankedReport,
    /// The provider's name for the message; empty when it gives none.
    pub reference: String,
    /// A bounded word, e.g. `carrier_30003`; empty when there is nothing to say.
    pub reason: String,
}

/// Where a message stands, as far as reports matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// `sending` or `unknown`: handed to a provider, with an answer that is not known.
    InTheAir,
    /// `sent`, or `failed` by a report.
    Told { is_sent: bool },
    /// `failed` by the provider's own answer: no report moves it.
    Refused,
    /// `waiting`, `leased` or `skipped`: no provider can have it.
    NeverSent,
}

/// The message's state once `highest` is the highest report; `None` when the state does not move.
pub fn standing_after(standing: Standing, highest: RankedReport) -> Option<&'static str> {
    let wanted_sent = highest != RankedReport::Undelivered;
    match standing {
        Standing::InTheAir => Some(if wanted_sent { "sent" } else { "failed" }),
        Standing::Told { is_sent } if is_sent != wanted_sent => {
            Some(if wanted_sent { "sent" } else { "failed" })
        }
        Standing::Told { .. } | Standing::Refused | Standing::NeverSent => None,
    }
}

/// A provider's error code as a bounded reason: digits alone, six at most; anything else says nothing.
pub(super) fn carrier_reason(code: &str) -> String {
    let is_code = (1..=6).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit());
    if is_code && code != "0" { format!("carrier_{code}") } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn report() -> impl Strategy<Value = RankedReport> {
        proptest::sample::select(RankedReport::ALL.to_vec())
    }

    /// Folds reports one by one, as the store does.
    fn fold(reports: &[RankedReport]) -> (Option<&'static str>, Option<RankedReport>) {
        let (mut state, mut highest) = (None, None);
        for report in reports {
            highest = highest.max(Some(*report));
            let standing = match state {
                None => Standing::InTheAir,
                Some(state) => Standing::Told { is_sent: state == "sent" },
            };
            state = standing_after(standing, highest.unwrap()).or(state);
        }
        (state, highest)
    }

    proptest! {
        #[test]
        fn order_and_repetition_of_reports_do_not_matter(
            reports in proptest::collection::vec(report(), 1..8),
            seed in proptest::collection::vec(any::<prop::sample::Index>(), 1..16),
        ) {
            let mut again = reports.clone();
            for index in seed {
                let report = *index.get(&reports);
                again.insert(index.index(again.len()), report);
            }
            again.reverse();
            prop_assert_eq!(fold(&reports), fold(&again));
        }
    }

    #[test]
    fn a_refusal_and_what_was_never_sent_are_not_moved() {
        for report in RankedReport::ALL {
            assert_eq!(standing_after(Standing::Refused, report), None);
            assert_eq!(standing_after(Standing::NeverSent, report), None);
        }
        assert_eq!(standing_after(Standing::Told { is_sent: false }, RankedReport::Read), Some("sent"));
        assert_eq!(
            standing_after(Standing::Told { is_sent: true }, RankedReport::Undelivered),
            Some("failed")
        );
        assert_eq!(standing_after(Standing::Told { is_sent: true }, RankedReport::Delivered), None);
    }

    #[test]
    fn a_reason_is_made_of_digits_alone() {
        assert_eq!(carrier_reason("30003"), "carrier_30003");
        for bad in ["", "0", "3000a", "1234567", "+551", "３"] {
            assert_eq!(carrier_reason(bad), "", "{bad}");
        }
    }
}
