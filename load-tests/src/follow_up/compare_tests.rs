//! The comparison over small made-up facts: what agrees, and that each disagreement is named.

use std::time::Duration;

use serde_json::{Value, json};
use vendzz_schemas::topics;

use super::compare::{FollowUpFacts, compare};
use super::funnels::{Funnel, Step};
use super::log::{FollowUpLog, FoundMessage};
use super::stores::PartialRow;
use super::{FollowUpReckoning, FollowUpSettings};
use crate::expected::{self, CampaignVersion, Inputs, LoggedEvent, QuizVersion};

const DONE: &str = "019b7b5a-5400-7707-8707-000000000001";
const LEFT: &str = "019b7b5a-5400-7707-8707-000000000002";
/// In the millisecond of their ids.
const BEGAN: i64 = 0x019b_7b5a_5400;

fn settings() -> FollowUpSettings {
    FollowUpSettings {
        notice: Duration::from_secs(1),
        abandon_after: Duration::from_secs(3),
        lead_secret: b"segredo".to_vec(),
    }
}

fn event(response: &str, extra: Value) -> Value {
    let mut event = json!({
        "account_id": "c", "quiz_id": "q", "response_id": response, "version": 1, "received_at": BEGAN + 10,
        "answers": { "email": "ana@example.com" }, "hidden": {}, "utm": {}, "bot_verdict": "human",
        "elements": [{ "element_id": "email", "millis": 5 }], "reported": 0,
    });
    event.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    event
}

fn logged(append_ms: i64, event: Value) -> LoggedEvent {
    let key = format!("q/{}", event["response_id"].as_str().unwrap());
    LoggedEvent { partition: 0, offset: append_ms, append_ms, key, event: Some(event) }
}

/// One finished, one left and was announced; everything is as it should be.
fn facts() -> FollowUpFacts {
    let document = json!({ "language": "pt-BR", "elements": [{ "id": "email", "type": "email" }] });
    let campaign = json!({ "channel": "email", "audience": "all", "senderPool": "p", "steps": [
        { "id": "s1", "template": { "subject": "a", "text": "b" } } ] });
    let mut log = FollowUpLog {
        quizzes: vec![QuizVersion { quiz_id: "q".into(), version: 1, document }],
        campaigns: vec![CampaignVersion {
            campaign_id: "k".into(),
            revision: "r".into(),
            account_id: "c".into(),
            quiz_id: "q".into(),
            state: "active".into(),
            offset: 0,
            append_ms: 0,
            document: campaign,
        }],
        submissions: vec![logged(BEGAN + 20, event(DONE, json!({})))],
        beacons: vec![logged(BEGAN + 20, event(LEFT, json!({ "sequence": 1 })))],
        ..FollowUpLog::default()
    };
    let abandoned = json!({
        "last_seen_at": BEGAN + 10, "abandoned_at": BEGAN + 3_010, "last_element": "email", "elements_seen": 1,
    });
    log.abandonments = vec![logged(BEGAN + 3_500, event(LEFT, abandoned))];
    let inputs = Inputs {
        quizzes: log.quizzes.clone(),
        campaigns: log.campaigns.clone(),
        submissions: log.submissions.clone(),
        abandonments: log.abandonments.clone(),
        settings: settings().expected(),
    };
    let (messages, leads) = expected::expect_all(&inputs);
    for (id, message) in messages {
        let found = FoundMessage {
            marks: message.marks(),
            quiz_id: "q".into(),
            topic: topics::CAMPAIGN_EMAIL,
            partition: 1,
            key: id.to_string(),
            due_at: message.due_at,
            copies: 1,
            copies_differ: false,
        };
        log.messages.insert(id, found);
    }
    for lead in leads {
        let lead = json!({
            "account_id": lead.account_id, "lead_id": lead.lead_id.to_string(), "quiz_id": lead.quiz_id,
            "response_id": lead.response_id, "field": lead.field, "value": lead.value, "seen_at": lead.seen_at,
        });
        log.leads.push(logged(BEGAN + 4_000, lead));
    }
    let lead = log.leads.last().unwrap().event.clone().unwrap();
    let text = |name: &str| lead[name].as_str().unwrap().to_owned();
    let row = super::leads::LeadRow {
        account_id: text("account_id"),
        field: text("field"),
        value: text("value"),
        last_response_id: text("response_id").parse().unwrap(),
        last_seen_at: lead["seen_at"].as_i64().unwrap(),
    };
    // Two records at one place: the first of them counts as the last.
    log.leads.reverse();
    let partial = PartialRow {
        sequence: 1,
        answers: json!({ "email": "ana@example.com" }),
        last_element: "email".into(),
        last_seen_at: BEGAN + 10,
    };
    let step = Step { reached: 2, left: 1, millis: 5 };
    FollowUpFacts {
        quizzes: vec!["q".into()],
        began_at_ms: BEGAN,
        now_ms: BEGAN + 1_000,
        settings: settings(),
        leads_in_postgres: [(text("lead_id").parse().unwrap(), row)].into(),
        partials_in_postgres: [(("q".to_owned(), LEFT.to_owned()), partial)].into(),
        funnels_in_cql: [("q".to_owned(), Funnel::from([("email".to_owned(), step)]))].into(),
        dead_letters: 0,
        log,
    }
}

fn found(facts: &FollowUpFacts) -> Vec<String> {
    let FollowUpReckoning { disagreements, .. } = compare(facts);
    disagreements.into_iter().map(|found| format!("{}: {}", found.what, found.first.join(", "))).collect()
}

#[test]
fn what_agrees_is_counted() {
    let reckoning = compare(&facts());
    assert!(reckoning.agrees(), "{:#?}", reckoning.disagreements);
    let quiz = &reckoning.quizzes["q"];
    assert_eq!((quiz.submissions, quiz.abandoned, quiz.leads_expected, quiz.leads_on_log), (1, 1, 2, 2));
    assert_eq!((quiz.messages_expected, quiz.messages_on[topics::CAMPAIGN_EMAIL]), (2, 2));
    assert_eq!((quiz.due_now, quiz.due_later, quiz.copies), (1, 1, 0));
}

#[test]
fn each_disagreement_is_named() {
    type Spoil = fn(&mut FollowUpFacts);
    let cases: [(Spoil, &str); 12] = [
        (|facts| drop(facts.log.messages.drain().next()), "messages expected, missing on their topic"),
        (|facts| facts.log.campaigns.clear(), "messages on a topic that nobody expected"),
        (
            |facts| facts.log.campaigns[0].revision = "x".into(),
            "messages that say something else than expected",
        ),
        (
            |facts| facts.log.messages.values_mut().for_each(|message| message.topic = topics::CAMPAIGN_SMS),
            "messages on another channel's topic",
        ),
        (
            |facts| facts.log.messages.values_mut().for_each(|message| message.copies_differ = true),
            "messages whose copies differ",
        ),
        (|facts| drop(facts.log.leads.pop()), "leads expected, missing in the log"),
        (|facts| facts.leads_in_postgres.clear(), "leads of PostgreSQL that differ"),
        (|facts| facts.partials_in_postgres.clear(), "partial responses of the log, missing in PostgreSQL"),
        (|facts| facts.funnels_in_cql.clear(), "funnels of the CQL store that differ"),
        (|facts| facts.log.abandonments.clear(), "left after giving a contact, and not announced"),
        (
            |facts| facts.settings.abandon_after += Duration::from_secs(1),
            "announcements that say something else than the last beacon",
        ),
        (
            |facts| facts.log.submissions.push(logged(BEGAN + 30, event(LEFT, json!({})))),
            "announced as abandoned although they had finished",
        ),
    ];
    for (spoil, expected) in cases {
        let mut facts = facts();
        spoil(&mut facts);
        let found = found(&facts);
        assert!(found.iter().any(|line| line.starts_with(expected)), "{expected}: {found:#?}");
    }
    let mut facts = facts();
    facts.log.campaigns[0].revision = "x".into();
    let lines = found(&facts);
    assert!(lines[0].contains("revision") && !lines[0].contains("ana@"), "{lines:#?}");
}
