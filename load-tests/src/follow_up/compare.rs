//! The comparison itself: pure, from facts to findings.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use uuid::Uuid;

use super::abandonments::{announced, is_of_run, is_same, not_announced, partials, wrong_announcements};
use super::funnels::{Funnel, differences, funnels_of};
use super::leads::{LeadRow, differing_rows, leads_on_log};
use super::log::FollowUpLog;
use super::settings::FollowUpSettings;
use super::stores::PartialRow;
use crate::expected::{self, Inputs, Lead, Marks, differing_fields};
use crate::reckoning::{Disagreement, Reckoning};

/// Everything that is compared.
pub struct FollowUpFacts {
    pub quizzes: Vec<String>,
    pub began_at_ms: i64,
    pub now_ms: i64,
    pub settings: FollowUpSettings,
    pub log: FollowUpLog,
    pub(super) leads_in_postgres: BTreeMap<Uuid, LeadRow>,
    pub(super) partials_in_postgres: BTreeMap<(String, String), PartialRow>,
    pub funnels_in_cql: BTreeMap<String, Funnel>,
    /// Records that fan-out set aside.
    pub dead_letters: i64,
}

/// What came out.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FollowUpReckoning {
    pub quizzes: BTreeMap<String, QuizFollowUp>,
    /// Empty when everything agrees.
    pub disagreements: Vec<Disagreement>,
    /// How long it took to work out what was expected, seconds.
    pub expecting_seconds: f64,
    /// Every message that was expected: what sending is reckoned by.
    #[serde(skip)]
    pub expected: Vec<ExpectedSend>,
}

/// A message that must end in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedSend {
    pub message_id: Uuid,
    pub channel: String,
    pub campaign_id: String,
}

/// Counts of one quiz.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct QuizFollowUp {
    /// Distinct responses in the log, bots included.
    pub submissions: u64,
    /// Distinct responses announced as abandoned.
    pub abandoned: u64,
    /// Of them, those who finished afterwards.
    pub finished_later: u64,
    pub leads_expected: u64,
    pub leads_on_log: u64,
    pub messages_expected: u64,
    /// Distinct messages on each channel's topic.
    pub messages_on: BTreeMap<String, u64>,
    /// Records of the channels' topics beyond the first of each message.
    pub copies: u64,
    pub due_now: u64,
    pub due_later: u64,
    pub partials_expected: u64,
    pub partials_in_postgres: u64,
    pub elements_reached: i64,
    pub elements_reached_in_cql: i64,
}

impl FollowUpReckoning {
    pub fn agrees(&self) -> bool {
        self.disagreements.is_empty()
    }

    /// What a demo must have shown, and this run did not have.
    pub fn what_did_not_happen(&self) -> Vec<String> {
        let sum = |of: fn(&QuizFollowUp) -> u64| self.quizzes.values().map(of).sum::<u64>();
        let mut missing = Vec::new();
        for (what, count) in [
            ("no lead", sum(|quiz| quiz.leads_on_log)),
            ("nobody left and was announced", sum(|quiz| quiz.abandoned)),
            ("no message is due now", sum(|quiz| quiz.due_now)),
            ("no message is due later", sum(|quiz| quiz.due_later)),
        ] {
            if count == 0 {
                missing.push(what.to_owned());
            }
        }
        for channel in ["sms", "email", "whatsapp", "voice"] {
            let topic = format!("campaign.{channel}.v1");
            let found: u64 = self.quizzes.values().filter_map(|quiz| quiz.messages_on.get(&topic)).sum();
            if found == 0 {
                missing.push(format!("no message on {topic}"));
            }
        }
        missing
    }

    pub fn messages_found(&self) -> u64 {
        self.quizzes.values().flat_map(|quiz| quiz.messages_on.values()).sum()
    }
}

struct ExpectedMessage {
    marks: Marks,
    channel: String,
    campaign_id: String,
    quiz_id: String,
    response_id: String,
}

/// Compares everything.
pub fn compare(facts: &FollowUpFacts) -> FollowUpReckoning {
    let mut reckoning = FollowUpReckoning::default();
    let mut found = Reckoning::default();
    for quiz in &facts.quizzes {
        reckoning.quizzes.insert(quiz.clone(), QuizFollowUp::default());
    }
    count_events(facts, &mut reckoning);
    let begin = std::time::Instant::now();
    let (messages, leads) = expected_of(facts);
    reckoning.expecting_seconds = begin.elapsed().as_secs_f64();
    compare_messages(facts, &messages, &mut reckoning, &mut found);
    compare_leads(facts, &leads, &mut reckoning, &mut found);
    compare_abandonments(facts, &mut found);
    compare_partials(facts, &mut reckoning, &mut found);
    compare_funnels(facts, &mut reckoning, &mut found);
    found.find("records of the log that cannot be read", facts.log.unreadable.iter().cloned());
    if facts.dead_letters != 0 {
        let count = format!("{} record(s)", facts.dead_letters);
        found.find("records that fan-out set aside as dead letters", [count]);
    }
    reckoning.disagreements = found.disagreements;
    let expected = messages.into_iter().map(|(message_id, message)| ExpectedSend {
        message_id,
        channel: message.channel,
        campaign_id: message.campaign_id,
    });
    reckoning.expected = expected.collect();
    reckoning
}

impl FollowUpReckoning {
    fn of(&mut self, quiz: &str) -> &mut QuizFollowUp {
        self.quizzes.entry(quiz.to_owned()).or_default()
    }
}

fn count_events(facts: &FollowUpFacts, reckoning: &mut FollowUpReckoning) {
    let finished = facts.log.finished();
    for (quiz, _) in finished.keys() {
        reckoning.of(quiz).submissions += 1;
    }
    for response in announced(&facts.log).keys() {
        let of_quiz = reckoning.of(&response.0);
        of_quiz.abandoned += 1;
        of_quiz.finished_later += u64::from(finished.contains_key(response));
    }
}

fn expected_of(facts: &FollowUpFacts) -> (HashMap<Uuid, ExpectedMessage>, BTreeSet<Lead>) {
    let log = &facts.log;
    let inputs = Inputs {
        quizzes: log.quizzes.clone(),
        campaigns: log.campaigns.clone(),
        submissions: log.submissions.clone(),
        abandonments: log.abandonments.clone(),
        settings: facts.settings.expected(),
    };
    let gathered = Mutex::new((HashMap::new(), BTreeSet::new()));
    expected::expect(&inputs, |expected| {
        let messages: Vec<(Uuid, ExpectedMessage)> = expected
            .messages
            .into_iter()
            .map(|message| {
                let expected = ExpectedMessage {
                    marks: message.marks(),
                    channel: message.channel,
                    campaign_id: message.campaign_id,
                    quiz_id: message.quiz_id,
                    response_id: message.response_id,
                };
                (message.message_id, expected)
            })
            .collect();
        let mut gathered = gathered.lock().unwrap_or_else(PoisonError::into_inner);
        gathered.0.extend(messages);
        gathered.1.extend(expected.leads);
    });
    gathered.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn compare_messages(
    facts: &FollowUpFacts,
    expected: &HashMap<Uuid, ExpectedMessage>,
    reckoning: &mut FollowUpReckoning,
    found: &mut Reckoning,
) {
    let on_topics = &facts.log.messages;
    let (mut missing, mut differing) = (Vec::new(), Vec::new());
    for (id, message) in expected {
        reckoning.of(&message.quiz_id).messages_expected += 1;
        let name = format!("{id} ({}, {}/{})", message.channel, message.quiz_id, message.response_id);
        let Some(on_topic) = on_topics.get(id) else {
            missing.push(name);
            continue;
        };
        let fields = differing_fields(&message.marks, &on_topic.marks);
        if !fields.is_empty() {
            differing.push(format!("{name}: {}", fields.join(", ")));
        }
    }
    found.find("messages expected, missing on their topic", missing);
    found.find("messages that say something else than expected", differing);
    let invented = on_topics.iter().filter(|(id, _)| !expected.contains_key(*id));
    let invented = invented.map(|(id, message)| format!("{id} ({})", message.topic));
    found.find("messages on a topic that nobody expected", invented);
    let scattered = on_topics.iter().filter(|(_, message)| message.copies_differ);
    found.find("messages whose copies differ", scattered.map(|(id, _)| id.to_string()));
    let unkeyed = on_topics.iter().filter(|(id, message)| id.to_string() != message.key);
    found.find("messages under another key than their id", unkeyed.map(|(id, _)| id.to_string()));
    for message in on_topics.values() {
        let of_quiz = reckoning.of(&message.quiz_id);
        *of_quiz.messages_on.entry(message.topic.to_owned()).or_default() += 1;
        of_quiz.copies += message.copies - 1;
        let is_due = message.due_at <= facts.now_ms;
        *(if is_due { &mut of_quiz.due_now } else { &mut of_quiz.due_later }) += 1;
    }
    // Otherwise a message on another channel's topic would pass.
    let misplaced = on_topics.iter().filter(|(id, message)| {
        expected.get(*id).is_some_and(|expected| message.topic != format!("campaign.{}.v1", expected.channel))
    });
    found.find("messages on another channel's topic", misplaced.map(|(id, _)| id.to_string()));
}

fn compare_leads(
    facts: &FollowUpFacts,
    expected: &BTreeSet<Lead>,
    reckoning: &mut FollowUpReckoning,
    found: &mut Reckoning,
) {
    let on_log = leads_on_log(&facts.log);
    for lead in expected {
        reckoning.of(&lead.quiz_id).leads_expected += 1;
    }
    for lead in &on_log {
        reckoning.of(&lead.quiz_id).leads_on_log += 1;
    }
    // Never the contact itself.
    let name =
        |lead: &Lead| format!("{} ({}, {}/{})", lead.lead_id, lead.field, lead.quiz_id, lead.response_id);
    found.find("leads expected, missing in the log", expected.difference(&on_log).map(name));
    found.find("leads in the log that nobody expected", on_log.difference(expected).map(name));
    found.find(
        "leads of PostgreSQL that differ from the last in the log",
        differing_rows(&facts.log, &facts.leads_in_postgres),
    );
}

fn compare_abandonments(facts: &FollowUpFacts, found: &mut Reckoning) {
    let waiting = not_announced(&facts.log, facts.began_at_ms);
    let waiting = waiting.into_iter().map(|(quiz, response)| format!("{quiz}/{response}"));
    found.find("left after giving a contact, and not announced", waiting);
    let mut wrong: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let abandon_after_ms = facts.settings.abandon_after_ms();
    for (what, name) in wrong_announcements(&facts.log, facts.began_at_ms, abandon_after_ms) {
        wrong.entry(what).or_default().push(name);
    }
    for (what, names) in wrong {
        found.find(what, names);
    }
}

fn compare_partials(facts: &FollowUpFacts, reckoning: &mut FollowUpReckoning, found: &mut Reckoning) {
    let expected = partials(&facts.log);
    let rows = &facts.partials_in_postgres;
    let (mut missing, mut differing) = (Vec::new(), Vec::new());
    for (response, partial) in &expected {
        if !is_of_run(response, facts.began_at_ms) {
            continue;
        }
        reckoning.of(&response.0).partials_expected += 1;
        let name = format!("{}/{}", response.0, response.1);
        let Some(row) = rows.get(response) else {
            missing.push(name);
            continue;
        };
        let elements = partial.event["elements"].as_array().map(Vec::as_slice).unwrap_or_default();
        let last = elements.last().and_then(|element| element["element_id"].as_str()).unwrap_or_default();
        for (field, same) in [
            ("sequence", partial.event["sequence"].as_i64() == Some(i64::from(row.sequence))),
            ("answers", is_same(&partial.event["answers"], &row.answers)),
            ("last_element", row.last_element == last),
            ("last_seen_at", row.last_seen_at == partial.last_seen_at),
        ] {
            if !same {
                differing.push(format!("{name}: {field}"));
            }
        }
    }
    for response in rows.keys() {
        reckoning.of(&response.0).partials_in_postgres += 1;
    }
    found.find("partial responses of the log, missing in PostgreSQL", missing);
    found.find("partial responses of PostgreSQL that differ from the log", differing);
    let invented = rows.keys().filter(|response| !expected.contains_key(*response));
    let invented = invented.map(|(quiz, response)| format!("{quiz}/{response}"));
    found.find("partial responses of PostgreSQL that do not stand in the log", invented);
}

fn compare_funnels(facts: &FollowUpFacts, reckoning: &mut FollowUpReckoning, found: &mut Reckoning) {
    let window_ms = facts.settings.expected().window_ms;
    let of_log = funnels_of(&facts.log.submissions, &facts.log.beacons, window_ms);
    let nothing = Funnel::new();
    let reached = |funnel: &Funnel| funnel.values().map(|step| step.reached).sum::<i64>();
    let mut differing = Vec::new();
    for quiz in &facts.quizzes {
        let log = of_log.get(quiz).unwrap_or(&nothing);
        let store = facts.funnels_in_cql.get(quiz).unwrap_or(&nothing);
        let of_quiz = reckoning.of(quiz);
        of_quiz.elements_reached = reached(log);
        of_quiz.elements_reached_in_cql = reached(store);
        differing.extend(differences(quiz, log, store));
    }
    found.find("funnels of the CQL store that differ from the log", differing);
}
