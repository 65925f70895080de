use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;
use vendzz_runtime::tables::Epochs;
use vendzz_schemas::ids::TimedId;
use vendzz_schemas::routing::route;
use vendzz_schemas::topics::{QUIZ_PROGRESS, QUIZ_SUBMISSION};

use super::AbandonmentConfig;
use super::content::Candidate;
use super::ends::Ends;
use super::events::Swept;
use super::fences::{Fence, Fences, Place, Stream};
use super::store::{Decided, Position, ResumePoint, Store};

/// Looks again and again for who has left.
pub(super) struct Sweeper {
    store: Store,
    ends: Ends,
    epochs: Epochs,
    /// Real names of the two topics.
    submissions: String,
    progress: String,
    abandon_after: Duration,
    batch: u32,
    batches_per_sweep: u32,
    fences: Fences,
    /// Behind whom the next sweep goes on, when the last one did not get to the end.
    position: Position,
}

/// One who is due.
struct Due {
    candidate: Candidate,
    due_at: i64,
    /// Where something may still stand that speaks against it.
    places: [Place; 2],
}

impl Sweeper {
    pub(super) fn new(config: &AbandonmentConfig, store: Store, epochs: Epochs) -> Self {
        Self {
            store,
            ends: Ends::new(&config.kafka, config.ask_timeout),
            epochs,
            submissions: config.kafka.name(QUIZ_SUBMISSION),
            progress: config.kafka.name(QUIZ_PROGRESS),
            abandon_after: config.abandon_after,
            batch: config.batch,
            batches_per_sweep: config.batches_per_sweep,
            fences: Fences::default(),
            position: Position::start(),
        }
    }

    /// Takes in what is new, and decides about who is due and can be judged. What fails is done by the next sweep.
    pub(super) async fn sweep(&mut self, drain: &CancellationToken) -> anyhow::Result<Swept> {
        let mut swept = Swept { taken_in: self.take_in(drain).await?, ..Swept::default() };
        // One moment for the whole sweep, so that one question for a partition's end is enough for all.
        let now = now_ms();
        let seen_until =
            now.saturating_sub(i64::try_from(self.abandon_after.as_millis()).unwrap_or(i64::MAX));
        let seen_until =
            DateTime::from_timestamp_millis(seen_until).context("VENDZZ_ABANDON_AFTER is too long")?;
        for _ in 0..self.batches_per_sweep {
            let candidates = self.store.candidates(seen_until, &self.position, self.batch).await?;
            let is_last = candidates.len() < self.batch as usize;
            self.position = match candidates.last() {
                Some(last) if !is_last => Position::of(last),
                _ => Position::start(),
            };
            self.judge(candidates, now, &mut swept).await?;
            if is_last || drain.is_cancelled() {
                break;
            }
        }
        Ok(swept)
    }

    async fn take_in(&self, drain: &CancellationToken) -> anyhow::Result<u64> {
        let mut taken_in = 0;
        for source in self.store.sources_with_news(&self.progress).await? {
            for _ in 0..self.batches_per_sweep {
                let (found, may_be_more) = self.store.take_in(&source, self.batch).await?;
                taken_in += found;
                if !may_be_more || drain.is_cancelled() {
                    break;
                }
            }
        }
        Ok(taken_in)
    }

    async fn judge(&mut self, candidates: Vec<Candidate>, now: i64, swept: &mut Swept) -> anyhow::Result<()> {
        let mut due = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            let due_at = candidate.due_at(self.abandon_after);
            // Seen again since it was taken in, which the next intake tells.
            if due_at > now {
                continue;
            }
            let places = self.places(&candidate)?;
            due.push(Due { candidate, due_at, places });
        }
        self.raise_fences(&due).await?;
        let mut judged = Vec::with_capacity(due.len());
        for Due { candidate, due_at, places } in due {
            if self.can_be_judged(places, due_at) {
                let event = candidate.event(self.abandon_after);
                judged.push((candidate, event));
                continue;
            }
            swept.behind_projector += 1;
            let due_for = Duration::from_millis(now.saturating_sub(due_at).max(0).cast_unsigned());
            swept.oldest_due = swept.oldest_due.max(due_for);
        }
        if !judged.is_empty() {
            let Decided { abandoned, finished } = self.store.decide(&judged).await?;
            swept.abandoned += abandoned;
            swept.finished += finished;
        }
        Ok(())
    }

    /// The partitions in which a submission and later beacons of a response stand.
    fn places(&self, candidate: &Candidate) -> anyhow::Result<[Place; 2]> {
        let response = TimedId::parse(&candidate.response_id.to_string())
            .context("a partial response whose id is no UUIDv7")?;
        let partition = |topic: &str| {
            let epochs = self.epochs.get(topic).with_context(|| format!("{topic} has no epochs"))?;
            route(&candidate.quiz_id, &response, &epochs).with_context(|| format!("{topic} has no epoch"))
        };
        Ok([
            (Stream::Submission, partition(&self.submissions)?),
            (Stream::Progress, partition(&self.progress)?),
        ])
    }

    /// Asks for the ends that are needed, and looks how far the projector is.
    async fn raise_fences(&mut self, due: &[Due]) -> anyhow::Result<()> {
        if due.is_empty() {
            return Ok(());
        }
        let mut latest: BTreeMap<Place, i64> = BTreeMap::new();
        for Due { due_at, places, .. } in due {
            for place in places {
                let moment = latest.entry(*place).or_insert(*due_at);
                *moment = (*moment).max(*due_at);
            }
        }
        let mut incarnations = BTreeMap::new();
        for stream in [Stream::Submission, Stream::Progress] {
            let epochs = self.epochs.get(self.topic(stream)).context("a topic lost its epochs")?;
            self.fences.forget_other_incarnations(stream, &epochs.incarnation);
            incarnations.insert(stream, epochs.incarnation.clone());
        }
        let to_ask = self.fences.to_ask(&latest);
        if !to_ask.is_empty() {
            // Before the question, so that everything that stood there at this moment is before the end.
            let asked_at = now_ms();
            for (place, (low, end)) in self.ends.of(to_ask).await? {
                let incarnation = incarnations[&place.0].clone();
                self.fences.put(place, Fence { asked_at, incarnation, low, end });
            }
        }
        let points = self.store.resume_points(&[self.submissions.clone(), self.progress.clone()]).await?;
        let (submissions, progress) = (&self.submissions, &self.progress);
        let topic_of = |stream| match stream {
            Stream::Submission => submissions,
            Stream::Progress => progress,
        };
        let resume_offset = |stream, incarnation: &str, partition| {
            let topic = topic_of(stream);
            let is_it = |point: &&ResumePoint| {
                point.topic == *topic && point.incarnation == incarnation && point.partition == partition
            };
            points.iter().find(is_it).map(|point| point.resume_offset)
        };
        self.fences.look(resume_offset);
        Ok(())
    }

    fn topic(&self, stream: Stream) -> &str {
        match stream {
            Stream::Submission => &self.submissions,
            Stream::Progress => &self.progress,
        }
    }

    /// Whether everything that stood in these partitions at the due moment is folded.
    fn can_be_judged(&self, places: [Place; 2], due_at: i64) -> bool {
        #[cfg(feature = "planted-faults")]
        if super::planted::Fault::DecideWithoutWaiting.is_planted() {
            return true;
        }
        places.into_iter().all(|place| self.fences.allow(place, due_at))
    }
}

fn now_ms() -> i64 {
    Utc::now().timestamp_millis()
}
