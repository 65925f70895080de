//! The CQL store: connecting, the tables, and the few statements of the projector.

mod connect;
mod error;
mod schema;
mod source_text;
mod store;

pub use connect::{connect, connect_when_up};
pub use error::CqlError;
pub use schema::{create_tables, drop_keyspace};
pub use source_text::source_text;
pub use store::{ResumeCell, Store};
