//! What must hold of every message, of every recipient with a cap, and of how late all were.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::campaigns::{CAP_HOURS, CAP_MESSAGES, Evening, Part, delay_of, waits_for_room};
use super::outcome::Message;
use super::people::Response;
use super::wall_clock::whole_minute;

/// What was let through just before quiet hours began may still be on its way to the provider then: a call's timeout.
const UNDER_WAY: TimeDelta = TimeDelta::seconds(2);
/// From the log into the ledger: who is due in the last moments before quiet hours may come too late for them.
const TAKEN_IN_WITHIN: TimeDelta = TimeDelta::seconds(5);
/// From the look at a message to the commit of how long it waits.
const NOTED_WITHIN: TimeDelta = TimeDelta::seconds(1);
/// Of what stands in the ledger and waits, at the 99th percentile and at most.
const MOST_LATE: TimeDelta = TimeDelta::seconds(5);
const LATEST: TimeDelta = TimeDelta::seconds(10);

/// Nobody sends: from the first kill until all workers were ready again.
pub(super) struct Outage {
    pub(super) from: DateTime<Utc>,
    pub(super) to: DateTime<Utc>,
    /// Rows that said `sending` when the workers died.
    pub(super) under_way: u64,
}

/// The evening as it was.
pub(super) struct Night {
    pub(super) evening: Evening,
    pub(super) outages: Vec<Outage>,
    pub(super) responses: Vec<Response>,
    pub(super) messages: Vec<Message>,
    /// When ledger and journals were read.
    pub(super) read_at: DateTime<Utc>,
}

impl Night {
    /// Empty when everything is as it must be.
    pub(super) fn wrongs(&self) -> Vec<String> {
        let mut wrongs = Vec::new();
        for message in &self.messages {
            let whats = self.wrongs_of(message);
            wrongs.extend(whats.into_iter().map(|what| format!("{what}: {message}")));
        }
        let expected: usize = self.responses.iter().map(|response| response.part.messages()).sum();
        if self.messages.len() != expected {
            wrongs.push(format!("{} messages in the ledger, {expected} were expected", self.messages.len()));
        }
        let unknown = self.messages.iter().filter(|message| message.state == "unknown").count() as u64;
        let under_way: u64 = self.outages.iter().map(|outage| outage.under_way).sum();
        if unknown > under_way {
            wrongs.push(format!("{unknown} unknown, {under_way} were under way when workers died"));
        }
        wrongs.extend(wrong_caps(&self.messages));
        wrongs.extend(self.too_late());
        wrongs
    }

    fn wrongs_of(&self, message: &Message) -> Vec<&'static str> {
        let mut wrongs = Vec::new();
        let (response, delay) = (&message.response, delay_of(&message.step));
        if message.due_at < response.begun + delay || response.answered + delay < message.due_at {
            wrongs.push("due at another time than its delay after the response");
        }
        if message.accepted.len() > 1 {
            wrongs.push("accepted more than once");
        }
        if message.accepted.iter().any(|at| *at < message.due_at) {
            wrongs.push("accepted before it was due");
        }
        if message.accepted.iter().any(|at| self.is_in_quiet_hours(message, *at)) {
            wrongs.push("accepted in its recipient's quiet hours");
        }
        match message.state.as_str() {
            "sent" if message.accepted.is_empty() => wrongs.push("sent, and nobody accepted it"),
            "waiting" | "skipped" if !message.accepted.is_empty() => wrongs.push("accepted, and not sent"),
            "sent" | "unknown" => {}
            // Counted by recipient.
            _ if response.part == Part::Capped => {}
            "waiting" if self.waits_for_the_end_of_quiet_hours(message) => {}
            _ => wrongs.push("neither sent nor waiting for the end of its quiet hours"),
        }
        wrongs
    }

    fn is_in_quiet_hours(&self, message: &Message, at: DateTime<Utc>) -> bool {
        self.is_quiet(message, at) && self.is_quiet(message, at - UNDER_WAY)
    }

    /// Let through before its quiet hours began, and accepted in them: by how much.
    pub(super) fn overlap(&self, message: &Message) -> Option<TimeDelta> {
        let at = *message.accepted.first()?;
        let began_meanwhile = self.is_quiet(message, at) && !self.is_quiet(message, message.due_at);
        began_meanwhile.then(|| at - whole_minute(at))
    }

    fn is_quiet(&self, message: &Message, at: DateTime<Utc>) -> bool {
        let hours = self.evening.quiet_hours(message.response.part);
        hours.is_some_and(|hours| hours.is_quiet(at, message.response.person.place.zone))
    }

    fn waits_for_the_end_of_quiet_hours(&self, message: &Message) -> bool {
        let Some(hours) = self.evening.quiet_hours(message.response.part) else { return false };
        let zone = message.response.person.place.zone;
        let begin = hours.quiet_from(message.due_at, zone);
        let end = hours.free_from(begin, zone);
        message.reason == "quiet_hours"
            && begin <= message.due_at + TAKEN_IN_WITHIN
            && end > self.read_at
            && is_about(message.not_before, end)
    }

    /// When it may be sent: due, and out of its recipient's quiet hours.
    pub(super) fn may_be_sent_from(&self, message: &Message) -> DateTime<Utc> {
        let zone = message.response.person.place.zone;
        let hours = self.evening.quiet_hours(message.response.part);
        hours.map_or(message.due_at, |hours| hours.free_from(message.due_at, zone))
    }

    pub(super) fn outage_at(&self, moment: DateTime<Utc>) -> Option<&Outage> {
        self.outages.iter().find(|outage| outage.from <= moment && moment < outage.to)
    }

    /// After the moment at which it could be sent and somebody was there to do it.
    pub(super) fn lateness(&self, message: &Message) -> Option<TimeDelta> {
        let from = self.may_be_sent_from(message);
        let from = self.outage_at(from).map_or(from, |outage| outage.to);
        Some((*message.accepted.first()? - from).max(TimeDelta::zero()))
    }

    fn too_late(&self) -> Vec<String> {
        let waits =
            |message: &&Message| matches!(message.response.part, Part::QuietUntilTheTurn | Part::Delayed);
        let mut all: Vec<TimeDelta> =
            self.messages.iter().filter(waits).filter_map(|message| self.lateness(message)).collect();
        all.sort_unstable();
        let (most, latest) = (percentile(&all, 99), percentile(&all, 100));
        if most <= MOST_LATE && latest <= LATEST {
            return Vec::new();
        }
        vec![format!(
            "late: {} ms at the 99th percentile, {} ms at most",
            most.num_milliseconds(),
            latest.num_milliseconds()
        )]
    }
}

/// Never more than the cap, never less where there was enough to say, and the rest as its channel has it.
fn wrong_caps(messages: &[Message]) -> Vec<String> {
    let mut wrongs = Vec::new();
    for ((person, channel), of_recipient) in by_recipient(messages) {
        let mut accepted: Vec<DateTime<Utc>> =
            of_recipient.iter().flat_map(|message| message.accepted.iter().copied()).collect();
        accepted.sort_unstable();
        let perhaps = of_recipient
            .iter()
            .filter(|message| message.state == "unknown" && message.accepted.is_empty())
            .count();
        let name = format!("{channel} to {person}");
        if accepted.len() > CAP_MESSAGES {
            wrongs.push(format!(
                "{name}: {} accepted, the cap is {CAP_MESSAGES}: {accepted:?}",
                accepted.len()
            ));
        }
        if accepted.len() + perhaps < CAP_MESSAGES {
            wrongs.push(format!("{name}: {} accepted, and there is room for more", accepted.len()));
        }
        let Some(first) = accepted.first() else { continue };
        let room_again = *first + TimeDelta::hours(CAP_HOURS);
        for message in of_recipient {
            let is_as_it_must_be = match message.state.as_str() {
                "sent" | "unknown" => true,
                "waiting" if waits_for_room(channel) => {
                    perhaps > 0 || is_about(message.not_before, room_again)
                }
                "skipped" => !waits_for_room(channel),
                _ => false,
            };
            let is_for_the_cap =
                matches!(message.state.as_str(), "sent" | "unknown") || message.reason == "frequency_cap";
            if !(is_as_it_must_be && is_for_the_cap) {
                wrongs.push(format!("{name}: beyond the cap, room from {room_again}: {message}"));
            }
        }
    }
    wrongs
}

/// Messages under a cap, by person and channel.
pub(super) fn by_recipient(messages: &[Message]) -> BTreeMap<(u32, &str), Vec<&Message>> {
    let mut by_recipient: BTreeMap<_, Vec<&Message>> = BTreeMap::new();
    for message in messages.iter().filter(|message| message.response.part == Part::Capped) {
        let recipient = (message.response.person.number, message.channel.as_str());
        by_recipient.entry(recipient).or_default().push(message);
    }
    by_recipient
}

/// An answer stands in a journal a call later than the ledger has noted it, and a wait is noted a little late.
fn is_about(moment: DateTime<Utc>, expected: DateTime<Utc>) -> bool {
    expected - UNDER_WAY <= moment && moment <= expected + NOTED_WITHIN
}

/// Of what is sorted; zero of nothing.
pub(super) fn percentile(sorted: &[TimeDelta], percent: usize) -> TimeDelta {
    let place = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(place).copied().unwrap_or_default()
}
