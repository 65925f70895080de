//! What fan-out must make of a log, worked out a second time: slow, obvious, and with nothing of what the
//! services use for it (no campaign types, no ids, no dedupe window, no template engine). Documents and
//! events are plain JSON here, and each rule is written as it is said.
//!
//! ```text
//! quiz versions ────┐
//! campaign versions ┤
//! submissions ──────┼──> expect ──> messages by id, leads
//! abandonments ─────┤
//! settings ─────────┘
//! ```
//!
//! Where the design is silent, this is what was decided, and the services are held to it:
//! - A condition on a variable that is absent is one on a question that was not answered: only `not_equals` and
//!   `not_answered` hold. Empty UTM and hidden fields are absent. Defaults are for templates alone.
//! - A message of which one text (subject, text, html, a parameter) comes out blank or longer than its channel
//!   allows is not made. Subject and parameters stand on one line.
//! - A choice counts once, however often it stands in an answer.
//! - A matrix reads `row: column`, an address its parts in the Brazilian order; lists leave out what is blank.
//! - The contact of an abandoned response was seen when its last beacon was received; its messages count from the
//!   moment at which it was given up.
//! - Of contacts only typed elements are found here: traffic that is compared must hold none elsewhere, and
//!   names as they are properly written (how others are set right is the lead corpus's affair).

mod cleaning;
mod conditions;
mod contacts;
mod contract;
mod first_copies;
mod follow_up;
mod ids;
mod in_force;
mod marks;
mod outcome;
mod quizzes;
mod renderer;
mod values;
mod words;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use uuid::Uuid;

pub use marks::{FIELDS, Marks, differing_fields};

/// Everything that the messages are a function of.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    pub quizzes: Vec<QuizVersion>,
    pub campaigns: Vec<CampaignVersion>,
    pub submissions: Vec<LoggedEvent>,
    pub abandonments: Vec<LoggedEvent>,
    pub settings: Settings,
}

/// What the services are told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// W of the duplicates, milliseconds.
    pub window_ms: i64,
    /// Notice of campaigns, milliseconds.
    pub notice_ms: i64,
    /// Records appended before make nothing; `None`: all are followed up.
    pub emit_from_ms: Option<i64>,
    /// Behind the ids of leads.
    pub lead_secret: Vec<u8>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { window_ms: 15 * 60_000, notice_ms: 90_000, emit_from_ms: None, lead_secret: Vec::new() }
    }
}

/// A record of `quiz.definition.v1`.
#[derive(Debug, Clone)]
pub struct QuizVersion {
    pub quiz_id: String,
    /// Offset.
    pub version: i64,
    pub document: Value,
}

/// A record of `campaign.definition.v1`.
#[derive(Debug, Clone)]
pub struct CampaignVersion {
    pub campaign_id: String,
    pub revision: String,
    pub account_id: String,
    pub quiz_id: String,
    pub state: String,
    pub offset: i64,
    /// Milliseconds since 1970 (UTC).
    pub append_ms: i64,
    pub document: Value,
}

/// A record of `quiz.submission.v1` or `quiz.abandoned.v1`.
#[derive(Debug, Clone)]
pub struct LoggedEvent {
    pub partition: i32,
    pub offset: i64,
    /// Milliseconds since 1970 (UTC).
    pub append_ms: i64,
    pub key: String,
    /// Its fields; `None` for what cannot be decoded, which moves the clock of the duplicates and nothing else.
    pub event: Option<Value>,
}

/// One message that must stand on its channel's topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub message_id: Uuid,
    pub account_id: String,
    pub quiz_id: String,
    pub response_id: String,
    pub campaign_id: String,
    pub revision: String,
    pub step_id: String,
    pub channel: String,
    pub trigger: String,
    pub recipient: String,
    pub recipient_name: String,
    pub language: String,
    pub subject: String,
    pub body: String,
    pub html: String,
    /// Name, language and parameters.
    pub provider_template: Option<(String, String, Vec<String>)>,
    pub due_at: i64,
    pub max_late_ms: i64,
    /// First minute, and first minute after.
    pub quiet_hours: Option<(i64, i64)>,
    /// Messages within milliseconds.
    pub frequency_cap: Option<(i64, i64)>,
    pub sender_pool: String,
    pub unless_finished: bool,
    pub unless_sent: Option<Uuid>,
}

/// One `lead.detected.v1` that must be there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lead {
    pub account_id: String,
    pub lead_id: Uuid,
    pub quiz_id: String,
    pub response_id: String,
    pub field: String,
    pub value: String,
    pub seen_at: i64,
}

/// What one event must lead to.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    pub messages: Vec<Message>,
    pub leads: Vec<Lead>,
}

/// Works out everything. `take` is called once for each event that counts, on as many threads as there are
/// cores, so it must be quick.
pub fn expect(inputs: &Inputs, take: impl Fn(Expected) + Sync) {
    let mut counted = first_copies::first_copies(&inputs.submissions, inputs.settings.window_ms, "completed");
    counted.extend(first_copies::first_copies(&inputs.abandonments, inputs.settings.window_ms, "abandoned"));
    let quizzes = quizzes::Quizzes::of(&inputs.quizzes);
    let mut campaigns: BTreeMap<&str, Vec<&CampaignVersion>> = BTreeMap::new();
    for version in &inputs.campaigns {
        campaigns.entry(&version.campaign_id).or_default().push(version);
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = counted.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        for part in counted.chunks(share) {
            let (quizzes, campaigns, take) = (&quizzes, &campaigns, &take);
            scope.spawn(move || {
                for counted in part {
                    take(follow_up::follow_up(counted, quizzes, campaigns, &inputs.settings));
                }
            });
        }
    });
}

/// The events of one topic that count: of each key the first copy within the window, and only what keeps the contract.
pub fn first_of_each(records: &[LoggedEvent], window_ms: i64) -> Vec<&Value> {
    let counted = first_copies::first_copies(records, window_ms, "completed");
    counted.into_iter().map(|counted| counted.event).collect()
}

/// [`expect`], gathered: messages by id, and leads in order. For small logs.
pub fn expect_all(inputs: &Inputs) -> (HashMap<Uuid, Message>, Vec<Lead>) {
    let gathered = std::sync::Mutex::new((HashMap::new(), Vec::new()));
    expect(inputs, |expected| {
        let mut gathered = gathered.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for message in expected.messages {
            gathered.0.insert(message.message_id, message);
        }
        gathered.1.extend(expected.leads);
    });
    let (messages, mut leads) = gathered.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    leads.sort();
    (messages, leads)
}
