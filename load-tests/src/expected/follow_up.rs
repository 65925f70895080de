use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::cleaning::clean;
use super::conditions::holds;
use super::contacts::{Contacts, contacts_in};
use super::first_copies::Counted;
use super::in_force::in_force;
use super::outcome::outcome;
use super::quizzes::Quizzes;
use super::renderer::render;
use super::values::Values;
use super::{CampaignVersion, Expected, Lead, Message, Settings, ids};

const HOURS_48_MS: i64 = 48 * 3_600_000;
const MINUTES_5_MS: i64 = 5 * 60_000;

/// What one event leads to.
pub(super) fn follow_up(
    counted: &Counted<'_>,
    quizzes: &Quizzes<'_>,
    campaigns: &BTreeMap<&str, Vec<&CampaignVersion>>,
    settings: &Settings,
) -> Expected {
    let mut expected = Expected::default();
    let Counted { event, append_ms, trigger } = *counted;
    let is_before = settings.emit_from_ms.is_some_and(|from| append_ms < from);
    if is_before || event["bot_verdict"] == "bot" {
        return expected;
    }
    let text = |name: &str| event[name].as_str().unwrap_or_default();
    let (account_id, quiz_id, response_id) = (text("account_id"), text("quiz_id"), text("response_id"));
    let version = event["version"].as_i64().unwrap_or_default();
    let Some(document) = quizzes.answered(quiz_id, version) else { return expected };
    let no_answers = Map::new();
    let answers = event["answers"].as_object().unwrap_or(&no_answers);
    let contacts = contacts_in(document, answers);
    let (seen_at, due_from) = moments(event, append_ms, trigger);
    for (field, value) in [("email", &contacts.email), ("phone", &contacts.phone)] {
        let Some(value) = value else { continue };
        expected.leads.push(Lead {
            account_id: account_id.to_owned(),
            lead_id: ids::lead_id(&settings.lead_secret, account_id, field, value),
            quiz_id: quiz_id.to_owned(),
            response_id: response_id.to_owned(),
            field: field.to_owned(),
            value: value.clone(),
            seen_at,
        });
    }
    let outcome = outcome(document, answers);
    let values = Values::of(event, quiz_id, document, &outcome, &contacts);
    // An abandonment is matched as things were at its moment, whenever it was appended.
    let matched_at =
        if trigger == "abandoned" { event["abandoned_at"].as_i64().unwrap_or_default() } else { append_ms };
    for versions in campaigns.values() {
        let Some(campaign) = in_force(versions, matched_at, settings.notice_ms) else { continue };
        let audience = campaign.document["audience"].as_str().unwrap_or_default();
        let speaks = campaign.state == "active"
            && campaign.account_id == account_id
            && campaign.quiz_id == quiz_id
            && (audience == "all" || audience == trigger);
        let when = &campaign.document["when"];
        let matches = || when.is_null() || holds(when, "variable", &|name| values.compared(name));
        if !speaks || !matches() {
            continue;
        }
        let to =
            Addressee { account_id, quiz_id, response_id, trigger, due_from, document, contacts: &contacts };
        expected.messages.extend(messages_of(campaign, &to, &values));
    }
    expected
}

/// When the respondent was there, and the moment from which delays are counted.
fn moments(event: &Value, append_ms: i64, trigger: &str) -> (i64, i64) {
    let moment = |name: &str| event[name].as_i64().unwrap_or_default();
    if trigger == "abandoned" {
        return (moment("last_seen_at"), moment("abandoned_at"));
    }
    let received_at = moment("received_at");
    let is_believed = received_at >= append_ms - HOURS_48_MS && received_at <= append_ms + MINUTES_5_MS;
    let at = if is_believed { received_at } else { append_ms };
    (at, at)
}

struct Addressee<'e> {
    account_id: &'e str,
    quiz_id: &'e str,
    response_id: &'e str,
    trigger: &'static str,
    due_from: i64,
    document: &'e Value,
    contacts: &'e Contacts,
}

fn messages_of(campaign: &CampaignVersion, to: &Addressee<'_>, values: &Values) -> Vec<Message> {
    let document = &campaign.document;
    let channel = document["channel"].as_str().unwrap_or_default();
    let recipient = if channel == "email" { &to.contacts.email } else { &to.contacts.phone };
    let Some(recipient) = recipient else { return Vec::new() };
    let mut messages = Vec::new();
    for step in document["steps"].as_array().into_iter().flatten() {
        let step_id = step["id"].as_str().unwrap_or_default();
        let id_of = |trigger| {
            let parts = [to.account_id, to.quiz_id, &campaign.campaign_id, step_id, channel, trigger];
            ids::message_id(parts, to.response_id)
        };
        let Some(texts) = texts_of(step, channel, &document["defaults"], values) else { continue };
        let delay_ms = step["delaySeconds"].as_i64().unwrap_or(0) * 1_000;
        let is_for_both = document["audience"] == "all";
        messages.push(Message {
            message_id: id_of(to.trigger),
            account_id: to.account_id.to_owned(),
            quiz_id: to.quiz_id.to_owned(),
            response_id: to.response_id.to_owned(),
            campaign_id: campaign.campaign_id.clone(),
            revision: campaign.revision.clone(),
            step_id: step_id.to_owned(),
            channel: channel.to_owned(),
            trigger: to.trigger.to_owned(),
            recipient: recipient.clone(),
            recipient_name: to.contacts.name.as_deref().map(clean).unwrap_or_default(),
            language: to.document["language"].as_str().unwrap_or_default().to_owned(),
            subject: texts.subject,
            body: texts.body,
            html: texts.html,
            provider_template: texts.provider_template,
            due_at: to.due_from + delay_ms,
            max_late_ms: step["maxLateSeconds"].as_i64().unwrap_or(6 * 3_600) * 1_000,
            quiet_hours: quiet_hours(&document["quietHours"]),
            frequency_cap: frequency_cap(&document["frequencyCap"]),
            sender_pool: document["senderPool"].as_str().unwrap_or_default().to_owned(),
            unless_finished: to.trigger == "abandoned",
            unless_sent: (is_for_both && to.trigger == "completed").then(|| id_of("abandoned")),
        });
    }
    messages
}

#[derive(Default)]
struct Texts {
    subject: String,
    body: String,
    html: String,
    provider_template: Option<(String, String, Vec<String>)>,
}

/// `None` when one of the texts comes out blank or too long.
fn texts_of(step: &Value, channel: &str, defaults: &Value, values: &Values) -> Option<Texts> {
    let template = &step["template"];
    let words = |name: &str| values.words(name, defaults);
    let bounded = |source: &str, is_html, max_chars| {
        let text = render(source, is_html, &words)?;
        (!text.trim().is_empty() && text.chars().count() <= max_chars).then_some(text)
    };
    let optional = |name: &str, is_html, max_chars| match template[name].as_str() {
        Some(source) => bounded(source, is_html, max_chars),
        None => Some(String::new()),
    };
    let most_of_body = match channel {
        "sms" => 918,
        "whatsapp" => 4_096,
        "voice" => 1_500,
        _ => 20_000,
    };
    let mut texts = Texts {
        subject: on_one_line(&optional("subject", false, 200)?),
        body: optional("text", false, most_of_body)?,
        html: optional("html", true, 60_000)?,
        provider_template: None,
    };
    let provider = &template["providerTemplate"];
    if !provider.is_null() {
        let mut parameters = Vec::new();
        for source in provider["parameters"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            parameters.push(on_one_line(&bounded(source, false, 1_024)?));
        }
        let text = |name: &str| provider[name].as_str().unwrap_or_default().to_owned();
        texts.provider_template = Some((text("name"), text("language"), parameters));
    }
    Some(texts)
}

fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn quiet_hours(rule: &Value) -> Option<(i64, i64)> {
    Some((minute(rule["from"].as_str()?)?, minute(rule["to"].as_str()?)?))
}

fn minute(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    Some(hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?)
}

fn frequency_cap(rule: &Value) -> Option<(i64, i64)> {
    Some((rule["messages"].as_i64()?, rule["hours"].as_i64()? * 3_600_000))
}
