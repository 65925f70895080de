//! Whatever may go wrong in an evening is found.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::campaigns::{CAP_MESSAGES, Evening, Part, delay_of};
use super::checks::{Night, Outage};
use super::outcome::Message;
use super::people::{MANAUS, Person, Response, SAO_PAULO};

/// From when it may be sent to its acceptance.
const SOON: TimeDelta = TimeDelta::milliseconds(300);
const SECOND: TimeDelta = TimeDelta::seconds(1);
const HOUR: TimeDelta = TimeDelta::hours(1);

/// Two in the afternoon in São Paulo, one in Manaus.
fn turn() -> DateTime<Utc> {
    "2026-05-04T17:00:00Z".parse().unwrap()
}

/// Everybody once, all as it must be.
fn good_night() -> Night {
    let answered = turn() - SECOND * 90;
    let outage = Outage { from: answered + SECOND * 12, to: answered + SECOND * 22, under_way: 0 };
    let mut night = Night {
        evening: Evening { turn: turn() },
        outages: vec![outage],
        responses: Vec::new(),
        messages: Vec::new(),
        read_at: turn() + SECOND * 18,
    };
    for place in [SAO_PAULO, MANAUS] {
        add(&mut night, Part::QuietUntilTheTurn, Person::of(place), answered);
    }
    add(&mut night, Part::QuietFromTheTurn, Person::of(SAO_PAULO), turn() - SECOND * 4);
    add(&mut night, Part::QuietFromTheTurn, Person::of(SAO_PAULO), turn() + SECOND);
    add(&mut night, Part::Delayed, Person::of(SAO_PAULO), answered);
    let capped = Person::of(SAO_PAULO);
    for _ in 0..=CAP_MESSAGES {
        add(&mut night, Part::Capped, capped, answered);
    }
    for channel in ["sms", "voice"] {
        let message = last(&mut night, Part::Capped, channel);
        let state = if channel == "sms" { "skipped" } else { "waiting" };
        waits(message, state, "frequency_cap", answered + SOON + HOUR);
    }
    night
}

/// A response and its messages, sent as soon as they may be or waiting for the end of quiet hours.
fn add(night: &mut Night, part: Part, person: Person, answered: DateTime<Utc>) {
    let response = Response { id: Uuid::now_v7(), part, person, begun: answered, answered };
    for channel in part.channels() {
        for (step, _) in part.steps() {
            let due_at = answered + delay_of(step);
            let mut message = Message {
                id: Uuid::now_v7(),
                response: response.clone(),
                channel: (*channel).to_owned(),
                step: (*step).to_owned(),
                due_at,
                state: "sent".to_owned(),
                reason: String::new(),
                not_before: due_at,
                accepted: Vec::new(),
            };
            let from = night.may_be_sent_from(&message);
            if from > turn() {
                waits(&mut message, "waiting", "quiet_hours", from);
            } else {
                message.accepted.push(from + SOON);
            }
            night.messages.push(message);
        }
    }
    night.responses.push(response);
}

fn waits(message: &mut Message, state: &str, reason: &str, not_before: DateTime<Utc>) {
    state.clone_into(&mut message.state);
    reason.clone_into(&mut message.reason);
    message.not_before = not_before;
    message.accepted.clear();
}

fn sent(message: &mut Message, at: DateTime<Utc>) {
    "sent".clone_into(&mut message.state);
    message.accepted = vec![at];
}

fn last<'n>(night: &'n mut Night, part: Part, channel: &str) -> &'n mut Message {
    let is_wanted = |message: &&mut Message| message.response.part == part && message.channel == channel;
    night.messages.iter_mut().rfind(is_wanted).unwrap()
}

fn first<'n>(night: &'n mut Night, part: Part, channel: &str) -> &'n mut Message {
    let is_wanted = |message: &&mut Message| message.response.part == part && message.channel == channel;
    night.messages.iter_mut().find(is_wanted).unwrap()
}

#[test]
fn an_evening_as_it_must_be_has_no_wrongs() {
    assert_eq!(good_night().wrongs(), Vec::<String>::new());
}

#[test]
fn every_wrong_is_found() {
    use Part::{Capped, Delayed, QuietFromTheTurn, QuietUntilTheTurn};
    type Spoil = fn(&mut Night);
    let spoils: [(&str, Spoil); 20] = [
        ("accepted in its", |night| sent(first(night, QuietUntilTheTurn, "sms"), turn() - SECOND)),
        // In Manaus they last an hour longer.
        ("accepted in its", |night| sent(last(night, QuietUntilTheTurn, "voice"), turn() + SECOND)),
        ("accepted in its", |night| sent(last(night, QuietFromTheTurn, "sms"), turn() + SECOND * 3)),
        ("neither sent nor", |night| last(night, QuietUntilTheTurn, "sms").not_before += HOUR),
        ("neither sent nor", |night| last(night, QuietUntilTheTurn, "sms").not_before -= HOUR),
        ("neither sent nor", |night| {
            waits(first(night, QuietUntilTheTurn, "sms"), "skipped", "late", turn())
        }),
        ("neither sent nor", |night| {
            add(night, QuietFromTheTurn, Person::of(SAO_PAULO), turn() - SECOND * 10);
            waits(last(night, QuietFromTheTurn, "sms"), "waiting", "quiet_hours", turn() + HOUR * 5);
        }),
        ("neither sent nor", |night| waits(first(night, Delayed, "email"), "waiting", "", turn())),
        ("before it was due", |night| {
            let message = last(night, Delayed, "whatsapp");
            message.accepted = vec![message.due_at - SECOND];
        }),
        ("due at another time", |night| last(night, Delayed, "sms").due_at -= SECOND),
        ("due at another time", |night| last(night, Delayed, "sms").due_at += SECOND),
        ("more than once", |night| {
            let message = first(night, Delayed, "sms");
            message.accepted.push(message.due_at + SECOND);
        }),
        ("nobody accepted it", |night| first(night, Delayed, "sms").accepted.clear()),
        ("and not sent", |night| "waiting".clone_into(&mut first(night, Delayed, "sms").state)),
        ("1 unknown", |night| "unknown".clone_into(&mut first(night, Delayed, "sms").state)),
        ("late: ", |night| {
            let message = first(night, Delayed, "sms");
            message.accepted = vec![message.due_at + SECOND * 11];
        }),
        ("4 accepted, the cap is 3", |night| {
            sent(last(night, Capped, "sms"), turn());
        }),
        ("room for more", |night| waits(first(night, Capped, "sms"), "skipped", "frequency_cap", turn())),
        ("beyond the cap", |night| last(night, Capped, "voice").not_before -= HOUR / 2),
        ("were expected", |night| drop(night.messages.pop())),
    ];
    for (expected, spoil) in spoils {
        let mut night = good_night();
        spoil(&mut night);
        let wrongs = night.wrongs();
        assert!(wrongs.iter().any(|wrong| wrong.contains(expected)), "{expected}: {wrongs:#?}");
    }
}

/// The last moments before quiet hours: what is under way arrives, and what comes late waits.
#[test]
fn the_begin_of_quiet_hours_is_no_wrong() {
    let mut night = good_night();
    sent(first(&mut night, Part::QuietFromTheTurn, "sms"), turn() + SECOND);
    waits(first(&mut night, Part::QuietFromTheTurn, "voice"), "waiting", "quiet_hours", turn() + HOUR * 5);
    assert_eq!(night.wrongs(), Vec::<String>::new());
    assert_eq!(night.overlap(&night.messages[6]), Some(SECOND));
}
