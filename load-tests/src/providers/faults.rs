use std::collections::BTreeMap;
use std::time::Duration;

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

/// The rule of whoever has none of his own.
const EVERYBODY: &str = "*";

/// How the simulator misbehaves; `PUT /faults` replaces all of it. Shares are from 0 to 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Faults {
    /// By Twilio's account sid or Meta's phone number id; `*` for all others.
    pub rules: BTreeMap<String, FaultRule>,
    pub reports: ReportFaults,
    /// The port is closed and every open connection cut, until this is false again. Only with a control address of its
    /// own, over which it can be taken back.
    pub refuse_connections: bool,
}

/// How requests of one account or number are answered. Whatever the shares leave over is answered properly.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FaultRule {
    /// Before anything is decided: least and most, milliseconds.
    pub latency_ms: [u64; 2],
    /// Between acceptance and answer, milliseconds.
    pub slow_ms: u64,
    /// Rate limited, not accepted: Twilio 20429, Meta 130429 and 131056 in turn.
    pub share_429: f64,
    /// `Retry-After` of those; none when absent.
    pub retry_after_seconds: Option<u64>,
    /// Not accepted: Twilio 20500, Meta 131000.
    pub share_500: f64,
    /// Not accepted: Twilio 20503, Meta code 2.
    pub share_503: f64,
    /// Refused for good: Twilio 21211, Meta 131047 (text) or 132001 (template).
    pub share_refused: f64,
    /// The recipient has opted out: Twilio 21610, Meta 131050.
    pub share_opted_out: f64,
    /// The request is read, nothing is accepted, and the connection is closed without an answer.
    pub share_cut_before: f64,
    /// Accepted, journalled and reported, and the connection is closed without an answer.
    pub share_cut_after: f64,
    /// Requests are read and never answered.
    pub dead: bool,
}

/// How delivery reports come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ReportFaults {
    /// Before each report: least and most, milliseconds.
    pub delay_ms: [u64; 2],
    pub share_undelivered: f64,
    /// Of what WhatsApp delivered.
    pub share_read: f64,
    /// One of the reports comes again.
    pub share_twice: f64,
    /// The last report comes first.
    pub share_out_of_order: f64,
    /// How long a report that is not answered 2xx is sent again.
    pub retry_seconds: u64,
    /// Nothing is reported while this is true; what waits is reported afterwards.
    pub withhold: bool,
}

impl Default for ReportFaults {
    fn default() -> Self {
        Self {
            delay_ms: [50, 400],
            share_undelivered: 0.01,
            share_read: 0.5,
            share_twice: 0.02,
            share_out_of_order: 0.02,
            retry_seconds: 120,
            withhold: false,
        }
    }
}

/// What becomes of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Accepted,
    TooMany,
    ServerError,
    Unavailable,
    Refused,
    OptedOut,
    CutBefore,
    CutAfter,
    Dead,
}

/// A fate, and the time that it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) fate: Fate,
    pub(super) latency: Duration,
    pub(super) slow: Duration,
    pub(super) retry_after_seconds: Option<u64>,
}

impl Faults {
    /// Every mistake, by JSON pointer.
    pub fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        for (key, rule) in &self.rules {
            let shares = rule.shares();
            check_shares(&format!("/rules/{key}"), &shares, &mut mistakes);
            if shares.iter().map(|(_, share)| share).sum::<f64>() > 1.0 + 1e-9 {
                mistakes.push(format!("/rules/{key}: the shares add up to more than 1"));
            }
            check_range(&format!("/rules/{key}/latencyMs"), rule.latency_ms, &mut mistakes);
        }
        let reports = &self.reports;
        let shares = [
            ("shareUndelivered", reports.share_undelivered),
            ("shareRead", reports.share_read),
            ("shareTwice", reports.share_twice),
            ("shareOutOfOrder", reports.share_out_of_order),
        ];
        check_shares("/reports", &shares, &mut mistakes);
        check_range("/reports/delayMs", reports.delay_ms, &mut mistakes);
        mistakes
    }

    pub(super) fn decide(&self, key: &str, rng: &mut impl Rng) -> Decision {
        let Some(rule) = self.rules.get(key).or_else(|| self.rules.get(EVERYBODY)) else {
            return Decision {
                fate: Fate::Accepted,
                latency: Duration::ZERO,
                slow: Duration::ZERO,
                retry_after_seconds: None,
            };
        };
        Decision {
            fate: if rule.dead { Fate::Dead } else { rule.fate(rng.random_range(0.0..1.0)) },
            latency: drawn(rule.latency_ms, rng),
            slow: Duration::from_millis(rule.slow_ms),
            retry_after_seconds: rule.retry_after_seconds,
        }
    }
}

impl FaultRule {
    fn shares(&self) -> [(&'static str, f64); 7] {
        [
            ("share429", self.share_429),
            ("share500", self.share_500),
            ("share503", self.share_503),
            ("shareRefused", self.share_refused),
            ("shareOptedOut", self.share_opted_out),
            ("shareCutBefore", self.share_cut_before),
            ("shareCutAfter", self.share_cut_after),
        ]
    }

    /// `drawn`: from 0, below 1.
    fn fate(&self, drawn: f64) -> Fate {
        const FATES: [Fate; 7] = [
            Fate::TooMany,
            Fate::ServerError,
            Fate::Unavailable,
            Fate::Refused,
            Fate::OptedOut,
            Fate::CutBefore,
            Fate::CutAfter,
        ];
        let mut bound = 0.0;
        for ((_, share), fate) in self.shares().into_iter().zip(FATES) {
            bound += share;
            if drawn < bound {
                return fate;
            }
        }
        Fate::Accepted
    }
}

/// A span between two numbers of milliseconds, both included.
pub(super) fn drawn(range_ms: [u64; 2], rng: &mut impl Rng) -> Duration {
    let [least, most] = range_ms;
    Duration::from_millis(if least == most { least } else { rng.random_range(least..=most) })
}

fn check_shares(place: &str, shares: &[(&str, f64)], mistakes: &mut Vec<String>) {
    for (name, share) in shares {
        if !(0.0..=1.0).contains(share) {
            mistakes.push(format!("{place}/{name}: is not a share from 0 to 1"));
        }
    }
}

fn check_range(place: &str, [least, most]: [u64; 2], mistakes: &mut Vec<String>) {
    if least > most {
        mistakes.push(format!("{place}: the least is more than the most"));
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn each_share_gets_its_part_and_what_is_left_is_accepted() {
        let rule = FaultRule {
            share_429: 0.1,
            share_500: 0.2,
            share_503: 0.05,
            share_refused: 0.1,
            share_opted_out: 0.05,
            share_cut_before: 0.1,
            share_cut_after: 0.1,
            ..FaultRule::default()
        };
        let faults = Faults { rules: BTreeMap::from([("*".to_owned(), rule)]), ..Faults::default() };
        assert!(faults.mistakes().is_empty());
        let mut rng = StdRng::seed_from_u64(1);
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for _ in 0..20_000 {
            *counts.entry(format!("{:?}", faults.decide("AC1", &mut rng).fate)).or_default() += 1;
        }
        for (fate, expected) in [
            ("TooMany", 2_000),
            ("ServerError", 4_000),
            ("Unavailable", 1_000),
            ("Refused", 2_000),
            ("OptedOut", 1_000),
            ("CutBefore", 2_000),
            ("CutAfter", 2_000),
            ("Accepted", 6_000),
        ] {
            let found = counts[fate];
            assert!(found.abs_diff(expected) < 250, "{fate}: {found} instead of {expected}");
        }
    }

    #[test]
    fn a_rule_of_ones_own_comes_before_that_of_everybody() {
        let faults: Faults = serde_json::from_value(serde_json::json!({
            "rules": { "*": { "dead": true }, "AC1": { "slowMs": 7, "latencyMs": [3, 3], "share429": 0.0 } },
        }))
        .unwrap();
        let mut rng = StdRng::seed_from_u64(1);
        assert_eq!(faults.decide("AC2", &mut rng).fate, Fate::Dead);
        let decision = faults.decide("AC1", &mut rng);
        assert_eq!((decision.fate, decision.slow.as_millis()), (Fate::Accepted, 7));
        assert_eq!(decision.latency.as_millis(), 3);
    }

    #[test]
    fn mistakes_are_named_and_unknown_fields_are_refused() {
        let faults: Faults = serde_json::from_value(serde_json::json!({
            "rules": { "AC1": { "share429": 0.6, "share500": 0.6, "latencyMs": [5, 2] }, "AC2": { "share503": 1.5 } },
            "reports": { "shareRead": -1.0 },
        }))
        .unwrap();
        let mistakes = faults.mistakes();
        assert_eq!(mistakes.len(), 5, "{mistakes:?}");
        assert!(serde_json::from_str::<Faults>(r#"{"rules":{"AC1":{"share404":1}}}"#).is_err());
    }
}
