//! A batch of responses becomes leads and messages in the log, all of them or none that counts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use vendzz_runtime::config::Secret;
use vendzz_runtime::crash_point::crash_point;
use vendzz_runtime::kafka::SendError;
use vendzz_runtime::kernel::{Batch, FoldError, Poison};
use vendzz_schemas::campaign::CompiledCampaign;

use super::fold::{Meaning, Prepared};
use super::outbox::{Letter, LetterError};
use super::planted::Fault;
use super::tally::Tally;
use super::{
    Event, FoundVersion, HeldCampaign, HeldCampaigns, HeldQuizzes, InStep, Outbox, QuizVersion, SkipReason,
    Versions, follow_up,
};

/// After so many responses other tasks have their turn.
const TURN: usize = 16;

/// What the folds of all partitions share.
pub struct FanoutParts {
    pub quizzes: Arc<HeldQuizzes>,
    pub campaigns: Arc<HeldCampaigns>,
    pub versions: Versions,
    pub in_step: InStep,
    pub outbox: Outbox,
    pub lead_key: Secret,
}

/// Follows up a batch, and returns once the log has acknowledged everything.
///
/// A failed attempt leaves copies of what it sent: they have the same ids.
pub(super) async fn send(
    parts: &Arc<FanoutParts>,
    prepared: &Prepared,
    batch: &Batch<'_>,
) -> Result<Tally, FoldError> {
    let mut tally = Tally::default();
    // Everything that may have to wait comes first, so that waiting makes no copies.
    let ready = make_ready(parts, prepared, batch, &mut tally).await?;
    let routes = parts.outbox.routes().map_err(not_addressed)?;
    parts.in_step.check()?;
    crash_point("fanout.before_send");
    let mut campaigns = InForce::default();
    let mut letters: Vec<Letter> = Vec::new();
    let mut posted = Vec::new();
    let mut held_back = Vec::new();
    for (number, Ready { offset, event, quiz }) in ready.iter().enumerate() {
        campaigns.look_up(parts, event);
        campaigns.unusable.iter().for_each(|_| tally.skip(SkipReason::Unusable));
        let made = follow_up(event, quiz, &campaigns.usable, parts.lead_key.reveal().as_bytes());
        tally.count(&made);
        tally.times_replaced += u64::from(event.time_replaced);
        parts
            .outbox
            .letters(&event.response, &made, &routes, &mut letters)
            .map_err(|error| not_written(*offset, error))?;
        if Fault::CommitBeforeSend.is_planted() {
            held_back.append(&mut letters);
        }
        for letter in letters.drain(..) {
            posted.push((*offset, parts.outbox.post(&letter).await));
        }
        if number % TURN == TURN - 1 {
            tokio::task::yield_now().await;
        }
    }
    if !held_back.is_empty() {
        tokio::spawn(post_later(parts.clone(), held_back));
    }
    let mut failures = Failures::default();
    for (offset, posted) in posted {
        let outcome = match posted {
            Ok(delivery) => delivery.await.map(drop),
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            parts.outbox.producer().count_failure(&error);
            failures.note(offset, error);
        }
    }
    failures.into_outcome()?;
    Ok(tally)
}

/// A response with everything that is known about it.
struct Ready<'p> {
    offset: i64,
    event: Event<'p>,
    quiz: Arc<QuizVersion>,
}

/// The responses that are followed up, each with the version of the quiz by which it is read.
async fn make_ready<'p>(
    parts: &FanoutParts,
    prepared: &'p Prepared,
    batch: &Batch<'_>,
    tally: &mut Tally,
) -> Result<Vec<Ready<'p>>, FoldError> {
    let mut ready = Vec::with_capacity(prepared.records.len());
    let mut was_read_to_end = false;
    // Both in the order of their offsets.
    for (record, (_, set_aside)) in prepared.records.iter().zip(batch.all_records()) {
        let event = match &record.meaning {
            Meaning::FollowUp(event) if !set_aside => event.view(record.append_ms),
            Meaning::Skip(reason) => {
                tally.skip(*reason);
                continue;
            }
            Meaning::FollowUp(_) | Meaning::SetAside => continue,
        };
        let mut found = parts.quizzes.find(event.quiz_id, event.version);
        if matches!(found, FoundVersion::NotYet(_) | FoundVersion::Unknown) && !was_read_to_end {
            // Whoever took the response has seen that version, so it stands in the log by now.
            parts.in_step.read_quizzes_to_end().await?;
            was_read_to_end = true;
            found = parts.quizzes.find(event.quiz_id, event.version);
        }
        let held = match found {
            FoundVersion::Answered(held) => held,
            FoundVersion::Replaced(held) | FoundVersion::NotYet(held) => {
                tally.versions_replaced += 1;
                held
            }
            FoundVersion::Unknown => {
                let quiz_id = event.quiz_id;
                let why = anyhow::anyhow!("no version of quiz {quiz_id} is known, offset {}", record.offset);
                return Err(FoldError::Retry { reason: "unknown_quiz", source: why });
            }
        };
        let quiz = parts
            .versions
            .quiz(&held)
            .map_err(|error| FoldError::Retry { reason: "unreadable_quiz", source: error.into() })?;
        ready.push(Ready { offset: record.offset, event, quiz });
    }
    Ok(ready)
}

/// The campaigns in force for one response; their memory is used again for the next.
#[derive(Default)]
struct InForce {
    held: Vec<Arc<HeldCampaign>>,
    usable: Vec<Arc<CompiledCampaign>>,
    unusable: Vec<Arc<HeldCampaign>>,
}

impl InForce {
    fn look_up(&mut self, parts: &FanoutParts, event: &Event<'_>) {
        parts.campaigns.in_force(event.quiz_id, event.in_force_at, &mut self.held);
        self.usable.clear();
        self.unusable.clear();
        for held in self.held.drain(..) {
            match parts.versions.campaign(&held) {
                Some(compiled) => self.usable.push(compiled),
                None => self.unusable.push(held),
            }
        }
    }
}

/// How the letters of a batch failed.
#[derive(Default)]
struct Failures {
    passing: Option<SendError>,
    /// By the offset of the response.
    refused: BTreeMap<i64, String>,
}

impl Failures {
    fn note(&mut self, offset: i64, error: SendError) {
        match error {
            SendError::Refused(why) => drop(self.refused.insert(offset, why)),
            passing => self.passing = Some(passing),
        }
    }

    /// What may pass is tried again first: the refusals come again with it.
    fn into_outcome(self) -> Result<(), FoldError> {
        if let Some(error) = self.passing {
            return Err(FoldError::Retry { reason: error.reason(), source: error.into() });
        }
        if self.refused.is_empty() {
            return Ok(());
        }
        let poison = |(offset, why)| Poison {
            offset,
            reason: "refused_by_broker",
            detail: format!("a lead or message made of it is {why}"),
        };
        Err(FoldError::Poison(self.refused.into_iter().map(poison).collect()))
    }
}

/// [`Fault::CommitBeforeSend`]: long after the offset was committed.
async fn post_later(parts: Arc<FanoutParts>, letters: Vec<Letter>) {
    tokio::time::sleep(Duration::from_secs(2)).await;
    for letter in &letters {
        let Ok(delivery) = parts.outbox.post(letter).await else { continue };
        drop(delivery);
    }
}

/// What cannot be encoded never can; an address may be known later.
fn not_written(offset: i64, error: LetterError) -> FoldError {
    match error {
        LetterError::Codec(error) => {
            let detail = format!("a lead or message made of it cannot be encoded: {error}");
            FoldError::Poison(vec![Poison { offset, reason: "unencodable", detail }])
        }
        error => not_addressed(error),
    }
}

fn not_addressed(error: LetterError) -> FoldError {
    let reason = match &error {
        LetterError::NoEpochs(_) => "epochs",
        LetterError::Codec(_) => "encode",
    };
    FoldError::Retry { reason, source: error.into() }
}
