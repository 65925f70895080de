use scylla::errors::{ExecutionError, NewSessionError, PrepareError};

/// What the CQL store answered instead of a result. All of it may pass: a node that is away comes
/// back, and an operator can mend the rest.
#[derive(Debug, thiserror::Error)]
pub enum CqlError {
    #[error("cannot connect: {0}")]
    Connect(#[from] Box<NewSessionError>),
    #[error("cannot make the tables: {statement}: {source}")]
    Schema { statement: String, source: Box<ExecutionError> },
    #[error("cannot prepare a statement: {0}")]
    Prepare(#[from] Box<PrepareError>),
    #[error("cannot write: {0}")]
    Write(Box<ExecutionError>),
    #[error("cannot read: {0}")]
    Read(Box<ExecutionError>),
    /// The tables are not the ones that this program makes.
    #[error("unexpected answer: {0}")]
    Answer(String),
}
