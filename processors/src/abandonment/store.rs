use chrono::{DateTime, Utc};
use sqlx::postgres::PgPool;
use sqlx::types::Json;
use uuid::Uuid;
use vendzz_runtime::crash_point::crash_point;
use vendzz_runtime::postgres::{PostgresConfig, PrepareError, Session, prepare_schema};
use vendzz_schemas::events::QuizAbandoned;

use super::SCHEMA;
use super::content::Candidate;

/// The processor's name in `pg_stat_activity`.
const APPLICATION: &str = "vendzz-abandonment";

/// The processor's side of PostgreSQL: its own tables, and those of the state projection to read.
#[derive(Clone)]
pub(super) struct Store {
    pool: PgPool,
    config: PostgresConfig,
}

/// A source of `quiz.progress.v1`, and up to which offset it is folded.
pub(super) struct Folded {
    pub(super) incarnation: String,
    pub(super) partition: i32,
    pub(super) resume_offset: i64,
}

/// How far a source of some topic is folded.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct ResumePoint {
    pub(super) topic: String,
    pub(super) incarnation: String,
    pub(super) partition: i32,
    pub(super) resume_offset: i64,
}

/// Behind whom the next candidates stand.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Position {
    waiting_since: DateTime<Utc>,
    response_id: Uuid,
    quiz_id: String,
}

impl Position {
    /// Before everybody.
    pub(super) fn start() -> Self {
        Self { waiting_since: DateTime::<Utc>::UNIX_EPOCH, response_id: Uuid::nil(), quiz_id: String::new() }
    }

    pub(super) fn of(candidate: &Candidate) -> Self {
        Self {
            waiting_since: candidate.waiting_since,
            response_id: candidate.response_id,
            quiz_id: candidate.quiz_id.clone(),
        }
    }
}

/// How many were decided, by outcome.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decided {
    pub(super) abandoned: u64,
    pub(super) finished: u64,
}

/// An announcement that is locked for as long as the [`Undelivered`] lives.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Announcement {
    pub(super) response_id: Uuid,
    pub(super) quiz_id: String,
    pub(super) event: Json<QuizAbandoned>,
}

/// A transaction that holds announcements.
pub(super) struct Undelivered {
    session: Session,
    pub(super) announcements: Vec<Announcement>,
}

impl Store {
    /// Connects lazily.
    pub(super) fn new(config: &PostgresConfig) -> Self {
        Self { pool: config.pool(APPLICATION), config: config.clone() }
    }

    /// Makes the processor's own tables.
    pub(super) async fn prepare(&self) -> Result<(), PrepareError> {
        prepare_schema(&self.config, APPLICATION, SCHEMA, sqlx::migrate!("./migrations/abandonment_v1")).await
    }

    async fn session(&self) -> sqlx::Result<Session> {
        Ok(Session::new(self.pool.acquire().await?, self.config.answer_within()))
    }

    /// Whether the state projector has made its tables.
    pub(super) async fn has_projection(&self) -> sqlx::Result<bool> {
        let sql = "SELECT to_regclass('state_v1.partial_responses') IS NOT NULL";
        let mut session = self.session().await?;
        let is_there = session.answered(async |db| sqlx::query_scalar(sql).fetch_one(db).await).await?;
        session.release();
        Ok(is_there)
    }

    /// Sources of `topic` (real name of `quiz.progress.v1`) that have news.
    pub(super) async fn sources_with_news(&self, topic: &str) -> sqlx::Result<Vec<Folded>> {
        let sql = include_str!("sql/sources_with_news.sql");
        let mut session = self.session().await?;
        let rows: Vec<(String, i32, i64)> =
            session.answered(async |db| sqlx::query_as(sql).bind(topic).fetch_all(db).await).await?;
        session.release();
        let source =
            |(incarnation, partition, resume_offset)| Folded { incarnation, partition, resume_offset };
        Ok(rows.into_iter().map(source).collect())
    }

    /// Takes in the next partial responses of a source, `batch` at most. Returns how many were looked at, and
    /// whether more may stand there. One transaction; nothing when another instance is at this source.
    pub(super) async fn take_in(&self, source: &Folded, batch: u32) -> sqlx::Result<(u64, bool)> {
        let mut session = self.session().await?;
        session.begin().await?;
        let outcome = session.answered(async |db| take_in_within(db, source, batch).await).await;
        match outcome {
            Ok(taken) => {
                session.commit().await?;
                session.release();
                Ok(taken)
            }
            Err(error) => {
                session.roll_back().await;
                Err(error)
            }
        }
    }

    /// Who was last seen at `seen_until` or before, behind `after`, the longest first.
    pub(super) async fn candidates(
        &self,
        seen_until: DateTime<Utc>,
        after: &Position,
        batch: u32,
    ) -> sqlx::Result<Vec<Candidate>> {
        let query = sqlx::query_as(include_str!("sql/candidates.sql"))
            .bind(seen_until)
            .bind(after.waiting_since)
            .bind(after.response_id)
            .bind(&after.quiz_id)
            .bind(i64::from(batch));
        let mut session = self.session().await?;
        let candidates = session.answered(async |db| query.fetch_all(db).await).await?;
        session.release();
        Ok(candidates)
    }

    /// How far the sources of these topics (real names) are folded.
    pub(super) async fn resume_points(&self, topics: &[String]) -> sqlx::Result<Vec<ResumePoint>> {
        let query = sqlx::query_as(include_str!("sql/resume_points.sql")).bind(topics);
        let mut session = self.session().await?;
        let points = session.answered(async |db| query.fetch_all(db).await).await?;
        session.release();
        Ok(points)
    }

    /// Decides in one statement, with what is announced of those who left. The caller has made sure that
    /// everything that stood in their partitions when they were due is folded.
    pub(super) async fn decide(&self, judged: &[(Candidate, QuizAbandoned)]) -> anyhow::Result<Decided> {
        let mut events = Vec::with_capacity(judged.len());
        for (_, event) in judged {
            events.push(serde_json::to_string(event)?);
        }
        let candidates = || judged.iter().map(|(candidate, _)| candidate);
        let query = sqlx::query_scalar(include_str!("sql/decide.sql"))
            .bind(candidates().map(|row| row.response_id).collect::<Vec<_>>())
            .bind(candidates().map(|row| row.quiz_id.as_str()).collect::<Vec<_>>())
            .bind(candidates().map(|row| row.sequence).collect::<Vec<_>>())
            .bind(candidates().map(|row| row.source_incarnation.as_str()).collect::<Vec<_>>())
            .bind(candidates().map(|row| row.source_partition).collect::<Vec<_>>())
            .bind(candidates().map(|row| row.source_offset).collect::<Vec<_>>())
            .bind(events);
        let mut session = self.session().await?;
        crash_point("abandonment.before_decision");
        let outcomes: Vec<String> = session.answered(async |db| query.fetch_all(db).await).await?;
        crash_point("abandonment.after_decision");
        session.release();
        let finished = outcomes.iter().filter(|outcome| *outcome == "finished").count() as u64;
        Ok(Decided { abandoned: outcomes.len() as u64 - finished, finished })
    }

    /// The next announcements that the log has not acknowledged, `batch` at most, locked.
    pub(super) async fn undelivered(&self, batch: u32) -> sqlx::Result<Undelivered> {
        let query = sqlx::query_as(include_str!("sql/undelivered.sql")).bind(i64::from(batch));
        let mut session = self.session().await?;
        session.begin().await?;
        let announcements = session.answered(async |db| query.fetch_all(db).await).await?;
        Ok(Undelivered { session, announcements })
    }
}

impl Undelivered {
    /// Marks these as published, and lets all go.
    pub(super) async fn mark_published(mut self, delivered: &[(Uuid, String)]) -> sqlx::Result<()> {
        let query = sqlx::query(include_str!("sql/mark_published.sql"))
            .bind(delivered.iter().map(|(response_id, _)| *response_id).collect::<Vec<_>>())
            .bind(delivered.iter().map(|(_, quiz_id)| quiz_id.as_str()).collect::<Vec<_>>());
        self.session.answered(async |db| query.execute(db).await).await?;
        self.session.commit().await?;
        self.session.release();
        Ok(())
    }

    /// Lets all go unmarked.
    pub(super) async fn leave(self) {
        self.session.roll_back().await;
    }
}

async fn take_in_within(
    db: &mut sqlx::PgConnection,
    Folded { incarnation, partition, resume_offset }: &Folded,
    batch: u32,
) -> sqlx::Result<(u64, bool)> {
    sqlx::query(include_str!("sql/begin_intake.sql"))
        .bind(incarnation)
        .bind(partition)
        .execute(&mut *db)
        .await?;
    let locked = sqlx::query_scalar(include_str!("sql/lock_intake.sql")).bind(incarnation).bind(partition);
    let Some(through): Option<i64> = locked.fetch_optional(&mut *db).await? else { return Ok((0, false)) };
    let (found, last): (i64, Option<i64>) = sqlx::query_as(include_str!("sql/take_in.sql"))
        .bind(incarnation)
        .bind(partition)
        .bind(through)
        .bind(resume_offset)
        .bind(i64::from(batch))
        .fetch_one(&mut *db)
        .await?;
    let is_full = found == i64::from(batch);
    let through = match last {
        Some(last) if is_full => last,
        // Beacons without answers make no rows.
        _ => through.max(*resume_offset),
    };
    let moved =
        sqlx::query(include_str!("sql/end_intake.sql")).bind(incarnation).bind(partition).bind(through);
    moved.execute(&mut *db).await?;
    Ok((found.cast_unsigned(), is_full))
}
