use std::collections::BTreeMap;

use super::compare::{SendingFacts, SendingReckoning};
use super::deliveries::LoggedDelivery;
use super::ledger::LedgerRow;
use crate::reckoning::Reckoning;

/// Of the reports, from the least to the most: what is higher stays.
const RANKS: [&str; 4] = ["carried", "undelivered", "delivered", "read"];
const FINAL_STATES: [&str; 4] = ["sent", "failed", "skipped", "unknown"];

/// The log must tell each message's life whole, and end where the ledger ends.
pub(super) fn compare_events(facts: &SendingFacts, reckoning: &mut SendingReckoning, found: &mut Reckoning) {
    let deliveries = &facts.deliveries;
    let nothing = BTreeMap::new();
    let (mut gaps, mut ends, mut foreign) = (Vec::new(), Vec::new(), Vec::new());
    for (id, row) in &facts.ledger {
        let events = deliveries.events.get(id).unwrap_or(&nothing);
        reckoning.of(&row.channel).events += events.len() as u64;
        let name = || format!("{id} ({}, {})", row.channel, row.state);
        let is_final = FINAL_STATES.contains(&row.state.as_str());
        let is_whole = events.keys().copied().eq(1..=row.events) && !(is_final && events.is_empty());
        if !is_whole {
            let numbers: Vec<String> = events.keys().map(i32::to_string).collect();
            gaps.push(format!("{}: {} in the ledger, on the log {}", name(), row.events, numbers.join(" ")));
        }
        if is_whole && is_final && end_of(events) != Some(row.state.as_str()) {
            let whats: Vec<&str> = events.values().map(|event| event.what.as_str()).collect();
            ends.push(format!("{}: {}", name(), whats.join(", ")));
        }
        if is_whole && is_final && row.report.as_deref() != highest_report(events) {
            ends.push(format!("{}: the ledger's report is {:?}", name(), row.report));
        }
        if events.values().any(|event| is_foreign(event, row)) {
            foreign.push(name());
        }
    }
    let strange = deliveries.events.keys().filter(|id| !facts.ledger.contains_key(*id));
    found.find("messages whose events on the log are not 1 to the ledger's number", gaps);
    found.find("messages whose events end elsewhere than the ledger", ends);
    found.find("messages whose events name another channel or campaign", foreign);
    found.find("messages with events, unknown to the ledger", strange.map(ToString::to_string));
    found.find("events whose copies differ", deliveries.differing_copies.iter().cloned());
    found.find("delivery events that cannot be read", deliveries.unreadable.iter().cloned());
}

fn is_foreign(event: &LoggedDelivery, row: &LedgerRow) -> bool {
    event.channel != row.channel || event.campaign_id != row.campaign_id
}

/// The state that a message's events lead to: what its calls came to last, unless a report says more.
fn end_of(events: &BTreeMap<i32, LoggedDelivery>) -> Option<&str> {
    if let Some(report) = highest_report(events) {
        return Some(if report == "undelivered" { "failed" } else { "sent" });
    }
    let last = events.values().next_back()?;
    FINAL_STATES.contains(&last.what.as_str()).then_some(last.what.as_str())
}

fn highest_report(events: &BTreeMap<i32, LoggedDelivery>) -> Option<&'static str> {
    let rank_of = |event: &LoggedDelivery| RANKS.iter().position(|report| *report == event.what);
    events.values().filter_map(rank_of).max().map(|rank| RANKS[rank])
}
