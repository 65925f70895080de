use futures::FutureExt;
use vendzz_runtime::decode::{DecodeFailure, EventReader};
use vendzz_runtime::kernel::Record;
use vendzz_runtime::tables::SchemaIds;
use vendzz_schemas::events::{QuizProgressed, QuizSubmitted, QuizViewed};
use vendzz_schemas::registry::RegistryClient;
use vendzz_schemas::topics;

use super::Event;

/// What decoding needs besides the record.
#[derive(Clone)]
pub struct Decoding {
    pub schema_ids: SchemaIds,
    pub registry: RegistryClient,
}

/// Reads the events of one topic.
pub(super) enum SourceReader {
    Views(EventReader<QuizViewed>),
    Progress(EventReader<QuizProgressed>),
    Submissions(EventReader<QuizSubmitted>),
}

impl SourceReader {
    /// `None`: this projection does not count what stands in that topic (catalogue name).
    pub(super) fn of_topic(topic: &str, decoding: &Decoding) -> Option<Self> {
        let Decoding { schema_ids, registry } = decoding.clone();
        match topic {
            topics::QUIZ_VIEW => Some(Self::Views(EventReader::new(schema_ids, registry))),
            topics::QUIZ_PROGRESS => Some(Self::Progress(EventReader::new(schema_ids, registry))),
            topics::QUIZ_SUBMISSION => Some(Self::Submissions(EventReader::new(schema_ids, registry))),
            _ => None,
        }
    }

    /// Whether resends are recognised in this topic.
    pub(super) fn has_duplicates(&self) -> bool {
        !matches!(self, Self::Views(_))
    }

    /// Decodes a record and checks what the fold relies on.
    pub(super) async fn read(&mut self, record: &Record) -> Result<Event, DecodeFailure> {
        let Some(value) = &record.value else {
            return Err(DecodeFailure::Never {
                reason: "tombstone",
                detail: "a record without a value".to_owned(),
            });
        };
        let event = match self {
            Self::Views(reader) => Event::of_view(record.offset, record.append_ms, reader.read(value).await?),
            Self::Progress(reader) => {
                Event::of_progress(record.offset, record.append_ms, reader.read(value).await?)
            }
            Self::Submissions(reader) => {
                Event::of_submission(record.offset, record.append_ms, reader.read(value).await?)
            }
        };
        event.map_err(|violation| DecodeFailure::Never {
            reason: violation.reason,
            detail: violation.detail.to_owned(),
        })
    }

    /// As [`SourceReader::read`], but only if nobody needs to be asked; `None`: the registry must be.
    pub(super) fn read_at_once(&mut self, record: &Record) -> Option<Result<Event, DecodeFailure>> {
        self.read(record).now_or_never()
    }
}
