//! Changes of quizzes, one at a time for each quiz, appended to `quiz.definition.v1`.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vendzz_runtime::kafka::{Delivered, Follower, OutgoingRecord, Producer, SendError};
use vendzz_runtime::tables::Epochs;
use vendzz_schemas::codec::Encoder;
use vendzz_schemas::events::QuizDefinition;
use vendzz_schemas::routing::partition_of;

use super::definitions::{Definitions, Version};
use super::judge::Verdict;
use super::lock::{QuizLock, QuizLocks};
use super::refusal::Refusal;

/// How long a broker that answers again may take to work through what had been sent to it before.
const SETTLE: Duration = Duration::from_secs(2);
const SETTLE_RETRY: Duration = Duration::from_millis(500);

/// A change that was made, or that stood in the log already.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Changed {
    pub(super) version: i64,
    pub(super) definition: QuizDefinition,
    pub(super) outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Created,
    Updated,
    Unchanged,
}

impl Outcome {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
        }
    }
}

/// The one way into `quiz.definition.v1`.
pub(super) struct Publisher {
    pub(super) definitions: Definitions,
    pub(super) follower: Follower,
    pub(super) locks: QuizLocks,
    pub(super) producer: Producer,
    pub(super) log: OnceLock<Log>,
    pub(super) epochs: Epochs,
    pub(super) read_timeout: Duration,
    /// Ends what goes on behind an answer.
    pub(super) stop: CancellationToken,
}

/// The topic as this process found it.
pub(super) struct Log {
    pub(super) topic: String,
    /// Another one means that the topic was made again, and that what is held here is of the old one.
    pub(super) incarnation: String,
    pub(super) partitions: i32,
    pub(super) encoder: Encoder<QuizDefinition>,
}

impl Publisher {
    /// Locks the quiz, reads the log to its end, lets `judge` decide over the current version, and
    /// appends what it decides.
    pub(super) async fn change(
        self: &Arc<Self>,
        quiz_id: &str,
        judge: impl FnOnce(Option<&Version>) -> Result<Verdict, Refusal>,
    ) -> Result<Changed, Refusal> {
        let log = self.log()?;
        let mut lock = self.locks.lock(quiz_id).await.inspect_err(|error| {
            tracing::warn!(quiz_id, %error, "a quiz could not be locked");
        })?;
        let outcome = self.change_locked(log, &mut lock, quiz_id, judge).await;
        if outcome == Err(Refusal::OutcomeUnknown) {
            tokio::spawn(self.clone().settle(lock, quiz_id.to_owned()));
        } else {
            lock.release().await;
        }
        outcome
    }

    async fn change_locked(
        &self,
        log: &Log,
        lock: &mut QuizLock,
        quiz_id: &str,
        judge: impl FnOnce(Option<&Version>) -> Result<Verdict, Refusal>,
    ) -> Result<Changed, Refusal> {
        self.read_to_end().await?;
        let current = self.current(quiz_id)?;
        let definition = match judge(current.as_deref())? {
            Verdict::Append(definition) => definition,
            Verdict::Unchanged => {
                let version = current.ok_or(Refusal::Internal)?;
                return Ok(changed(&version, Outcome::Unchanged));
            }
        };
        // Between the judgement and the append: after a freeze the lock may be another's.
        lock.confirm().await?;
        let base = current.as_ref().map(|version| version.number);
        let made = if base.is_some() { Outcome::Updated } else { Outcome::Created };
        match self.append(log, &definition).await {
            Ok(delivered) => {
                self.see(&delivered, quiz_id, base).await?;
                Ok(Changed { version: delivered.offset, definition, outcome: made })
            }
            Err(SendError::Unknown(reason)) => {
                tracing::warn!(quiz_id, reason, "a change was not acknowledged in time");
                lock.confirm().await.map_err(|_| Refusal::OutcomeUnknown)?;
                let found = self.find(&definition).await.ok_or(Refusal::OutcomeUnknown)?;
                check_base(&found, base)?;
                Ok(changed(&found, made))
            }
            Err(SendError::Refused(reason)) => {
                tracing::warn!(quiz_id, reason, "the broker refused a change");
                Err(Refusal::TooLargeForTheLog)
            }
            Err(SendError::QueueFull | SendError::NotSent(_)) => {
                Err(Refusal::Unavailable { part: "Kafka does not take the change" })
            }
        }
    }

    /// The current version as this process holds it, without asking Kafka.
    pub(super) fn current(&self, quiz_id: &str) -> Result<Option<Arc<Version>>, Refusal> {
        self.definitions.get(quiz_id).map_err(|error| Refusal::Unreadable { version: error.number })
    }

    /// The topic, unless it is not ready or was made again behind this process.
    fn log(&self) -> Result<&Log, Refusal> {
        let log = self.log.get().ok_or(Refusal::Unavailable { part: "the service is not ready yet" })?;
        let is_ours = self.epochs.get(&log.topic).is_some_and(|epochs| epochs.incarnation == log.incarnation);
        if !is_ours {
            return Err(Refusal::Unavailable {
                part: "the topic was made again and the service must be restarted",
            });
        }
        Ok(log)
    }

    async fn read_to_end(&self) -> Result<(), Refusal> {
        self.follower.read_to_end(self.read_timeout).await.map_err(|error| {
            tracing::warn!(%error, "a change could not be judged");
            Refusal::Unavailable { part: "Kafka does not answer" }
        })
    }

    async fn append(&self, log: &Log, definition: &QuizDefinition) -> Result<Delivered, SendError> {
        let payload =
            log.encoder.encode(definition).map_err(|error| SendError::Refused(error.to_string()))?;
        let key = definition.quiz_id.as_bytes();
        let partition = partition_of(key, log.partitions);
        let record =
            OutgoingRecord { topic: &log.topic, partition, key, payload: Some(&payload), headers: &[] };
        self.producer.send(&record).await
    }

    /// Waits until this process holds its own record, so that the next GET shows it, and looks whether
    /// it really stands on the version that was judged: the lock cannot hold back a record that
    /// somebody else had sent, and lost sight of, before.
    async fn see(&self, delivered: &Delivered, quiz_id: &str, base: Option<i64>) -> Result<(), Refusal> {
        let applied = self.follower.applied(delivered.partition, delivered.offset);
        if tokio::time::timeout(self.read_timeout, applied).await.is_err() {
            // It is durable, and that is what was asked for.
            tracing::warn!(
                quiz_id,
                version = delivered.offset,
                "a published version was not read back in time"
            );
            return Ok(());
        }
        match self.current(quiz_id)? {
            Some(version) if version.number == delivered.offset => check_base(&version, base),
            _ => Err(overtaken(quiz_id, delivered.offset)),
        }
    }

    /// Keeps the lock until a record of unknown outcome has either landed or is lost. A broker that was
    /// frozen finds it in its socket when it wakes, and would append it over what others published
    /// meanwhile.
    async fn settle(self: Arc<Self>, mut lock: QuizLock, quiz_id: String) {
        let settling = async {
            while self.read_to_end().await.is_err() {
                lock.confirm().await?;
                tokio::time::sleep(SETTLE_RETRY).await;
            }
            tokio::time::sleep(SETTLE).await;
            lock.confirm().await
        };
        let settled = tokio::select! {
            settled = settling => settled,
            () = self.stop.cancelled() => Ok(()),
        };
        match settled {
            Ok(()) => lock.release().await,
            Err(error) => tracing::warn!(quiz_id, %error, "a change of unknown outcome is no longer guarded"),
        }
    }

    /// The record whose acknowledgement is missing, if it is in the log.
    async fn find(&self, definition: &QuizDefinition) -> Option<Arc<Version>> {
        self.follower.read_to_end(self.read_timeout).await.ok()?;
        let newest = self.definitions.get(&definition.quiz_id).ok()??;
        (newest.definition == *definition).then_some(newest)
    }
}

fn check_base(appended: &Version, base: Option<i64>) -> Result<(), Refusal> {
    if appended.replaced == base {
        Ok(())
    } else {
        Err(overtaken(&appended.definition.quiz_id, appended.number))
    }
}

fn overtaken(quiz_id: &str, appended: i64) -> Refusal {
    tracing::error!(quiz_id, version = appended, "another version came between a check and its publication");
    Refusal::Overtaken { appended }
}

fn changed(version: &Version, outcome: Outcome) -> Changed {
    Changed { version: version.number, definition: version.definition.clone(), outcome }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{definition, version};
    use super::*;

    #[test]
    fn a_version_that_stands_on_another_than_was_judged_is_no_success() {
        let appended = |replaced| Version { replaced, ..version(9, definition("q", "acc", "published")) };
        assert_eq!(check_base(&appended(Some(5)), Some(5)), Ok(()));
        assert_eq!(check_base(&appended(None), None), Ok(()));
        let overtaken = Err(Refusal::Overtaken { appended: 9 });
        assert_eq!(check_base(&appended(Some(7)), Some(5)), overtaken);
        assert_eq!(check_base(&appended(Some(7)), None), overtaken);
    }
}
