//! Fan-out: every finished or abandoned quiz becomes leads and messages.
//!
//! ```text
//! quiz.submission.v1 ─┐                     quizzes, campaigns (followed whole, in memory)
//! quiz.abandoned.v1 ──┴─ decode, dedupe ──> follow_up ──encode, route──> lead.detected.v1, campaign.*.v1
//!                        (fold)             (pure)      (outbox)            └─ acknowledged ──> offset
//! ```
//!
//! Without a store: the resume point is Kafka's committed offset. A batch's offset moves once all of its leads
//! and messages are acknowledged; what is made again after a crash has the same ids.

mod campaigns;
mod config;
mod event;
mod fold;
mod follow;
mod follow_up;
mod in_step;
mod outbox;
mod planted;
mod projection;
mod quiz_version;
mod quizzes;
mod records;
mod send;
mod tally;
mod versions;

pub use campaigns::{HeldCampaign, HeldCampaigns, RecordPlace};
pub use config::{EmitFrom, EmitFromError, FanoutConfig, NoticeConfig};
pub use event::Event;
pub use fold::FanoutFold;
pub use follow::{Following, follow_campaigns, follow_quizzes};
pub use follow_up::{FollowUp, SkipReason, Skipped, follow_up};
pub use in_step::InStep;
pub use outbox::{Outbox, OutboxTopics};
pub use projection::FanoutProjection;
pub use quiz_version::{QuizVersion, UnreadableQuiz};
pub use quizzes::{FoundVersion, HeldQuiz, HeldQuizzes};
pub use send::FanoutParts;
pub use versions::Versions;

/// Consumer group, behind the prefix.
pub const GROUP: &str = "process.fanout";

/// Where `VENDZZ_CRASH_AT` may end the process: before a batch's first message, after those of each record,
/// when all are acknowledged, and before the next batch.
pub const CRASH_POINTS: &[&str] =
    &["fanout.before_send", "fanout.mid_send", "fanout.before_commit", "fanout.after_batch"];
