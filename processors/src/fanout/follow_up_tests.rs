use std::collections::BTreeMap;

use serde_json::{Value, json};
use vendzz_schemas::events::{AnswerValue, QuizDefinition, QuizSubmitted, Utm};
use vendzz_schemas::ids::TimedId;

use super::*;

const APPENDED: i64 = 1_767_225_600_000;

fn version() -> QuizVersion {
    let document = json!({
        "accountId": "conta", "title": "Plano", "language": "pt-BR", "timeZone": "America/Sao_Paulo",
        "elements": [
            { "id": "email", "type": "email", "label": "E-mail" },
            { "id": "fone", "type": "phone", "label": "Telefone" },
            { "id": "renda", "type": "number", "label": "Renda" },
        ],
    });
    let definition = QuizDefinition {
        account_id: "conta".to_owned(),
        quiz_id: "quiz".to_owned(),
        state: "published".to_owned(),
        changed_at: 0,
        document: document.to_string(),
        retired: Vec::new(),
    };
    QuizVersion::new(&definition).unwrap()
}

fn submission(answers: &[(&str, AnswerValue)]) -> QuizSubmitted {
    QuizSubmitted {
        account_id: "conta".to_owned(),
        quiz_id: "quiz".to_owned(),
        response_id: response().to_string(),
        visitor_id: None,
        version: 0,
        received_at: APPENDED - 1_000,
        started_at: None,
        submitted_at: None,
        answers: answers.iter().map(|(element, answer)| ((*element).to_owned(), answer.clone())).collect(),
        hidden: BTreeMap::new(),
        utm: Utm::default(),
        referrer: String::new(),
        device: String::new(),
        country: String::new(),
        bot_verdict: "human".to_owned(),
        bot_reasons: Vec::new(),
        address_hash: String::new(),
        tags: Vec::new(),
        elements: Vec::new(),
        reported: 0,
    }
}

fn response() -> TimedId {
    TimedId::mint_at(1_767_225_500_000, &[5; 10])
}

fn text(value: &str) -> AnswerValue {
    AnswerValue::Text(value.to_owned())
}

/// A campaign for all by SMS with two steps, changed as the test says.
fn campaign(id: &str, change: impl FnOnce(&mut Value)) -> Arc<CompiledCampaign> {
    let mut document = json!({
        "accountId": "conta", "quizId": "quiz", "name": "n", "channel": "sms", "audience": "all",
        "state": "active", "senderPool": "p",
        "steps": [
            { "id": "a", "delaySeconds": 0, "template": { "text": "{{ answers.renda }}" } },
            { "id": "b", "delaySeconds": 3_600, "template": { "text": "de novo" } },
        ],
    });
    change(&mut document);
    Arc::new(CompiledCampaign::new(id, "r", &serde_json::from_value(document).unwrap()).unwrap())
}

/// (campaign, step, body, due after the event) of messages; (campaign, step, reason) of what was skipped.
type Said = (Vec<(String, String, String, i64)>, Vec<(String, String, SkipReason)>);

fn said(submission: &QuizSubmitted, campaigns: &[Arc<CompiledCampaign>]) -> Said {
    let event = Event::completed(submission, response(), APPENDED);
    let made = follow_up(&event, &version(), campaigns, b"secret");
    let messages = made.messages.iter().map(|message| {
        let due = message.due_at - submission.received_at;
        (message.campaign_id.clone(), message.step_id.clone(), message.body.clone(), due)
    });
    let skipped = made.skipped.iter().map(|skipped| {
        let word = |word: Option<&str>| word.unwrap_or_default().to_owned();
        (word(skipped.campaign_id), word(skipped.step_id), skipped.reason)
    });
    (messages.collect(), skipped.collect())
}

fn nobody(campaign: &str, reason: SkipReason) -> (String, String, SkipReason) {
    (campaign.to_owned(), String::new(), reason)
}

#[test]
fn every_campaign_says_something_or_why_not() {
    let campaigns = [
        campaign("fala", |_| {}),
        campaign("carta", |document| document["channel"] = json!("email")),
        campaign("pausa", |document| document["state"] = json!("paused")),
        campaign("alheia", |document| document["accountId"] = json!("outra")),
        campaign("vizinha", |document| document["quizId"] = json!("outro")),
        campaign("saiu", |document| document["audience"] = json!("abandoned")),
        campaign("rica", |document| {
            document["when"] = json!({ "variable": "answers.renda", "is": "greater", "value": 5_000 });
        }),
    ];
    let answers = [("fone", text("+5511987654321")), ("renda", AnswerValue::Double(2_500.0))];
    let (messages, skipped) = said(&submission(&answers), &campaigns);
    let step = |step: &str, body: &str, due| ("fala".to_owned(), step.to_owned(), body.to_owned(), due);
    assert_eq!(messages, [step("a", "2500", 0), step("b", "de novo", 3_600_000)]);
    assert_eq!(
        skipped,
        [
            nobody("carta", SkipReason::NoContact),
            nobody("pausa", SkipReason::NotActive),
            nobody("alheia", SkipReason::OtherAccount),
            nobody("vizinha", SkipReason::OtherQuiz),
            nobody("saiu", SkipReason::Audience),
            nobody("rica", SkipReason::Condition),
        ]
    );
}

#[test]
fn a_bot_is_neither_a_lead_nor_written_to() {
    let answers = [("fone", text("+5511987654321"))];
    let bot = QuizSubmitted { bot_verdict: "bot".to_owned(), ..submission(&answers) };
    let event = Event::completed(&bot, response(), APPENDED);
    let campaigns = [campaign("fala", |_| {})];
    let made = follow_up(&event, &version(), &campaigns, b"secret");
    assert!(made.leads.is_empty() && made.messages.is_empty());
    assert_eq!(made.skipped, [Skipped { campaign_id: None, step_id: None, reason: SkipReason::Bot }]);
}

#[test]
fn a_template_that_fails_takes_no_other_step_with_it() {
    let looping = campaign("laço", |document| {
        let text = "{% for a in range(9999) %}{% for b in range(9999) %}{{ b }}{% endfor %}{% endfor %}";
        document["steps"][0]["template"]["text"] = json!(text);
    });
    let silent = campaign("calada", |document| document["audience"] = json!("completed"));
    let answers = [("fone", text("+5511987654321"))];
    let (messages, skipped) = said(&submission(&answers), &[looping, silent]);
    assert_eq!(messages.iter().map(|message| message.1.as_str()).collect::<Vec<_>>(), ["b", "b"]);
    let of_step = |campaign: &str, reason| (campaign.to_owned(), "a".to_owned(), reason);
    // Without an income nothing is left of the other one's first text.
    let expected = [of_step("laço", SkipReason::TemplateFailed), of_step("calada", SkipReason::EmptyText)];
    assert_eq!(skipped, expected);
}

#[test]
fn an_implausible_time_of_receipt_gives_way_to_the_append_time() {
    let campaigns = [campaign("fala", |_| {})];
    let answers = [("fone", text("+5511987654321")), ("renda", AnswerValue::Double(1.0))];
    let late = QuizSubmitted { received_at: APPENDED + 600_000, ..submission(&answers) };
    let event = Event::completed(&late, response(), APPENDED);
    let made = follow_up(&event, &version(), &campaigns, b"secret");
    assert!(event.time_replaced);
    assert_eq!(made.messages[0].due_at, APPENDED);
    assert_eq!(made.leads[0].seen_at, APPENDED);
}
