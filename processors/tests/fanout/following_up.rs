use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use vendzz_schemas::events::{CampaignMessage, LeadDetected, QuizSubmitted};
use vendzz_schemas::ids::{MessageOrigin, TimedId, account_key, lead_id, message_id};
use vendzz_schemas::routing::{route, route_message};
use vendzz_schemas::topics;

use super::harness::now_ms;
use super::log::Log;
use super::process::{Fanout, NOTICE_MS};
use super::samples::{ACCOUNT, EMAIL, NAME, PHONE, QUIZ, abandoned, campaign, quiz, response_id, submission};

/// The id that a message must have.
pub(crate) fn id_of(campaign_id: &str, channel: &str, trigger: &str, response: u32) -> String {
    let origin =
        MessageOrigin { account_id: ACCOUNT, quiz_id: QUIZ, campaign_id, step_id: "s1", channel, trigger };
    message_id(&origin, &TimedId::parse(&response_id(response)).unwrap()).to_string()
}

/// Waits until what was appended at `append_ms` is in force.
pub(crate) async fn in_force(append_ms: i64) {
    let wait = append_ms + NOTICE_MS + 50 - now_ms();
    tokio::time::sleep(Duration::from_millis(u64::try_from(wait).unwrap_or(0))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_log_becomes_exactly_its_leads_and_messages() {
    let log = Log::new().await;
    let version = log.publish_quiz(QUIZ, &quiz()).await;
    let mut email = campaign("email", "all", "{{ contact.name }}: {{ answers.meta }}, {{ score }} pontos");
    email["steps"][0]["delaySeconds"] = 600.into();
    email["steps"][0]["maxLateSeconds"] = 60.into();
    email["quietHours"] = serde_json::json!({ "from": "21:00", "to": "08:30" });
    email["frequencyCap"] = serde_json::json!({ "messages": 2, "hours": 24 });
    log.put_campaign("mail", &email).await;
    let mut from_instagram = campaign("sms", "completed", "Oi {{ contact.first_name }}");
    from_instagram["when"] =
        serde_json::json!({ "variable": "utm.source", "is": "equals", "value": "instagram" });
    log.put_campaign("insta", &from_instagram).await;
    log.put_campaign("volte", &campaign("whatsapp", "abandoned", "Falta pouco")).await;
    let mut paused = campaign("voice", "all", "Olá");
    paused["state"] = "paused".into();
    log.put_campaign("parada", &paused).await;
    let mut foreign = campaign("sms", "all", "Olá");
    foreign["accountId"] = "outra-conta".into();
    in_force(log.put_campaign("alheia", &foreign).await).await;

    let full = submission(1, version);
    let full_at = log.submit(&full).await;
    log.submit(&full).await;
    log.submit(&QuizSubmitted { bot_verdict: "bot".to_owned(), ..submission(2, version) }).await;
    log.submit(&QuizSubmitted { answers: BTreeMap::new(), ..submission(3, version) }).await;
    let given_up = abandoned(4, version, now_ms());
    log.abandon(&given_up).await;
    let fanout = Fanout::start(&log, &[]).await;

    let messages = log.wait_for_messages(4).await;
    let expected = BTreeMap::from([
        (
            id_of("mail", "email", "completed", 1),
            (EMAIL, "Marina Tavares: Perder peso, 5 pontos", full.received_at + 600_000),
        ),
        (id_of("insta", "sms", "completed", 1), (PHONE, "Oi Marina", full.received_at)),
        (
            id_of("mail", "email", "abandoned", 4),
            (EMAIL, "Marina Tavares: Perder peso, 5 pontos", given_up.abandoned_at + 600_000),
        ),
        (id_of("volte", "whatsapp", "abandoned", 4), (PHONE, "Falta pouco", given_up.abandoned_at)),
    ]);
    let said: BTreeMap<String, (&str, &str, i64)> = messages
        .values()
        .map(|message| {
            (message.message_id.clone(), (message.recipient.as_str(), message.body.as_str(), message.due_at))
        })
        .collect();
    assert_eq!(said, expected);

    let of_full = &messages[&id_of("mail", "email", "completed", 1)];
    let whole = CampaignMessage {
        message_id: id_of("mail", "email", "completed", 1),
        account_id: ACCOUNT.to_owned(),
        quiz_id: QUIZ.to_owned(),
        response_id: response_id(1),
        campaign_id: "mail".to_owned(),
        revision: of_full.revision.clone(),
        step_id: "s1".to_owned(),
        channel: "email".to_owned(),
        trigger: "completed".to_owned(),
        recipient: EMAIL.to_owned(),
        recipient_name: NAME.to_owned(),
        language: "pt-BR".to_owned(),
        subject: "Olá, Marina".to_owned(),
        body: "Marina Tavares: Perder peso, 5 pontos".to_owned(),
        html: "<p>Perder peso</p>".to_owned(),
        provider_template: None,
        due_at: full.received_at + 600_000,
        max_late_ms: 60_000,
        quiet_hours: Some(vendzz_schemas::events::QuietHours { from_minute: 1_260, to_minute: 510 }),
        frequency_cap: Some(vendzz_schemas::events::FrequencyCap { messages: 2, period_ms: 86_400_000 }),
        sender_pool: "principal".to_owned(),
        unless_finished: false,
        unless_sent: Some(id_of("mail", "email", "abandoned", 1)),
        made_from_at: full_at.append_ms.unwrap(),
    };
    assert_eq!(*of_full, whole);
    let of_abandoned = &messages[&id_of("volte", "whatsapp", "abandoned", 4)];
    assert!(of_abandoned.unless_finished && of_abandoned.unless_sent.is_none());
    assert_eq!(messages[&id_of("insta", "sms", "completed", 1)].unless_sent, None, "nothing precedes it");
    assert_eq!(of_abandoned.max_late_ms, 6 * 3_600_000, "the default");

    expect_leads(&log).await;
    expect_places(&log).await;
    fanout.wait_for_metric("vendzz_fanout_skipped_total{reason=\"bot\"}", 1.0).await;
    fanout.wait_for_metric("vendzz_fanout_skipped_total{reason=\"duplicate\"}", 1.0).await;
    // Of the response without a contact: the e-mail and the SMS.
    fanout.wait_for_metric("vendzz_fanout_skipped_total{reason=\"no_contact\"}", 2.0).await;
    assert_eq!(fanout.metric("vendzz_fanout_messages_total{channel=\"email\"}").await, 2.0);
    assert_eq!(fanout.metric("vendzz_fanout_leads_total{field=\"phone\"}").await, 2.0);
    assert!(fanout.metric("vendzz_fanout_skipped_total{reason=\"other_account\"}").await >= 1.0);
    assert!(fanout.metric("vendzz_fanout_skipped_total{reason=\"not_active\"}").await >= 1.0);
    assert_eq!(log.messages().await.len(), 4, "nothing was made twice");
    fanout.stop().await;
}

async fn expect_leads(log: &Log) {
    let key = account_key(b"a secret for tests, of 32 bytes or more", ACCOUNT);
    let leads = log.leads().await;
    let said: BTreeSet<(String, String, String, String)> = leads
        .iter()
        .map(|lead| {
            (lead.lead_id.clone(), lead.response_id.clone(), lead.value.clone(), lead.trigger.clone())
        })
        .collect();
    let mut expected = BTreeSet::new();
    for (response, trigger) in [(1, "completed"), (4, "abandoned")] {
        for (field, value) in [("email", EMAIL), ("phone", PHONE)] {
            let id = lead_id(&key, field, value).to_string();
            expected.insert((id, response_id(response), value.to_owned(), trigger.to_owned()));
        }
    }
    assert_eq!(said, expected);
    assert_eq!(leads.len(), 4);
    assert!(leads.iter().all(|lead| lead.name.as_ref().is_some_and(|name| name.value == NAME)));
}

/// Everything stands in the partition that routing says.
async fn expect_places(log: &Log) {
    let epochs = |topic: &str| log.tables.epochs.get(&log.kafka.name(topic)).unwrap();
    for record in log.events::<LeadDetected>(topics::LEAD_DETECTED).await {
        let lead = &record.event;
        assert_eq!(record.key, format!("{}/{}", lead.quiz_id, lead.response_id));
        let response = TimedId::parse(&lead.response_id).unwrap();
        assert_eq!(Some(record.partition), route(&lead.quiz_id, &response, &epochs(topics::LEAD_DETECTED)));
    }
    for record in log.events::<CampaignMessage>(topics::CAMPAIGN_EMAIL).await {
        let message = &record.event;
        let response = TimedId::parse(&message.response_id).unwrap();
        let expected = route_message(&message.recipient, &response, &epochs(topics::CAMPAIGN_EMAIL));
        assert_eq!(Some(record.partition), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandonment_and_a_later_finish_name_each_other() {
    let log = Log::new().await;
    let version = log.publish_quiz(QUIZ, &quiz()).await;
    in_force(log.put_campaign("todos", &campaign("sms", "all", "Oi")).await).await;
    let fanout = Fanout::start(&log, &[]).await;
    log.abandon(&abandoned(9, version, now_ms())).await;
    let first = log.wait_for_messages(1).await;
    log.submit(&submission(9, version)).await;
    let both = log.wait_for_messages(2).await;
    let abandoned_id = id_of("todos", "sms", "abandoned", 9);
    assert!(first[&abandoned_id].unless_finished);
    let finished = &both[&id_of("todos", "sms", "completed", 9)];
    assert_eq!(finished.unless_sent, Some(abandoned_id));
    assert!(!finished.unless_finished);
    fanout.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_response_meets_the_version_in_force_when_it_was_appended() {
    let log = Log::new().await;
    let version = log.publish_quiz(QUIZ, &quiz()).await;
    let fanout = Fanout::start(&log, &[]).await;
    // Text and append time of each version; the third pauses, the fourth speaks again.
    let mut versions = Vec::new();
    for (text, state) in [("v0", "active"), ("v1", "active"), ("", "paused"), ("v3", "active")] {
        let mut document = campaign("sms", "all", if text.is_empty() { "x" } else { text });
        document["state"] = state.into();
        versions.push((text, log.put_campaign("editada", &document).await));
        // Responses all the time, edits in between.
        submit_for(&log, version, versions.len(), Duration::from_millis(900)).await;
    }
    submit_for(&log, version, 9, Duration::from_millis(3_200)).await;
    let mut expected = BTreeMap::new();
    let mut texts = BTreeSet::new();
    for (response, append_ms) in submissions(&log).await {
        let in_force = versions.iter().rev().find(|(_, appended)| appended + NOTICE_MS <= append_ms);
        if let Some((text, _)) = in_force
            && !text.is_empty()
        {
            expected.insert(response, (*text).to_owned());
            texts.insert(*text);
        }
    }
    assert_eq!(texts.len(), 3, "not every version was met: the test shows nothing");
    let messages = log.wait_for_messages(expected.len()).await;
    let said: BTreeMap<String, String> =
        messages.values().map(|message| (message.response_id.clone(), message.body.clone())).collect();
    assert_eq!(said, expected);
    fanout.stop().await;
}

/// Submits one response after the other for so long.
async fn submit_for(log: &Log, version: i64, round: usize, span: Duration) {
    let until = std::time::Instant::now() + span;
    let mut number = u32::try_from(round).unwrap() * 10_000;
    while std::time::Instant::now() < until {
        log.submit(&submission(number, version)).await;
        number += 1;
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

/// Response and append time of each submission, as the log has them.
async fn submissions(log: &Log) -> Vec<(String, i64)> {
    let events = log.events::<QuizSubmitted>(topics::QUIZ_SUBMISSION).await;
    events.into_iter().map(|record| (record.event.response_id, record.append_ms)).collect()
}
