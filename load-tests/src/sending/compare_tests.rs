//! The comparison over small made-up facts: what agrees, and that each disagreement is named.

use std::collections::{BTreeMap, HashMap};

use serde_json::json;
use uuid::Uuid;

use super::{
    Acceptance, Acceptor, Deliveries, LedgerRow, SendingFacts, SendingReckoning, Tallies, compare,
    sending_table, unknown_lines_of,
};
use crate::follow_up::ExpectedSend;
use crate::providers::hash_of_recipient;

const SENT: Uuid = Uuid::from_u128(1);
const MAILED: Uuid = Uuid::from_u128(2);
const UNDELIVERED: Uuid = Uuid::from_u128(3);
const REFUSED: Uuid = Uuid::from_u128(4);
const SKIPPED: Uuid = Uuid::from_u128(5);
const UNKNOWN: Uuid = Uuid::from_u128(6);
const LATER: Uuid = Uuid::from_u128(7);
const TO: &str = "+5511999990000";

fn row(channel: &str, state: &str, report: Option<&str>, events: i32) -> LedgerRow {
    let reason = match state {
        "skipped" => "late",
        "failed" if report.is_some() => "undelivered",
        "failed" => "invalid_recipient",
        "unknown" => "timeout",
        _ => "",
    };
    LedgerRow {
        channel: channel.into(),
        campaign_id: "k".into(),
        state: state.into(),
        reason: reason.into(),
        report: report.map(str::to_owned),
        provider_ref: (state == "sent" || report.is_some()).then(|| "R1".to_owned()),
        to_hash: hash_of_recipient(TO),
        events,
        is_due: state != "waiting",
        is_held: false,
    }
}

fn accepted(by: Acceptor, id: Uuid) -> Acceptance {
    let reference = if by == Acceptor::Smtp { "" } else { "R1" };
    Acceptance {
        by,
        message_id: Some(id),
        reference: reference.into(),
        // A number for each, so that none comes too soon.
        from: id.to_string(),
        to_hash: hash_of_recipient(TO),
        at_ms: 1,
    }
}

fn event(deliveries: &mut Deliveries, id: Uuid, number: i32, what: &str, channel: &str) {
    let record =
        json!({ "message_id": id, "number": number, "what": what, "channel": channel, "campaign_id": "k" });
    deliveries.take(&id.to_string(), &record).unwrap();
}

fn tally(facts: &mut SendingFacts) {
    let mut counts: BTreeMap<(String, String, String), i64> = BTreeMap::new();
    for row in facts.ledger.values() {
        for what in [Some(&row.state), row.report.as_ref()].into_iter().flatten() {
            *counts.entry((row.campaign_id.clone(), row.channel.clone(), what.clone())).or_default() += 1;
        }
    }
    facts.tallies = Tallies { tallied: counts.clone(), counted: counts };
}

/// One message of each kind; everything is as it should be.
fn facts() -> SendingFacts {
    let mut deliveries = Deliveries::default();
    let lives: [(Uuid, &str, &[&str]); 6] = [
        (SENT, "sms", &["deferred", "sent", "delivered", "carried"]),
        (MAILED, "email", &["sent"]),
        (UNDELIVERED, "whatsapp", &["unknown", "carried", "undelivered"]),
        (REFUSED, "voice", &["failed"]),
        (SKIPPED, "sms", &["skipped"]),
        (UNKNOWN, "sms", &["unknown"]),
    ];
    for (id, channel, whats) in lives {
        for (number, what) in (1..).zip(whats) {
            event(&mut deliveries, id, number, what, channel);
        }
    }
    // A copy, equal to the first.
    event(&mut deliveries, SENT, 2, "sent", "sms");
    let mut facts = SendingFacts {
        ledger: HashMap::from([
            (SENT, row("sms", "sent", Some("delivered"), 4)),
            (MAILED, row("email", "sent", None, 1)),
            (UNDELIVERED, row("whatsapp", "failed", Some("undelivered"), 3)),
            (REFUSED, row("voice", "failed", None, 1)),
            (SKIPPED, row("sms", "skipped", None, 1)),
            (UNKNOWN, row("sms", "unknown", None, 1)),
            (LATER, row("sms", "waiting", None, 0)),
        ]),
        accepted: vec![
            accepted(Acceptor::TwilioMessages, SENT),
            accepted(Acceptor::Smtp, MAILED),
            accepted(Acceptor::Meta, UNDELIVERED),
        ],
        deliveries,
        reports_are_in: true,
        ..SendingFacts::default()
    };
    let expected = facts.ledger.iter().map(|(id, row)| ExpectedSend {
        message_id: *id,
        channel: row.channel.clone(),
        campaign_id: row.campaign_id.clone(),
    });
    facts.expected = expected.collect();
    tally(&mut facts);
    facts
}

fn names(reckoning: &SendingReckoning) -> Vec<&str> {
    reckoning.disagreements.iter().map(|disagreement| disagreement.what.as_str()).collect()
}

#[test]
fn a_run_that_went_right_agrees_and_is_counted() {
    let reckoning = compare(&facts());
    assert!(reckoning.agrees(), "{:#?}", reckoning.disagreements);
    let sms = &reckoning.channels["sms"];
    assert_eq!((sms.expected, sms.in_ledger, sms.sent, sms.unknown, sms.waiting_later), (4, 4, 1, 1, 1));
    assert_eq!((sms.skipped["late"], sms.accepted, sms.events), (1, 1, 6));
    assert_eq!(reckoning.unknown_in_truth_not_accepted, [UNKNOWN]);
    assert_eq!(
        reckoning.what_did_not_happen(),
        ["no message of whatsapp was sent, and none waits", "no message of voice was sent, and none waits"]
    );
    let table = sending_table(&reckoning);
    for (line, numbers) in [
        ("messages expected", "4 1 1 1 7"),
        ("sent", "1 1 0 0 2"),
        ("last reported as delivered", "1 0 0 0 1"),
        ("as late", "1 0 0 0 1"),
        ("as invalid_recipient", "0 0 0 1 1"),
        ("accepted, by the providers' journals", "1 1 1 0 3"),
    ] {
        let found = table
            .lines()
            .map(str::trim_end)
            .map(str::trim_start)
            .find(|found| found.strip_prefix(line).is_some_and(|rest| rest.starts_with("  ")));
        let found = found.unwrap_or_else(|| panic!("no line {line} in\n{table}"));
        let found: Vec<&str> = found[line.len()..].split_whitespace().collect();
        assert_eq!(found.join(" "), numbers, "{line}");
    }
}

#[test]
fn an_unknown_message_may_be_in_a_journal_until_its_reports_are_in() {
    let mut of_run = facts();
    of_run.accepted.push(accepted(Acceptor::TwilioMessages, UNKNOWN));
    of_run.reports_are_in = false;
    let reckoning = compare(&of_run);
    assert!(reckoning.agrees(), "{:#?}", reckoning.disagreements);
    assert_eq!(reckoning.unknown_in_truth_accepted, [UNKNOWN]);
    assert!(unknown_lines_of(&reckoning)[0].starts_with("unknown, in truth accepted: 1"));
    of_run.reports_are_in = true;
    assert_eq!(names(&compare(&of_run)), ["accepted and reported, and still unknown"]);
}

/// Each planted fault, and the only disagreement that it must lead to.
#[test]
fn every_kind_of_disagreement_is_found_and_named_by_its_message() {
    type Plant = fn(&mut SendingFacts);
    let planted: Vec<(&str, Uuid, Plant)> = vec![
        ("messages of the ledger that nobody expected", SENT, |facts| {
            facts.expected.retain(|message| message.message_id != SENT);
        }),
        ("messages of the ledger under another channel or campaign", SKIPPED, |facts| {
            let message = facts.expected.iter_mut().find(|message| message.message_id == SKIPPED).unwrap();
            message.campaign_id = "other".into();
        }),
        ("messages due that still wait", LATER, |facts| {
            facts.ledger.get_mut(&LATER).unwrap().is_due = true;
        }),
        ("messages still leased or being sent", LATER, |facts| {
            facts.ledger.get_mut(&LATER).unwrap().state = "leased".into();
            tally(facts);
        }),
        ("messages skipped, failed or unknown without a reason", SKIPPED, |facts| {
            facts.ledger.get_mut(&SKIPPED).unwrap().reason = String::new();
        }),
        ("accepted more than once", SENT, |facts| {
            facts.accepted.push(accepted(Acceptor::TwilioMessages, SENT));
        }),
        ("accepted by a provider, but not sent", SKIPPED, |facts| {
            facts.accepted.push(accepted(Acceptor::TwilioMessages, SKIPPED));
        }),
        ("accepted by a provider, but not sent", REFUSED, |facts| {
            facts.accepted.push(accepted(Acceptor::TwilioCalls, REFUSED));
        }),
        ("accepted by a provider, but not sent", LATER, |facts| {
            facts.accepted.push(accepted(Acceptor::TwilioMessages, LATER));
        }),
        ("sent, but accepted by no provider", MAILED, |facts| {
            facts.accepted.retain(|line| line.message_id != Some(MAILED));
        }),
        ("sent, but accepted by no provider", UNDELIVERED, |facts| {
            facts.accepted.retain(|line| line.message_id != Some(UNDELIVERED));
        }),
        ("accepted by a provider, unknown to the ledger", Uuid::from_u128(99), |facts| {
            facts.accepted.push(accepted(Acceptor::Smtp, Uuid::from_u128(99)));
        }),
        ("accepted by a provider of another channel", SENT, |facts| {
            facts.accepted[0].by = Acceptor::TwilioCalls;
        }),
        ("accepted for somebody else than its recipient", SENT, |facts| {
            facts.accepted[0].to_hash = hash_of_recipient("+5511999990001");
        }),
        ("under another reference than the provider gave", SENT, |facts| {
            facts.accepted[0].reference = "R2".into();
        }),
        ("sent, and the ledger has no reference of the provider", SENT, |facts| {
            facts.ledger.get_mut(&SENT).unwrap().provider_ref = None;
        }),
        ("messages whose events on the log are not 1 to the ledger's number", SENT, |facts| {
            facts.deliveries.events.get_mut(&SENT).unwrap().remove(&3);
        }),
        ("messages whose events on the log are not 1 to the ledger's number", SENT, |facts| {
            event(&mut facts.deliveries, SENT, 5, "read", "sms");
        }),
        ("messages whose events on the log are not 1 to the ledger's number", SKIPPED, |facts| {
            facts.deliveries.events.remove(&SKIPPED);
            facts.ledger.get_mut(&SKIPPED).unwrap().events = 0;
        }),
        ("messages whose events end elsewhere than the ledger", MAILED, |facts| {
            facts.deliveries.events.get_mut(&MAILED).unwrap().get_mut(&1).unwrap().what = "failed".into();
        }),
        ("messages whose events end elsewhere than the ledger", SENT, |facts| {
            facts.ledger.get_mut(&SENT).unwrap().report = Some("read".into());
            tally(facts);
        }),
        ("messages whose events name another channel or campaign", SENT, |facts| {
            facts.deliveries.events.get_mut(&SENT).unwrap().get_mut(&1).unwrap().campaign_id = "x".into();
        }),
        ("messages with events, unknown to the ledger", Uuid::from_u128(98), |facts| {
            event(&mut facts.deliveries, Uuid::from_u128(98), 1, "sent", "sms");
        }),
        ("events whose copies differ", SENT, |facts| {
            event(&mut facts.deliveries, SENT, 2, "failed", "sms");
        }),
    ];
    for (what, id, plant) in planted {
        let mut facts = facts();
        plant(&mut facts);
        let reckoning = compare(&facts);
        assert_eq!(names(&reckoning), [what], "{:#?}", reckoning.disagreements);
        let first = &reckoning.disagreements[0].first;
        assert!(first[0].contains(&id.to_string()), "{what}: {first:?}");
    }
}

#[test]
fn what_is_missing_in_the_ledger_and_what_tallies_miscount_is_named() {
    let mut of_run = facts();
    of_run.ledger.remove(&LATER);
    let reckoning = compare(&of_run);
    assert_eq!(names(&reckoning), ["messages expected, missing in the ledger"]);
    let mut of_run = facts();
    of_run.tallies.tallied.insert(("k".into(), "sms".into(), "sent".into()), 2);
    let reckoning = compare(&of_run);
    assert_eq!(names(&reckoning), ["tallies of campaigns that differ from the ledger"]);
    assert_eq!(reckoning.disagreements[0].first, ["k (sms), sent: 2 tallied, 1 in the ledger"]);
    let mut of_run = facts();
    of_run.accepted[0].message_id = None;
    assert_eq!(
        names(&compare(&of_run)),
        ["sent, but accepted by no provider", "accepted without a message's id"]
    );
}
