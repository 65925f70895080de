use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::time::Instant;

use super::{Answer, Attempt, KindFigures, LoadFigures, SendError};
use crate::journal::Journal;
use crate::sent::{EventKind, Fate, Sent};
use crate::traffic::Event;

const LONGEST_LATENCY_MICROS: u64 = 600_000_000;
const SURPRISES_KEPT: usize = 10;

/// Counts what happens, for the progress line, the summary and the reckoning.
#[derive(Default)]
pub struct Scoreboard {
    board: Mutex<Board>,
    journal: Mutex<Option<Journal>>,
}

#[derive(Default)]
struct Board {
    sent: Sent,
    submissions: Tally,
    views: Tally,
    beacons: Tally,
    surprises: u64,
    first_surprises: Vec<String>,
    began: Option<Instant>,
    ended: Option<Instant>,
    /// How long events are issued.
    length: Duration,
}

struct Tally {
    issued: u64,
    accepted: u64,
    refused: u64,
    unresolved: u64,
    sent_again: u64,
    repeated: u64,
    /// When the latest was accepted.
    accepted_last: Option<Instant>,
    latency_micros: Histogram<u64>,
    by_status: BTreeMap<u16, u64>,
    without_answer: BTreeMap<&'static str, u64>,
}

impl Scoreboard {
    /// Writes every id and fate to the journal too.
    pub fn with_journal(journal: Journal) -> Self {
        Self { journal: Mutex::new(Some(journal)), ..Self::default() }
    }

    pub(super) fn begin(&self, length: Duration) {
        self.with(|board| {
            board.began = Some(Instant::now());
            board.length = length;
        });
    }

    pub(super) fn end(&self) {
        self.with(|board| board.ended = Some(Instant::now()));
    }

    pub(super) fn issue(&self, event: &Event) {
        if let Some(journal) = &*self.journal() {
            journal.issued(event.kind, &event.quiz, event.id);
        }
        self.with(|board| {
            board.sent.of_mut(event.kind).issue(&event.quiz, event.id);
            board.tally(event.kind).issued += 1;
        });
    }

    pub(super) fn attempted(&self, kind: EventKind, outcome: &Result<Answer, SendError>) {
        self.with(|board| {
            let tally = board.tally(kind);
            match outcome {
                Ok(answer) => *tally.by_status.entry(answer.status.as_u16()).or_default() += 1,
                Err(error) => *tally.without_answer.entry(word(error)).or_default() += 1,
            }
        });
    }

    pub(super) fn sending_again(&self, kind: EventKind) {
        self.with(|board| board.tally(kind).sent_again += 1);
    }

    pub(super) fn repeated(&self, event: &Event) {
        self.with(|board| board.tally(event.kind).repeated += 1);
    }

    pub(super) fn settle(&self, event: &Event, fate: Fate, last_attempt: &Attempt, latency: Duration) {
        if let Some(journal) = &*self.journal() {
            journal.settled(event.kind, &event.quiz, event.id, fate);
        }
        self.with(|board| {
            board.sent.of_mut(event.kind).settle(&event.quiz, event.id, fate);
            let tally = board.tally(event.kind);
            match last_attempt {
                Attempt::Accepted => {
                    tally.accepted += 1;
                    tally.accepted_last = Some(Instant::now());
                    let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
                    tally.latency_micros.saturating_record(micros.clamp(1, LONGEST_LATENCY_MICROS));
                }
                Attempt::Refused => tally.refused += 1,
                Attempt::Again { .. } => tally.unresolved += 1,
            }
        });
    }

    pub(super) fn surprise(&self, event: &Event, text: String) {
        self.with(|board| {
            board.surprises += 1;
            if board.first_surprises.len() < SURPRISES_KEPT {
                board.first_surprises.push(format!("{} {}/{}: {text}", event.kind, event.quiz, event.id));
            }
        });
    }

    pub fn figures(&self) -> LoadFigures {
        self.with(|board| {
            let began = board.began.unwrap_or_else(Instant::now);
            let until = board.ended.unwrap_or_else(Instant::now);
            LoadFigures {
                seconds: (until - began).as_secs_f64(),
                submissions: board.submissions.figures(began, board.length),
                views: board.views.figures(began, board.length),
                beacons: board.beacons.figures(began, board.length),
                surprises: board.surprises,
                first_surprises: board.first_surprises.clone(),
            }
        })
    }

    /// Everything that was issued, for the reckoning.
    pub fn sent(&self) -> Sent {
        self.with(|board| board.sent.clone())
    }

    /// Writes the rest of the journal.
    pub fn close_journal(&self) -> std::io::Result<()> {
        let journal = self.journal().take();
        journal.map_or(Ok(()), Journal::close)
    }

    fn journal(&self) -> MutexGuard<'_, Option<Journal>> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<R>(&self, change: impl FnOnce(&mut Board) -> R) -> R {
        change(&mut self.board.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Board {
    fn tally(&mut self, kind: EventKind) -> &mut Tally {
        match kind {
            EventKind::View => &mut self.views,
            EventKind::Submission => &mut self.submissions,
            EventKind::Beacon => &mut self.beacons,
        }
    }
}

impl Default for Tally {
    fn default() -> Self {
        let latency_micros =
            Histogram::new_with_bounds(1, LONGEST_LATENCY_MICROS, 3).expect("the bounds are in order");
        Self {
            issued: 0,
            accepted: 0,
            refused: 0,
            unresolved: 0,
            sent_again: 0,
            repeated: 0,
            accepted_last: None,
            latency_micros,
            by_status: BTreeMap::new(),
            without_answer: BTreeMap::new(),
        }
    }
}

impl Tally {
    fn figures(&self, began: Instant, length: Duration) -> KindFigures {
        let millis = |quantile| self.latency_micros.value_at_quantile(quantile) as f64 / 1_000.0;
        // What was issued within the length and accepted long after it counts over the longer time.
        let accepting =
            self.accepted_last.map_or(length, |last| (last - began).max(length.min(began.elapsed())));
        let statuses = self.by_status.iter().map(|(status, count)| (status.to_string(), *count));
        let failures = self.without_answer.iter().map(|(reason, count)| ((*reason).to_owned(), *count));
        KindFigures {
            issued: self.issued,
            accepted: self.accepted,
            refused: self.refused,
            unresolved: self.unresolved,
            sent_again: self.sent_again,
            repeated: self.repeated,
            accepted_per_second: self.accepted as f64 / accepting.as_secs_f64().max(0.001),
            p50_ms: millis(0.5),
            p99_ms: millis(0.99),
            max_ms: self.latency_micros.max() as f64 / 1_000.0,
            attempts: statuses.chain(failures).collect(),
        }
    }
}

fn word(error: &SendError) -> &'static str {
    match error {
        SendError::NotConnected(_) => "not connected",
        SendError::Broken(_) => "broken connection",
        SendError::TimedOut => "no answer in time",
    }
}
