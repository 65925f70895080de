//! The comparison itself: pure, from facts to findings.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;
use uuid::Uuid;

use super::compare_events::compare_events;
use super::deliveries::Deliveries;
use super::journals::Acceptance;
use super::ledger::{LedgerRow, Tallies};
use super::pair_rate::too_soon;
use crate::follow_up::ExpectedSend;
use crate::reckoning::{Disagreement, Reckoning};

/// Everything that is compared.
#[derive(Debug, Clone, Default)]
pub struct SendingFacts {
    pub expected: Vec<ExpectedSend>,
    pub ledger: HashMap<Uuid, LedgerRow>,
    pub tallies: Tallies,
    /// Every line of the run in the providers' journals.
    pub accepted: Vec<Acceptance>,
    pub deliveries: Deliveries,
    /// The providers have brought every report: what they accepted can be unknown no longer.
    pub reports_are_in: bool,
}

/// What came out.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SendingReckoning {
    pub channels: BTreeMap<String, ChannelCounts>,
    /// Unknown to the ledger; the provider's journal has them.
    pub unknown_in_truth_accepted: Vec<Uuid>,
    /// Unknown to the ledger; no provider's journal has them.
    pub unknown_in_truth_not_accepted: Vec<Uuid>,
    /// Empty when everything agrees.
    pub disagreements: Vec<Disagreement>,
}

/// Counts of one channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChannelCounts {
    pub expected: u64,
    pub in_ledger: u64,
    pub sent: u64,
    /// Of what was sent or failed: the highest report.
    pub reported: BTreeMap<String, u64>,
    /// By reason.
    pub skipped: BTreeMap<String, u64>,
    pub failed: BTreeMap<String, u64>,
    pub unknown: u64,
    pub unknown_in_truth_accepted: u64,
    /// Due, and not held back by its campaign.
    pub waiting_due: u64,
    pub waiting_later: u64,
    pub waiting_held: u64,
    /// Leased or being sent.
    pub in_flight: u64,
    /// Lines of the providers' journals.
    pub accepted: u64,
    pub events: u64,
}

/// What a state says of the providers' journals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Promise {
    /// Stands in one, once.
    Accepted,
    /// Stands in none.
    NotAccepted,
    /// Stands in one at most.
    Nobody,
}

impl SendingReckoning {
    pub fn agrees(&self) -> bool {
        self.disagreements.is_empty()
    }

    /// Channels of which nothing was sent: zeros agree with zeros.
    pub fn what_did_not_happen(&self) -> Vec<String> {
        let channels = ["sms", "email", "whatsapp", "voice"];
        // At night everything of a channel may wait for the end of its quiet hours.
        let is_sent = |channel: &&str| {
            self.channels.get(*channel).is_some_and(|counts| counts.sent > 0 || counts.waiting_later > 0)
        };
        let missing = channels.iter().filter(|channel| !is_sent(channel));
        missing.map(|channel| format!("no message of {channel} was sent, and none waits")).collect()
    }

    pub(super) fn of(&mut self, channel: &str) -> &mut ChannelCounts {
        self.channels.entry(channel.to_owned()).or_default()
    }
}

/// Compares everything.
pub fn compare(facts: &SendingFacts) -> SendingReckoning {
    let mut reckoning = SendingReckoning::default();
    let mut found = Reckoning::default();
    count_rows(facts, &mut reckoning);
    compare_expected(facts, &mut reckoning, &mut found);
    compare_states(facts, &mut found);
    compare_journals(facts, &mut reckoning, &mut found);
    compare_events(facts, &mut reckoning, &mut found);
    compare_tallies(&facts.tallies, &mut found);
    reckoning.disagreements = found.disagreements;
    reckoning
}

fn count_rows(facts: &SendingFacts, reckoning: &mut SendingReckoning) {
    for row in facts.ledger.values() {
        let counts = reckoning.of(&row.channel);
        counts.in_ledger += 1;
        let reason = || if row.reason.is_empty() { "(no reason)".to_owned() } else { row.reason.clone() };
        match row.state.as_str() {
            "sent" => counts.sent += 1,
            "skipped" => *counts.skipped.entry(reason()).or_default() += 1,
            "failed" => *counts.failed.entry(reason()).or_default() += 1,
            "unknown" => counts.unknown += 1,
            "waiting" if row.is_held => counts.waiting_held += 1,
            "waiting" if row.is_due => counts.waiting_due += 1,
            "waiting" => counts.waiting_later += 1,
            _ => counts.in_flight += 1,
        }
        if let Some(report) = &row.report {
            *counts.reported.entry(report.clone()).or_default() += 1;
        }
    }
}

fn compare_expected(facts: &SendingFacts, reckoning: &mut SendingReckoning, found: &mut Reckoning) {
    let (mut missing, mut differing) = (Vec::new(), Vec::new());
    for message in &facts.expected {
        reckoning.of(&message.channel).expected += 1;
        let name = format!("{} ({})", message.message_id, message.channel);
        match facts.ledger.get(&message.message_id) {
            None => missing.push(name),
            Some(row) if row.channel != message.channel || row.campaign_id != message.campaign_id => {
                differing.push(format!("{name}: {} of {}", row.channel, row.campaign_id));
            }
            Some(_) => {}
        }
    }
    let expected: HashSet<Uuid> = facts.expected.iter().map(|message| message.message_id).collect();
    let invented = facts.ledger.iter().filter(|(id, _)| !expected.contains(*id));
    let invented = invented.map(|(id, row)| format!("{id} ({})", row.channel));
    found.find("messages expected, missing in the ledger", missing);
    found.find("messages of the ledger under another channel or campaign", differing);
    found.find("messages of the ledger that nobody expected", invented);
}

fn compare_states(facts: &SendingFacts, found: &mut Reckoning) {
    let named = |is_wrong: fn(&LedgerRow) -> bool| {
        let wrong = facts.ledger.iter().filter(move |(_, row)| is_wrong(row));
        wrong.map(|(id, row)| format!("{id} ({}, {})", row.channel, row.state))
    };
    found.find(
        "messages due that still wait",
        named(|row| row.state == "waiting" && row.is_due && !row.is_held),
    );
    found.find("messages still leased or being sent", named(|row| promise(row).is_none()));
    found.find(
        "messages skipped, failed or unknown without a reason",
        named(|row| is_for_a_reason(row) && row.reason.is_empty()),
    );
}

/// A report says itself why a message failed.
fn is_for_a_reason(row: &LedgerRow) -> bool {
    match row.state.as_str() {
        "skipped" | "unknown" => true,
        "failed" => row.report.is_none(),
        _ => false,
    }
}

/// None while it is on its way.
fn promise(row: &LedgerRow) -> Option<Promise> {
    let is_reported = row.report.is_some();
    match row.state.as_str() {
        "sent" => Some(Promise::Accepted),
        // By a report, or by the answer to the call.
        "failed" if is_reported => Some(Promise::Accepted),
        "failed" | "skipped" | "waiting" => Some(Promise::NotAccepted),
        "unknown" => Some(Promise::Nobody),
        _ => None,
    }
}

fn compare_journals(facts: &SendingFacts, reckoning: &mut SendingReckoning, found: &mut Reckoning) {
    let mut lines: HashMap<Uuid, Vec<&Acceptance>> = HashMap::new();
    let mut nameless = Vec::new();
    for acceptance in &facts.accepted {
        reckoning.of(acceptance.by.channel()).accepted += 1;
        match acceptance.message_id {
            Some(id) => lines.entry(id).or_default().push(acceptance),
            None => nameless.push(format!("{} ({})", acceptance.reference, acceptance.by.name())),
        }
    }
    let mut wrong: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (id, of_message) in &lines {
        let name = format!("{id} ({})", of_message[0].by.name());
        if of_message.len() > 1 {
            let by: Vec<&str> = of_message.iter().map(|line| line.by.name()).collect();
            wrong.entry("accepted more than once").or_default().push(format!("{id}: {}", by.join(", ")));
        }
        let Some(row) = facts.ledger.get(id) else {
            wrong.entry("accepted by a provider, unknown to the ledger").or_default().push(name);
            continue;
        };
        for what in wrongs_of_lines(row, of_message) {
            wrong.entry(what).or_default().push(format!("{name}, {}", row.state));
        }
    }
    for (id, row) in &facts.ledger {
        let is_accepted = lines.contains_key(id);
        let name = || format!("{id} ({}, {})", row.channel, row.state);
        match promise(row) {
            Some(Promise::Accepted) if !is_accepted => {
                wrong.entry("sent, but accepted by no provider").or_default().push(name());
            }
            Some(Promise::NotAccepted) if is_accepted => {
                wrong.entry("accepted by a provider, but not sent").or_default().push(name());
            }
            Some(Promise::Nobody) if is_accepted => {
                reckoning.of(&row.channel).unknown_in_truth_accepted += 1;
                reckoning.unknown_in_truth_accepted.push(*id);
                // The SMTP server reports nothing.
                if facts.reports_are_in && row.channel != "email" {
                    wrong.entry("accepted and reported, and still unknown").or_default().push(name());
                }
            }
            Some(Promise::Nobody) => reckoning.unknown_in_truth_not_accepted.push(*id),
            _ => {}
        }
    }
    reckoning.unknown_in_truth_accepted.sort_unstable();
    reckoning.unknown_in_truth_not_accepted.sort_unstable();
    for (what, names) in wrong {
        found.find(what, names);
    }
    found.find("accepted without a message's id", nameless);
    found.find(
        "accepted too soon after the message before, of the same number to the same recipient",
        too_soon(&facts.accepted),
    );
}

fn wrongs_of_lines(row: &LedgerRow, lines: &[&Acceptance]) -> Vec<&'static str> {
    let mut wrongs = Vec::new();
    if lines.iter().any(|line| line.by.channel() != row.channel) {
        wrongs.push("accepted by a provider of another channel");
    }
    if lines.iter().any(|line| line.to_hash != row.to_hash) {
        wrongs.push("accepted for somebody else than its recipient");
    }
    // An e-mail has no name but ours.
    let names_differ = row.provider_ref.as_ref().is_some_and(|reference| {
        lines.iter().all(|line| !line.reference.is_empty() && line.reference != *reference)
    });
    if names_differ {
        wrongs.push("under another reference than the provider gave");
    }
    if row.state == "sent" && row.channel != "email" && row.provider_ref.is_none() {
        wrongs.push("sent, and the ledger has no reference of the provider");
    }
    wrongs
}

fn compare_tallies(tallies: &Tallies, found: &mut Reckoning) {
    let mut differing = Vec::new();
    for key in tallies.tallied.keys().chain(tallies.counted.keys()) {
        let of = |counts: &BTreeMap<_, i64>| counts.get(key).copied().unwrap_or_default();
        let (tallied, counted) = (of(&tallies.tallied), of(&tallies.counted));
        if tallied != counted {
            let (campaign, channel, what) = key;
            differing
                .push(format!("{campaign} ({channel}), {what}: {tallied} tallied, {counted} in the ledger"));
        }
    }
    differing.sort();
    differing.dedup();
    found.find("tallies of campaigns that differ from the ledger", differing);
}
