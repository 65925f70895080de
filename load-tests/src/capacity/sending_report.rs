use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::generator::KindFigures;
use crate::reckoning::{Disagreement, disagreement_lines_of};
use crate::sending::{SendingReckoning, Unsent, sending_table, unknown_lines_of};
use crate::table::{grouped, line_table};

const CHANNELS: [&str; 4] = ["sms", "email", "whatsapp", "voice"];
/// So many lines of samples are shown.
const SHOWN: usize = 24;

/// How sending stood at one moment.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SendSample {
    /// Seconds since the begin.
    pub at: f64,
    /// Accepted by the providers since the begin, by channel.
    pub accepted: BTreeMap<String, u64>,
    pub unsent: Unsent,
}

#[derive(Debug, Clone, Serialize)]
pub struct SendReport {
    pub submissions: KindFigures,
    pub samples: Vec<SendSample>,
    /// From the last submission until nothing due was unsent, seconds; `None`: not within the patience.
    pub sent_after: Option<f64>,
    /// By process, from the first submission until nothing due was unsent.
    pub cpu_seconds: BTreeMap<String, f64>,
    pub follow_up_disagreements: Vec<Disagreement>,
    pub sending: SendingReckoning,
}

impl SendSample {
    pub fn accepted_in_all(&self) -> u64 {
        self.accepted.values().sum()
    }

    fn of(&self, channel: &str) -> u64 {
        self.accepted.get(channel).copied().unwrap_or_default()
    }

    /// Accepted a second since an earlier sample.
    fn rate_since(&self, earlier: &Self, channel: &str) -> f64 {
        let count = self.of(channel).saturating_sub(earlier.of(channel));
        count as f64 / (self.at - earlier.at).max(f64::EPSILON)
    }

    pub(super) fn line_since(&self, earlier: &Self) -> String {
        let rates = CHANNELS.map(|channel| format!("{channel} {:.0}/s", self.rate_since(earlier, channel)));
        format!("{:>4.0} s  accepted {}; {}", self.at, rates.join(", "), self.unsent)
    }
}

impl SendReport {
    pub fn agrees(&self) -> bool {
        self.follow_up_disagreements.is_empty() && self.sending.agrees() && self.sent_after.is_some()
    }

    pub fn accepted(&self) -> u64 {
        self.samples.last().map_or(0, SendSample::accepted_in_all)
    }

    /// The highest number accepted within any 60 s; of all there is when it was shorter, for its length.
    pub fn best_minute(&self) -> u64 {
        let begin = SendSample::default();
        let mut best = 0;
        for (place, last) in self.samples.iter().enumerate() {
            let earlier = self.samples[..place].iter().rev().find(|sample| last.at - sample.at >= 60.0);
            let first = earlier.unwrap_or(&begin);
            let span = (last.at - first.at).max(60.0);
            let count = last.accepted_in_all() - first.accepted_in_all();
            best = best.max((count as f64 * 60.0 / span) as u64);
        }
        best
    }
}

impl fmt::Display for SendReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let accepted = self.accepted();
        writeln!(
            formatter,
            "{} submissions accepted, {:.0} a second, p99 {:.1} ms; {} messages accepted by providers, at most {} in a minute\n",
            grouped(self.submissions.accepted),
            self.submissions.accepted_per_second,
            self.submissions.p99_ms,
            grouped(accepted),
            grouped(self.best_minute()),
        )?;
        let per_1000 = |seconds: f64| format!("{:.4}", seconds * 1_000.0 / accepted.max(1) as f64);
        let costs = self.cpu_seconds.iter().map(|(name, seconds)| vec![name.clone(), per_1000(*seconds)]);
        let header = ["PROCESS", "CPU S / 1,000 MESSAGES"].map(str::to_owned).to_vec();
        writeln!(formatter, "{}\n", line_table(header, costs))?;
        writeln!(formatter, "{}\n", self.sample_table())?;
        match self.sent_after {
            Some(seconds) => {
                writeln!(formatter, "nothing due unsent {seconds:.1} s after the last submission\n")?
            }
            None => writeln!(formatter, "DISAGREES: still something due and unsent when patience ended\n")?,
        }
        writeln!(formatter, "{}\n", sending_table(&self.sending))?;
        for line in unknown_lines_of(&self.sending) {
            writeln!(formatter, "{line}")?;
        }
        for disagreements in [&self.follow_up_disagreements, &self.sending.disagreements] {
            for line in disagreement_lines_of(disagreements) {
                writeln!(formatter, "{line}")?;
            }
        }
        Ok(())
    }
}

impl SendReport {
    fn sample_table(&self) -> String {
        let begin = SendSample::default();
        let mut header = vec!["ACCEPTED A SECOND".to_owned()];
        header.extend(CHANNELS.map(str::to_owned));
        header.extend(["ALL", "due, unsent", "in flight", "unpublished"].map(str::to_owned));
        let step = self.samples.len().div_ceil(SHOWN).max(1);
        let mut rows = Vec::new();
        let mut earlier = &begin;
        for sample in self.samples.iter().skip(step - 1).step_by(step) {
            let rates: Vec<f64> =
                CHANNELS.iter().map(|channel| sample.rate_since(earlier, channel)).collect();
            let mut cells = vec![format!("{:.0} s", sample.at)];
            cells.extend(rates.iter().map(|rate| format!("{rate:.0}")));
            cells.push(format!("{:.0}", rates.iter().sum::<f64>()));
            let unsent = &sample.unsent;
            cells.extend([unsent.due_in_all(), unsent.in_flight, unsent.unpublished].map(grouped));
            rows.push(cells);
            earlier = sample;
        }
        line_table(header, rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(at: f64, sms: u64) -> SendSample {
        SendSample { at, accepted: BTreeMap::from([("sms".to_owned(), sms)]), unsent: Unsent::default() }
    }

    #[test]
    fn the_best_minute_is_found_and_rates_are_of_their_own_span() {
        let report = SendReport {
            submissions: KindFigures::default(),
            samples: vec![
                sample(30.0, 300),
                sample(60.0, 900),
                sample(90.0, 2_700),
                sample(120.0, 3_300),
                sample(150.0, 3_300),
            ],
            sent_after: Some(1.0),
            cpu_seconds: BTreeMap::new(),
            follow_up_disagreements: Vec::new(),
            sending: SendingReckoning::default(),
        };
        assert_eq!(report.best_minute(), 2_400);
        let rate = report.samples[2].rate_since(&report.samples[1], "sms");
        assert!((rate - 60.0).abs() < 1e-9, "{rate}");
        assert!(report.to_string().contains("nothing due unsent 1.0 s after"), "{report}");
    }
}
