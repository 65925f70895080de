//! Fan-out's own core over a log: its held definitions, its window, its pure follow-up.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use vendzz_load_tests::expected::{Inputs, Lead};
use vendzz_processors::fanout::{
    Event, FoundVersion, HeldCampaigns, HeldQuizzes, RecordPlace, Versions, follow_up,
};
use vendzz_runtime::dedupe::DedupeWindow;
use vendzz_schemas::contract;
use vendzz_schemas::events::{CampaignDefinition, QuizAbandoned, QuizDefinition, QuizSubmitted};
use vendzz_schemas::ids::TimedId;

use crate::random_log::{NOTICE_MS, SECRET, WINDOW_MS};
use crate::{Messages, note};

/// What fan-out's core makes of the same log: its held definitions, its window, its pure follow-up.
pub(crate) fn by_fanout(inputs: &Inputs) -> (Messages, BTreeSet<Lead>) {
    let (campaigns, quizzes) = (HeldCampaigns::new(NOTICE_MS), HeldQuizzes::default());
    for version in &inputs.quizzes {
        let definition = QuizDefinition {
            account_id: "conta".to_owned(),
            quiz_id: version.quiz_id.clone(),
            state: "published".to_owned(),
            changed_at: 0,
            document: version.document.to_string(),
            retired: Vec::new(),
        };
        quizzes.apply(RecordPlace { partition: 0, offset: version.version }, definition);
    }
    for version in &inputs.campaigns {
        let definition = CampaignDefinition {
            account_id: version.account_id.clone(),
            campaign_id: version.campaign_id.clone(),
            revision: version.revision.clone(),
            quiz_id: version.quiz_id.clone(),
            state: version.state.clone(),
            changed_at: 0,
            document: version.document.to_string(),
        };
        campaigns.apply(RecordPlace { partition: 0, offset: version.offset }, version.append_ms, definition);
    }
    let versions = Versions::new(1_000);
    let (mut messages, mut leads) = (Messages::new(), BTreeSet::new());
    for (records, is_submission) in [(&inputs.submissions, true), (&inputs.abandonments, false)] {
        for partition in 0..2 {
            let mut window = DedupeWindow::new(Duration::from_millis(WINDOW_MS as u64), "incarnation");
            for record in records.iter().filter(|record| record.partition == partition) {
                let decoded = record.event.clone().and_then(|event| Decoded::of(event, is_submission));
                let Some(decoded) = decoded else {
                    window.pass(record.append_ms);
                    continue;
                };
                let is_duplicate = window.observe(record.key.as_bytes(), record.append_ms);
                let is_before = inputs.settings.emit_from_ms.is_some_and(|from| record.append_ms < from);
                if is_duplicate || is_before {
                    continue;
                }
                let event = decoded.event(record.append_ms);
                let quiz = match quizzes.find(event.quiz_id, event.version) {
                    FoundVersion::Answered(quiz)
                    | FoundVersion::Replaced(quiz)
                    | FoundVersion::NotYet(quiz) => quiz,
                    FoundVersion::Unknown => panic!("every quiz has a version"),
                };
                let mut held = Vec::new();
                campaigns.in_force(event.quiz_id, event.in_force_at, &mut held);
                let compiled: Vec<_> = held.iter().filter_map(|held| versions.campaign(held)).collect();
                let made = follow_up(&event, &versions.quiz(&quiz).unwrap(), &compiled, SECRET);
                for message in made.messages {
                    let id = message.message_id.parse().unwrap();
                    note(&mut messages, id, serde_json::to_value(message).unwrap());
                }
                leads.extend(made.leads.into_iter().map(|lead| Lead {
                    account_id: lead.account_id,
                    lead_id: lead.lead_id.parse().unwrap(),
                    quiz_id: lead.quiz_id,
                    response_id: lead.response_id,
                    field: lead.field,
                    value: lead.value,
                    seen_at: lead.seen_at,
                }));
            }
        }
    }
    (messages, leads)
}

enum Decoded {
    Submission(Box<QuizSubmitted>),
    Abandonment(Box<QuizAbandoned>),
}

impl Decoded {
    /// `None` for what breaks the contract.
    fn of(event: Value, is_submission: bool) -> Option<Self> {
        if is_submission {
            let submission: QuizSubmitted = serde_json::from_value(event).unwrap();
            return contract::check_submission(&submission)
                .is_ok()
                .then(|| Self::Submission(Box::new(submission)));
        }
        let abandoned: QuizAbandoned = serde_json::from_value(event).unwrap();
        let keeps_contract = vendzz_schemas::ids::check_name(&abandoned.account_id).is_ok();
        keeps_contract.then(|| Self::Abandonment(Box::new(abandoned)))
    }

    fn event(&self, append_ms: i64) -> Event<'_> {
        match self {
            Self::Submission(event) => {
                Event::completed(event, TimedId::parse(&event.response_id).unwrap(), append_ms)
            }
            Self::Abandonment(event) => {
                Event::abandoned(event, TimedId::parse(&event.response_id).unwrap(), append_ms)
            }
        }
    }
}
