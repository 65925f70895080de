//! A small log with campaigns, worked out by hand.

use serde_json::{Value, json};

use super::*;

const RESPONSE: &str = "0190a5d0-1234-7000-8000-00000000000f";

fn inputs() -> Inputs {
    let quiz = json!({
        "accountId": "conta", "title": "Qual é o seu plano?", "language": "pt-BR", "timeZone": "America/Sao_Paulo",
        "hiddenFields": ["parceiro"],
        "elements": [
            { "id": "renda-mensal", "type": "single_choice", "choices": [
                { "id": "alta", "label": "Mais de R$ 10 mil", "score": 8 }, { "id": "baixa", "label": "Menos", "score": 1 }] },
            { "id": "1-sonho", "type": "short_text" },
            { "id": "nome", "type": "name" },
            { "id": "email", "type": "email" },
            { "id": "fone", "type": "phone" },
        ],
        "results": [{ "id": "ouro", "title": "Plano Ouro", "minScore": 5, "maxScore": 10 }],
    });
    let sms = json!({
        "channel": "sms", "audience": "all", "senderPool": "padrao",
        "when": { "all": [{ "variable": "score", "is": "greater", "value": 5 }, { "variable": "utm.source", "is": "equals", "value": "google" }] },
        "steps": [
            { "id": "s1", "template": { "text": "{{ contact.first_name | upper }}, {{ result.title }}: {{ answers.renda_mensal }}{% if hidden.parceiro %} ({{ hidden.parceiro }}){% endif %}" } },
            { "id": "s2", "delaySeconds": 30, "maxLateSeconds": 60, "template": { "text": "{% if answers._1_sonho %}{{ answers._1_sonho }}{% endif %}" } },
        ],
        "quietHours": { "from": "21:30", "to": "08:00" },
        "frequencyCap": { "messages": 2, "hours": 24 },
    });
    let email = json!({
        "channel": "email", "audience": "abandoned", "senderPool": "padrao", "defaults": { "answers._1_sonho": "o seu sonho" },
        "steps": [{ "id": "s1", "delaySeconds": 7200, "template": {
            "subject": "Falta\npouco, {{ contact.first_name }}", "text": "{{ answers._1_sonho }}", "html": "<p>{{ answers._1_sonho }}</p>" } }],
    });
    let version = |campaign: &str, offset, append_ms, state: &str, document: &Value| CampaignVersion {
        campaign_id: campaign.into(),
        revision: format!("{campaign}-{offset}"),
        account_id: "conta".into(),
        quiz_id: "quiz".into(),
        state: state.into(),
        offset,
        append_ms,
        document: document.clone(),
    };
    Inputs {
        quizzes: vec![QuizVersion { quiz_id: "quiz".into(), version: 4, document: quiz }],
        campaigns: vec![
            version("a", 0, 1_000, "active", &sms),
            version("b", 1, 1_000, "active", &email),
            version("a", 2, 100_000, "paused", &sms),
        ],
        submissions: Vec::new(),
        abandonments: Vec::new(),
        settings: Settings { lead_secret: b"segredo".to_vec(), ..Settings::default() },
    }
}

fn event(extra: Value) -> Value {
    let mut event = json!({
        "account_id": "conta", "quiz_id": "quiz", "response_id": RESPONSE, "version": 4, "received_at": 100_000,
        "answers": { "renda-mensal": "alta", "nome": "ana maria", "email": "Ana@EXAMPLE.com", "fone": "+5511987654321" },
        "hidden": { "parceiro": "", "outro": "x" }, "utm": { "source": "google", "medium": "" }, "bot_verdict": "human",
    });
    event.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    event
}

fn logged(offset: i64, append_ms: i64, event: Value) -> LoggedEvent {
    LoggedEvent { partition: 0, offset, append_ms, key: format!("quiz/{RESPONSE}"), event: Some(event) }
}

#[test]
fn a_submission_is_matched_as_things_were_at_its_append() {
    let mut inputs = inputs();
    inputs.submissions = vec![
        logged(0, 100_500, event(json!({}))),
        // A resend that says something else changes nothing.
        logged(1, 150_000, event(json!({ "utm": {} }))),
    ];
    let (messages, leads) = expect_all(&inputs);
    assert_eq!(messages.len(), 1, "the second step says nothing without a dream");
    let message = messages.values().next().unwrap();
    let expected = Message {
        message_id: ids::message_id(["conta", "quiz", "a", "s1", "sms", "completed"], RESPONSE),
        account_id: "conta".into(),
        quiz_id: "quiz".into(),
        response_id: RESPONSE.into(),
        campaign_id: "a".into(),
        revision: "a-0".into(),
        step_id: "s1".into(),
        channel: "sms".into(),
        trigger: "completed".into(),
        recipient: "+5511987654321".into(),
        recipient_name: "ana maria".into(),
        language: "pt-BR".into(),
        subject: String::new(),
        body: "ANA, Plano Ouro: Mais de R$ 10 mil".into(),
        html: String::new(),
        provider_template: None,
        due_at: 100_000,
        max_late_ms: 21_600_000,
        quiet_hours: Some((21 * 60 + 30, 8 * 60)),
        frequency_cap: Some((2, 86_400_000)),
        sender_pool: "padrao".into(),
        unless_finished: false,
        unless_sent: Some(ids::message_id(["conta", "quiz", "a", "s1", "sms", "abandoned"], RESPONSE)),
    };
    assert_eq!(*message, expected);
    assert_eq!(leads.len(), 2);
    let email = leads.iter().find(|lead| lead.field == "email").unwrap();
    assert_eq!((email.value.as_str(), email.seen_at), ("Ana@example.com", 100_000));
    assert_eq!(email.lead_id, ids::lead_id(b"segredo", "conta", "email", "Ana@example.com"));

    // From 190 s on the campaign is paused; before 91 s nothing was in force.
    for append_ms in [190_000, 90_999] {
        inputs.submissions = vec![logged(0, append_ms, event(json!({})))];
        assert_eq!(expect_all(&inputs).0.len(), 0, "{append_ms}");
    }
    inputs.submissions = vec![logged(0, 189_999, event(json!({ "received_at": 0 })))];
    assert_eq!(
        expect_all(&inputs).0.values().next().unwrap().due_at,
        0,
        "within 48 hours its own time is believed"
    );
}

#[test]
fn an_abandonment_is_matched_as_things_were_at_its_moment_and_defaults_stand_in() {
    let mut inputs = inputs();
    let abandoned = event(json!({ "abandoned_at": 150_000, "last_seen_at": 100_000 }));
    inputs.abandonments = vec![logged(0, 900_000, abandoned)];
    let (messages, _) = expect_all(&inputs);
    let mut messages: Vec<&Message> = messages.values().collect();
    messages.sort_by(|one, other| one.campaign_id.cmp(&other.campaign_id));
    let [sms, email] = messages[..] else { panic!("{messages:#?}") };
    assert_eq!(
        (sms.revision.as_str(), sms.due_at, sms.unless_finished, sms.unless_sent),
        ("a-0", 150_000, true, None)
    );
    assert_eq!((email.recipient.as_str(), email.due_at), ("Ana@example.com", 150_000 + 7_200_000));
    assert_eq!((email.subject.as_str(), email.body.as_str()), ("Falta pouco, ana", "o seu sonho"));

    inputs.abandonments[0].event.as_mut().unwrap()["answers"]["1-sonho"] = json!("<a> www.x.com.br & cia");
    let (messages, _) = expect_all(&inputs);
    let email = messages.values().find(|message| message.channel == "email").unwrap();
    assert_eq!((email.body.as_str(), email.html.as_str()), ("<a> & cia", "<p>&lt;a&gt; &amp; cia</p>"));
    assert_eq!(messages.len(), 3, "now the second step speaks too");
}

#[test]
fn bots_and_what_stands_before_the_begin_make_nothing() {
    let mut inputs = inputs();
    inputs.submissions = vec![logged(0, 100_500, event(json!({ "bot_verdict": "bot" })))];
    assert!(expect_all(&inputs).0.is_empty() && expect_all(&inputs).1.is_empty());
    inputs.submissions = vec![logged(0, 100_500, event(json!({})))];
    inputs.settings.emit_from_ms = Some(100_501);
    assert!(expect_all(&inputs).0.is_empty() && expect_all(&inputs).1.is_empty());
}

#[test]
fn a_field_that_differs_is_named() {
    let mut inputs = inputs();
    inputs.submissions = vec![logged(0, 100_500, event(json!({})))];
    let (messages, _) = expect_all(&inputs);
    let message = messages.values().next().unwrap();
    let altered = Message { due_at: 1, body: "x".into(), ..message.clone() };
    assert_eq!(differing_fields(&message.marks(), &altered.marks()), ["body", "due_at"]);
    assert_eq!(
        differing_fields(&message.marks(), &Marks::of_record(&message.as_record())),
        Vec::<&str>::new()
    );
}
