use futures::FutureExt;
use vendzz_runtime::decode::{DecodeFailure, EventReader};
use vendzz_runtime::kernel::Record;
use vendzz_runtime::tables::SchemaIds;
use vendzz_schemas::events::{QuizSubmitted, QuizViewed};
use vendzz_schemas::ids::{TimedId, check_name};
use vendzz_schemas::registry::RegistryClient;
use vendzz_schemas::topics;

use super::{Event, EventKind};
use crate::event_time::event_time;

const VERDICT_BOT: &str = "bot";

/// What decoding needs besides the record.
#[derive(Clone)]
pub struct Decoding {
    pub schema_ids: SchemaIds,
    pub registry: RegistryClient,
}

/// Reads the events of one topic.
pub(super) enum SourceReader {
    Views(EventReader<QuizViewed>),
    Submissions(EventReader<QuizSubmitted>),
}

impl SourceReader {
    /// `None`: this projection does not count what stands in that topic (catalogue name).
    pub(super) fn of_topic(topic: &str, decoding: &Decoding) -> Option<Self> {
        let Decoding { schema_ids, registry } = decoding.clone();
        match topic {
            topics::QUIZ_VIEW => Some(Self::Views(EventReader::new(schema_ids, registry))),
            topics::QUIZ_SUBMISSION => Some(Self::Submissions(EventReader::new(schema_ids, registry))),
            _ => None,
        }
    }

    /// Whether resends are recognised in this topic.
    pub(super) fn has_duplicates(&self) -> bool {
        matches!(self, Self::Submissions(_))
    }

    /// Decodes a record and checks what the fold relies on.
    pub(super) async fn read(&mut self, record: &Record) -> Result<Event, DecodeFailure> {
        let Some(value) = &record.value else {
            return Err(violation("tombstone", "a record without a value"));
        };
        let event = match self {
            Self::Views(reader) => of_view(record, reader.read(value).await?),
            Self::Submissions(reader) => of_submission(record, reader.read(value).await?)?,
        };
        check_name(&event.quiz_id).map_err(|error| violation("bad_quiz_id", &format!("quiz_id {error}")))?;
        Ok(event)
    }

    /// As [`SourceReader::read`], but only if nobody needs to be asked; `None`: the registry must be.
    pub(super) fn read_at_once(&mut self, record: &Record) -> Option<Result<Event, DecodeFailure>> {
        self.read(record).now_or_never()
    }
}

fn of_view(record: &Record, view: QuizViewed) -> Event {
    let time = event_time(view.received_at, record.append_ms);
    Event {
        offset: record.offset,
        append_ms: record.append_ms,
        at_ms: time.millis,
        time_replaced: time.replaced,
        quiz_id: view.quiz_id,
        kind: EventKind::View { bot: view.bot_verdict == VERDICT_BOT },
        device: view.device,
        country: view.country,
        utm: view.utm,
    }
}

fn of_submission(record: &Record, submission: QuizSubmitted) -> Result<Event, DecodeFailure> {
    let response_id = TimedId::parse(&submission.response_id)
        .map_err(|error| violation("bad_response_id", &format!("response_id {error}")))?;
    let time = event_time(submission.received_at, record.append_ms);
    Ok(Event {
        offset: record.offset,
        append_ms: record.append_ms,
        at_ms: time.millis,
        time_replaced: time.replaced,
        kind: EventKind::Submission { bot: submission.is_bot(), response_id: response_id.uuid() },
        quiz_id: submission.quiz_id,
        device: submission.device,
        country: submission.country,
        utm: submission.utm,
    })
}

fn violation(reason: &'static str, detail: &str) -> DecodeFailure {
    DecodeFailure::Never { reason, detail: detail.to_owned() }
}
