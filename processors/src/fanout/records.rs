//! From records to events.

use futures::FutureExt;
use vendzz_runtime::decode::{DecodeFailure, EventReader};
use vendzz_runtime::kernel::Record;
use vendzz_runtime::tables::SchemaIds;
use vendzz_schemas::contract::{Violation, check_abandoned, check_submission};
use vendzz_schemas::events::{QuizAbandoned, QuizSubmitted};
use vendzz_schemas::ids::TimedId;
use vendzz_schemas::registry::RegistryClient;
use vendzz_schemas::topics;

use super::Event;

/// An event that keeps the contract.
pub(super) enum OwnedEvent {
    Completed(QuizSubmitted, TimedId),
    Abandoned(QuizAbandoned, TimedId),
}

impl OwnedEvent {
    pub(super) fn view(&self, append_ms: i64) -> Event<'_> {
        match self {
            Self::Completed(submission, response) => Event::completed(submission, *response, append_ms),
            Self::Abandoned(abandoned, response) => Event::abandoned(abandoned, *response, append_ms),
        }
    }
}

/// Reads the events of one topic.
pub(super) enum RecordReader {
    Submissions(EventReader<QuizSubmitted>),
    Abandonments {
        reader: EventReader<QuizAbandoned>,
        /// How far ahead of its append a response may have been given up, in milliseconds.
        clock_difference_ms: i64,
    },
}

impl RecordReader {
    /// `None`: fan-out does not read that topic (catalogue name).
    pub(super) fn of_topic(
        topic: &str,
        schema_ids: SchemaIds,
        registry: RegistryClient,
        clock_difference_ms: i64,
    ) -> Option<Self> {
        match topic {
            topics::QUIZ_SUBMISSION => Some(Self::Submissions(EventReader::new(schema_ids, registry))),
            topics::QUIZ_ABANDONED => {
                let reader = EventReader::new(schema_ids, registry);
                Some(Self::Abandonments { reader, clock_difference_ms })
            }
            _ => None,
        }
    }

    /// Decodes a record and checks the contract.
    pub(super) async fn read(&mut self, record: &Record) -> Result<OwnedEvent, DecodeFailure> {
        let Some(framed) = &record.value else {
            return Err(DecodeFailure::Never {
                reason: "tombstone",
                detail: "a record without a value".to_owned(),
            });
        };
        match self {
            Self::Submissions(reader) => {
                let submission = reader.read(framed).await?;
                let ids = check_submission(&submission).map_err(never)?;
                Ok(OwnedEvent::Completed(submission, ids.response))
            }
            Self::Abandonments { reader, clock_difference_ms } => {
                let abandoned = reader.read(framed).await?;
                let ids = check_abandoned(&abandoned).map_err(never)?;
                // Which campaigns are in force at a moment to come is not known to everybody yet.
                if abandoned.abandoned_at > record.append_ms.saturating_add(*clock_difference_ms) {
                    return Err(never(GIVEN_UP_LATER));
                }
                Ok(OwnedEvent::Abandoned(abandoned, ids.response))
            }
        }
    }

    /// As [`RecordReader::read`], but only if nobody needs to be asked; `None`: the registry must be.
    pub(super) fn read_at_once(&mut self, record: &Record) -> Option<Result<OwnedEvent, DecodeFailure>> {
        self.read(record).now_or_never()
    }
}

const GIVEN_UP_LATER: Violation =
    Violation { reason: "bad_time", detail: "the response was given up after the record was appended" };

fn never(violation: Violation) -> DecodeFailure {
    DecodeFailure::Never { reason: violation.reason, detail: violation.detail.to_owned() }
}
