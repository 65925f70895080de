//! Changes of quizzes and campaigns, one at a time for each, appended to their topic.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::future::try_join_all;
use tokio_util::sync::CancellationToken;
use vendzz_runtime::kafka::{Delivered, Follower, OutgoingRecord, Producer, SendError};
use vendzz_runtime::tables::Epochs;
use vendzz_schemas::codec::Encoder;
use vendzz_schemas::routing::partition_of;

use super::definitions::{Definitions, Standing, UnreadableVersion, Version};
use super::kind::{Kind, VersionTag};
use super::lock::{Lock, Locks};
use super::refusal::Refusal;

/// How long a broker that answers again may take to work through what had been sent to it before.
const SETTLE: Duration = Duration::from_secs(2);
const SETTLE_RETRY: Duration = Duration::from_millis(500);

/// What is to be done.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict<K: Kind> {
    /// The log holds it already: the same request was sent before.
    Unchanged,
    Append(K::Event),
}

/// A change that was made, or that stood in the log already.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Changed<K: Kind> {
    pub(super) offset: i64,
    pub(super) tag: VersionTag,
    pub(super) event: K::Event,
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

/// The one way into the topic of a kind.
pub(super) struct Publisher<K: Kind> {
    pub(super) definitions: Definitions<K>,
    pub(super) follower: Follower,
    /// What else a change is judged by.
    pub(super) judged_by: Vec<Follower>,
    pub(super) locks: Locks,
    pub(super) producer: Producer,
    pub(super) log: OnceLock<Log<K>>,
    pub(super) epochs: Epochs,
    pub(super) read_timeout: Duration,
    /// Ends what goes on behind an answer.
    pub(super) stop: CancellationToken,
}

/// The topic as this process found it.
pub(super) struct Log<K: Kind> {
    pub(super) topic: String,
    /// Another one means that the topic was made again, and that what is held here is of the old one.
    pub(super) incarnation: String,
    pub(super) partitions: i32,
    pub(super) encoder: Encoder<K::Event>,
}

impl<K: Kind> Publisher<K> {
    /// Locks the id, reads to the end whatever the change is judged by, lets `judge` decide over what
    /// stands, and appends what it decides.
    pub(super) async fn change(
        self: &Arc<Self>,
        id: &str,
        judge: impl FnOnce(Option<&Standing<K>>) -> Result<Verdict<K>, Refusal>,
    ) -> Result<Changed<K>, Refusal> {
        let log = self.log()?;
        let mut lock = self.locks.lock(&log.topic, id).await.inspect_err(|error| {
            tracing::warn!(thing = K::THING.word(), id, %error, "a lock was not given");
        })?;
        let outcome = self.change_locked(log, &mut lock, id, judge).await;
        if outcome == Err(Refusal::OutcomeUnknown) {
            tokio::spawn(self.clone().settle(lock, id.to_owned()));
        } else {
            lock.release().await;
        }
        outcome
    }

    async fn change_locked(
        &self,
        log: &Log<K>,
        lock: &mut Lock,
        id: &str,
        judge: impl FnOnce(Option<&Standing<K>>) -> Result<Verdict<K>, Refusal>,
    ) -> Result<Changed<K>, Refusal> {
        self.read_to_end().await?;
        let standing = self.definitions.standing(id)?;
        let current = standing.as_ref().map(|standing| standing.newest.clone());
        let event = match judge(standing.as_ref())? {
            Verdict::Append(event) => event,
            Verdict::Unchanged => {
                let version = current.ok_or(Refusal::Internal)?;
                return Ok(changed(&version, Outcome::Unchanged));
            }
        };
        // Between the judgement and the append: after a freeze the lock may be another's.
        lock.confirm().await?;
        let base = current.map(|version| version.offset);
        let made = if base.is_some() { Outcome::Updated } else { Outcome::Created };
        match self.append(log, &event).await {
            Ok(delivered) => {
                let tag = K::tag(&event, delivered.offset);
                self.see(&delivered, id, &tag, base).await?;
                Ok(Changed { offset: delivered.offset, tag, event, outcome: made })
            }
            Err(SendError::Unknown(reason)) => {
                tracing::warn!(thing = K::THING.word(), id, reason, "a change was not acknowledged in time");
                lock.confirm().await.map_err(|_| Refusal::OutcomeUnknown)?;
                let found = self.find(&event).await.ok_or(Refusal::OutcomeUnknown)?;
                check_base(&found, base)?;
                Ok(changed(&found, made))
            }
            Err(SendError::Refused(reason)) => {
                tracing::warn!(thing = K::THING.word(), id, reason, "the broker refused a change");
                Err(Refusal::TooLargeForTheLog)
            }
            Err(SendError::QueueFull | SendError::NotSent(_)) => {
                Err(Refusal::Unavailable { part: "Kafka does not take the change" })
            }
        }
    }

    /// The current version as this process holds it, without asking Kafka.
    pub(super) fn current(&self, id: &str) -> Result<Option<Arc<Version<K>>>, Refusal> {
        Ok(self.definitions.get(id)?)
    }

    /// The topic, unless it is not ready or was made again behind this process.
    fn log(&self) -> Result<&Log<K>, Refusal> {
        let log = self.log.get().ok_or(Refusal::Unavailable { part: "the service is not ready yet" })?;
        let is_ours = self.epochs.get(&log.topic).is_some_and(|epochs| epochs.incarnation == log.incarnation);
        if !is_ours {
            return Err(Refusal::Unavailable {
                part: "the topic was made again and the service must be restarted",
            });
        }
        Ok(log)
    }

    /// Whether what this process holds is of the topic that stands there now.
    pub(super) fn check_topic(&self) -> Result<(), Refusal> {
        self.log().map(drop)
    }

    /// All topics at the same time, so that a change takes no longer by having more of them.
    async fn read_to_end(&self) -> Result<(), Refusal> {
        let followers = self.judged_by.iter().chain([&self.follower]);
        let read = try_join_all(followers.map(|follower| follower.read_to_end(self.read_timeout))).await;
        read.map(drop).map_err(|error| {
            tracing::warn!(%error, "a change could not be judged");
            Refusal::Unavailable { part: "Kafka does not answer" }
        })
    }

    async fn append(&self, log: &Log<K>, event: &K::Event) -> Result<Delivered, SendError> {
        let payload = log.encoder.encode(event).map_err(|error| SendError::Refused(error.to_string()))?;
        let key = K::key(event);
        let partition = partition_of(K::id(event).as_bytes(), log.partitions);
        let record = OutgoingRecord {
            topic: &log.topic,
            partition,
            key: key.as_bytes(),
            payload: Some(&payload),
            headers: &[],
        };
        self.producer.send(&record).await
    }

    /// Waits until this process holds its own record, so that the next GET shows it, and looks whether
    /// it really stands on the version that was judged: the lock cannot hold back a record that
    /// somebody else had sent, and lost sight of, before.
    async fn see(
        &self,
        delivered: &Delivered,
        id: &str,
        tag: &VersionTag,
        base: Option<i64>,
    ) -> Result<(), Refusal> {
        let applied = self.follower.applied(delivered.partition, delivered.offset);
        if tokio::time::timeout(self.read_timeout, applied).await.is_err() {
            // It is durable, and that is what was asked for.
            let version = tag.as_str();
            tracing::warn!(thing = K::THING.word(), id, version, "a version was not read back in time");
            return Ok(());
        }
        match self.current(id)? {
            Some(version) if version.offset == delivered.offset => check_base(&version, base),
            _ => Err(overtaken::<K>(id, tag)),
        }
    }

    /// Keeps the lock until a record of unknown outcome has either landed or is lost. A broker that was
    /// frozen finds it in its socket when it wakes, and would append it over what others published
    /// meanwhile.
    async fn settle(self: Arc<Self>, mut lock: Lock, id: String) {
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
            Err(error) => {
                let thing = K::THING.word();
                tracing::warn!(thing, id, %error, "a change of unknown outcome is no longer guarded");
            }
        }
    }

    /// The record whose acknowledgement is missing, if it is in the log.
    async fn find(&self, event: &K::Event) -> Option<Arc<Version<K>>> {
        self.follower.read_to_end(self.read_timeout).await.ok()?;
        let newest = self.definitions.get(K::id(event)).ok()??;
        (newest.event == *event).then_some(newest)
    }
}

fn check_base<K: Kind>(appended: &Version<K>, base: Option<i64>) -> Result<(), Refusal> {
    if appended.replaced == base {
        Ok(())
    } else {
        Err(overtaken::<K>(K::id(&appended.event), &appended.tag))
    }
}

fn overtaken<K: Kind>(id: &str, appended: &VersionTag) -> Refusal {
    let (thing, version) = (K::THING.word(), appended.as_str());
    tracing::error!(thing, id, version, "another version came between a check and its publication");
    Refusal::Overtaken { appended: appended.clone() }
}

fn changed<K: Kind>(version: &Version<K>, outcome: Outcome) -> Changed<K> {
    Changed { offset: version.offset, tag: version.tag.clone(), event: version.event.clone(), outcome }
}

impl From<UnreadableVersion> for Refusal {
    fn from(unreadable: UnreadableVersion) -> Self {
        Self::Unreadable { version: unreadable.tag }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{quiz, quiz_version};
    use super::*;

    #[test]
    fn a_version_that_stands_on_another_than_was_judged_is_no_success() {
        let appended = |replaced| Version { replaced, ..quiz_version(9, quiz("q", "acc", "published")) };
        assert_eq!(check_base(&appended(Some(5)), Some(5)), Ok(()));
        assert_eq!(check_base(&appended(None), None), Ok(()));
        let overtaken = Err(Refusal::Overtaken { appended: VersionTag::new(9) });
        assert_eq!(check_base(&appended(Some(7)), Some(5)), overtaken);
        assert_eq!(check_base(&appended(Some(7)), None), overtaken);
    }
}
