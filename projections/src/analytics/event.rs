use uuid::Uuid;
use vendzz_schemas::contract::{Violation, check_progress, check_submission, check_view};
use vendzz_schemas::event_time::event_time;
use vendzz_schemas::events::{ElementSeen, QuizProgressed, QuizSubmitted, QuizViewed, Utm};

const VERDICT_BOT: &str = "bot";

/// One record of the log as the fold takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "nearly every record is an event: a box each would cost more")]
pub enum LogRecord {
    Event(Event),
    /// Dead-lettered: it counts nowhere and hides no later copy. Only its append time, in
    /// milliseconds since 1970 (UTC), is part of the log's clock.
    SetAside {
        append_ms: i64,
    },
}

/// What the fold needs of a view, a beacon or a submission; times in milliseconds since 1970 (UTC).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub offset: i64,
    pub append_ms: i64,
    /// When it counts: see [`vendzz_schemas::event_time`].
    pub at_ms: i64,
    /// The event's own time was implausible, and `at_ms` is the append time.
    pub time_replaced: bool,
    pub quiz_id: String,
    pub kind: EventKind,
    pub device: String,
    pub country: String,
    pub utm: Utm,
    /// The way through the quiz, as far as the event tells it; none of a view.
    pub elements: Vec<ElementSeen>,
    /// How many of `elements`, from the first on, stood in beacons before.
    pub reported: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    View { bot: bool },
    Progress { bot: bool, response_id: Uuid, sequence: i32 },
    Submission { bot: bool, response_id: Uuid },
}

impl EventKind {
    pub fn is_bot(self) -> bool {
        let (Self::View { bot } | Self::Progress { bot, .. } | Self::Submission { bot, .. }) = self;
        bot
    }
}

impl Event {
    /// A view at `offset`, appended at `append_ms` (milliseconds since 1970, UTC).
    pub fn of_view(offset: i64, append_ms: i64, view: QuizViewed) -> Result<Self, Violation> {
        check_view(&view)?;
        let time = event_time(view.received_at, append_ms);
        Ok(Self {
            offset,
            append_ms,
            at_ms: time.millis,
            time_replaced: time.replaced,
            quiz_id: view.quiz_id,
            kind: EventKind::View { bot: view.bot_verdict == VERDICT_BOT },
            device: view.device,
            country: view.country,
            utm: view.utm,
            elements: Vec::new(),
            reported: 0,
        })
    }

    /// A beacon at `offset`, appended at `append_ms` (milliseconds since 1970, UTC).
    pub fn of_progress(offset: i64, append_ms: i64, progress: QuizProgressed) -> Result<Self, Violation> {
        let response_id = check_progress(&progress)?.response.uuid();
        let time = event_time(progress.received_at, append_ms);
        Ok(Self {
            offset,
            append_ms,
            at_ms: time.millis,
            time_replaced: time.replaced,
            kind: EventKind::Progress { bot: progress.is_bot(), response_id, sequence: progress.sequence },
            quiz_id: progress.quiz_id,
            device: progress.device,
            country: progress.country,
            utm: progress.utm,
            elements: progress.elements,
            reported: reported(progress.reported),
        })
    }

    /// A submission at `offset`, appended at `append_ms` (milliseconds since 1970, UTC).
    pub fn of_submission(offset: i64, append_ms: i64, submission: QuizSubmitted) -> Result<Self, Violation> {
        let response_id = check_submission(&submission)?.response.uuid();
        let time = event_time(submission.received_at, append_ms);
        Ok(Self {
            offset,
            append_ms,
            at_ms: time.millis,
            time_replaced: time.replaced,
            kind: EventKind::Submission { bot: submission.is_bot(), response_id },
            quiz_id: submission.quiz_id,
            device: submission.device,
            country: submission.country,
            utm: submission.utm,
            elements: submission.elements,
            reported: reported(submission.reported),
        })
    }

    /// Writes the idempotency key into `key`: (quiz_id, response_id) of a submission, and of a
    /// beacon its sequence too; `false` for a view, which has none. What follows the quiz's id is of
    /// fixed length within a topic, so two different ones never share a key.
    pub(super) fn idempotency_key(&self, key: &mut Vec<u8>) -> bool {
        let (response_id, sequence) = match self.kind {
            EventKind::View { .. } => return false,
            EventKind::Progress { response_id, sequence, .. } => (response_id, Some(sequence)),
            EventKind::Submission { response_id, .. } => (response_id, None),
        };
        key.clear();
        key.extend_from_slice(self.quiz_id.as_bytes());
        key.extend_from_slice(response_id.as_bytes());
        if let Some(sequence) = sequence {
            key.extend_from_slice(&sequence.to_be_bytes());
        }
        true
    }
}

/// The contract lets none below 0 through.
fn reported(reported: i32) -> usize {
    usize::try_from(reported).unwrap_or_default()
}
