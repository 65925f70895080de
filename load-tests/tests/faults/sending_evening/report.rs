//! The evening for people, and whether enough happened for it to say anything.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::campaigns::{LEAST_LATE, Part, delay_of};
use super::checks::{Night, by_recipient, percentile};
use super::outcome::Message;
use super::people::{MANAUS, SAO_PAULO};

/// Of each thing that is to be seen, at least so often.
const ENOUGH: usize = 8;

impl Night {
    /// One line for each part and place, step or channel.
    pub(super) fn print(&self) {
        let of_trial = |moment: DateTime<Utc>| (moment - self.responses[0].begun).as_seconds_f32();
        println!(
            "the turn, {} UTC, is {:.1} s after the first response",
            self.evening.turn.format("%H:%M"),
            of_trial(self.evening.turn)
        );
        for outage in &self.outages {
            println!("no worker from {:.1} s to {:.1} s", of_trial(outage.from), of_trial(outage.to));
        }
        let mut lines: BTreeMap<(Part, String), Vec<&Message>> = BTreeMap::new();
        for message in &self.messages {
            let part = message.response.part;
            let name = match part {
                Part::QuietUntilTheTurn => {
                    format!("quiet until the turn, {}", message.response.person.place.name)
                }
                Part::QuietFromTheTurn => {
                    format!("quiet from the turn, {}", message.response.person.place.name)
                }
                Part::Delayed => format!("delayed by {:2} s", delay_of(&message.step).num_seconds()),
                Part::Capped => format!("under a cap, {}", message.channel),
            };
            lines.entry((part, name)).or_default().push(message);
        }
        println!(
            "{:<36}{:>9}{:>9}{:>9}{:>9}{:>9}   ms late: half, 99 %, all",
            "EVENING", "messages", "accepted", "waiting", "skipped", "unknown"
        );
        for ((_, name), messages) in &lines {
            let count = |state: &str| messages.iter().filter(|message| message.state == state).count();
            let accepted = messages.iter().filter(|message| !message.accepted.is_empty()).count();
            let mut late: Vec<TimeDelta> =
                messages.iter().filter_map(|message| self.lateness(message)).collect();
            late.sort_unstable();
            let [half, most, all] =
                [50, 99, 100].map(|percent| percentile(&late, percent).num_milliseconds());
            println!(
                "{name:<36}{:>9}{accepted:>9}{:>9}{:>9}{:>9}{half:>12}{most:>7}{all:>7}",
                messages.len(),
                count("waiting"),
                count("skipped"),
                count("unknown"),
            );
        }
        self.print_overlaps();
    }

    /// Quiet hours begin while calls are under way.
    fn print_overlaps(&self) {
        let overlaps: Vec<TimeDelta> =
            self.messages.iter().filter_map(|message| self.overlap(message)).collect();
        let longest = overlaps.iter().max().copied().unwrap_or_default();
        println!(
            "{} let through before their quiet hours and accepted in them, {} ms after they began at most",
            overlaps.len(),
            longest.num_milliseconds()
        );
    }

    /// What an evening must have had for its agreement to mean something.
    pub(super) fn what_did_not_happen(&self) -> Vec<String> {
        let turn = self.evening.turn;
        let of_part = |part: Part| self.messages.iter().filter(move |message| message.response.part == part);
        let accepted = |message: &&Message| !message.accepted.is_empty();
        let is_in =
            |place: &'static str| move |message: &&Message| message.response.person.place.name == place;
        let until = || of_part(Part::QuietUntilTheTurn);
        let from = || of_part(Part::QuietFromTheTurn);
        let delayed = || of_part(Part::Delayed).filter(accepted);
        let over_the_first_outage = |message: &&Message| {
            self.outages
                .first()
                .is_some_and(|outage| message.response.answered < outage.from && outage.to < message.due_at)
        };
        let mut seen = vec![
            (
                "sent at once, as quiet hours end elsewhere",
                until().filter(accepted).filter(|message| self.may_be_sent_from(message) < turn).count(),
            ),
            (
                "sent after the turn, longer after they were due than they may be late",
                until()
                    .filter(accepted)
                    .filter(|message| self.may_be_sent_from(message) == turn)
                    .filter(|message| turn - message.due_at > LEAST_LATE)
                    .count(),
            ),
            ("still quiet after the turn", until().filter(|message| message.state == "waiting").count()),
            ("sent before quiet hours began", from().filter(accepted).filter(is_in(SAO_PAULO.name)).count()),
            ("too late for the evening", from().filter(|message| message.state == "waiting").count()),
            (
                "sent after quiet hours had begun elsewhere",
                from()
                    .filter(accepted)
                    .filter(is_in(MANAUS.name))
                    .filter(|message| message.due_at > turn)
                    .count(),
            ),
            (
                "whose delay went on without workers and PostgreSQL",
                delayed().filter(over_the_first_outage).count(),
            ),
            (
                "due while there were no workers",
                delayed().filter(|message| self.outage_at(message.due_at).is_some()).count(),
            ),
        ];
        let recipients = by_recipient(&self.messages);
        let on_both_sides = |messages: &&Vec<&Message>| {
            let Some(outage) = self.outages.first() else { return false };
            let times = || messages.iter().flat_map(|message| &message.accepted);
            times().any(|at| *at < outage.from) && times().any(|at| *at >= outage.from)
        };
        seen.push((
            "recipients with room left from before the workers died",
            recipients.values().filter(on_both_sides).count(),
        ));
        let too_few = seen.into_iter().filter(|(_, count)| *count < ENOUGH);
        too_few.map(|(what, count)| format!("only {count} {what}")).collect()
    }
}
