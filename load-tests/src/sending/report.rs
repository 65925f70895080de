//! The reckoning of sending for people: one line for each thing that was counted, one column for each channel.

use std::collections::{BTreeMap, BTreeSet};

use super::{ChannelCounts, SendingReckoning};
use crate::table::{grouped, line_table};

const CHANNELS: [&str; 4] = ["sms", "email", "whatsapp", "voice"];
/// So many ids are named.
const NAMED: usize = 10;

type Count<'c> = Box<dyn Fn(&ChannelCounts) -> u64 + 'c>;

pub fn sending_table(reckoning: &SendingReckoning) -> String {
    let mut lines: Vec<(String, Count<'_>)> = Vec::new();
    let mut line = |name: &str, count: fn(&ChannelCounts) -> u64| {
        lines.push((name.to_owned(), Box::new(count)));
    };
    line("messages expected", |counts| counts.expected);
    line("in the ledger", |counts| counts.in_ledger);
    line("sent", |counts| counts.sent);
    line("skipped", |counts| counts.skipped.values().sum());
    line("failed", |counts| counts.failed.values().sum());
    line("unknown", |counts| counts.unknown);
    line("  of them in truth accepted", |counts| counts.unknown_in_truth_accepted);
    line("waiting, due later", |counts| counts.waiting_later);
    line("waiting, held by its campaign", |counts| counts.waiting_held);
    line("waiting, and due", |counts| counts.waiting_due);
    line("leased or being sent", |counts| counts.in_flight);
    line("accepted, by the providers' journals", |counts| counts.accepted);
    line("delivery events in Kafka", |counts| counts.events);
    insert_words(&mut lines, reckoning, "sent", "last reported as", |counts| &counts.reported);
    insert_words(&mut lines, reckoning, "skipped", "as", |counts| &counts.skipped);
    insert_words(&mut lines, reckoning, "failed", "as", |counts| &counts.failed);

    let mut channels: Vec<&str> = CHANNELS.to_vec();
    channels.extend(reckoning.channels.keys().map(String::as_str).filter(|name| !CHANNELS.contains(name)));
    let mut header = vec!["SENDING".to_owned()];
    header.extend(channels.iter().map(|channel| (*channel).to_owned()));
    header.push("ALL".to_owned());
    let nothing = ChannelCounts::default();
    let rows = lines.iter().map(|(name, count)| {
        let of = |channel: &&str| count(reckoning.channels.get(*channel).unwrap_or(&nothing));
        let counts: Vec<u64> = channels.iter().map(of).collect();
        let mut cells = vec![name.clone()];
        cells.extend(counts.iter().map(grouped));
        cells.push(grouped(counts.iter().sum::<u64>()));
        cells
    });
    line_table(header, rows)
}

/// A line for each word (reason or report) that any channel has, below the line that it belongs to.
fn insert_words<'c>(
    lines: &mut Vec<(String, Count<'c>)>,
    reckoning: &SendingReckoning,
    below: &str,
    label: &str,
    counts_of: fn(&ChannelCounts) -> &BTreeMap<String, u64>,
) {
    let words: BTreeSet<&String> =
        reckoning.channels.values().flat_map(|counts| counts_of(counts).keys()).collect();
    let place = lines.iter().position(|(name, _)| name == below).map_or(lines.len(), |place| place + 1);
    for word in words.into_iter().rev() {
        let of_word = word.clone();
        let count =
            move |counts: &ChannelCounts| counts_of(counts).get(&of_word).copied().unwrap_or_default();
        lines.insert(place, (format!("  {label} {word}"), Box::new(count)));
    }
}

/// Messages of which the ledger cannot know: no disagreement.
pub fn unknown_lines_of(reckoning: &SendingReckoning) -> Vec<String> {
    let mut lines = Vec::new();
    for (what, ids) in [
        ("unknown, in truth accepted", &reckoning.unknown_in_truth_accepted),
        ("unknown, in truth not accepted", &reckoning.unknown_in_truth_not_accepted),
    ] {
        if ids.is_empty() {
            continue;
        }
        lines.push(format!("{what}: {}", grouped(ids.len())));
        lines.extend(ids.iter().take(NAMED).map(|id| format!("    {id}")));
    }
    lines
}
