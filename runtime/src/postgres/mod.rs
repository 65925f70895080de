//! PostgreSQL as every service of ours uses it: settings, limits on each session, migrations, and a
//! transaction's connection that never goes back to the pool in an unknown state.

mod config;
mod prepare;
mod read_model;
mod session;

pub use config::{PostgresConfig, PostgresUrl, PostgresUrlError};
pub use prepare::{PrepareError, prepare_schema, when_made, when_up};
pub use read_model::{Schema, SchemaError, live_version};
pub use session::Session;
