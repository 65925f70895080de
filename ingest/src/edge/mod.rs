//! The public HTTP edge: serves quizzes from memory, and appends views, progress and submissions to the log.
//!
//! ```text
//! listener ─> connection ─> service ─> handlers::{quiz, view, progress, submit} ─> log::EventLog ─> Kafka
//!                                           │ quizzes::DefinitionStore <── quiz.definition.v1
//! ```

pub mod client;
pub mod clock;
pub mod config;
pub mod handlers;
pub mod http;
pub mod log;
pub mod metrics;
pub mod quizzes;
mod readiness;
pub mod refusals;
mod run;
pub mod snapshot;
pub mod state;

use vendzz_runtime::service::Identity;

pub use config::EdgeConfig;
pub use run::run;

/// Who the service is, for `--help`, logs and the private port.
pub const IDENTITY: Identity = Identity {
    name: "vendzz-edge",
    about: "the public HTTP edge: serves quizzes, takes views, progress and submissions",
    private_port: 9464,
    drain_deadline: config::DRAIN_DEADLINE,
};
