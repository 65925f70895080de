use vendzz_runtime::planted::is_planted;

/// A mistake that the design rules out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Rows carry the wall clock instead of their last offset: a zombie's late write wins.
    NoSyntheticTimestamp,
    /// The resume point is durable before the rows that it covers.
    ResumePointBeforeRows,
    /// Resends are counted.
    NoDedupe,
}

impl Fault {
    pub(super) fn is_planted(self) -> bool {
        is_planted(match self {
            Self::NoSyntheticTimestamp => "no_synthetic_timestamp",
            Self::ResumePointBeforeRows => "resume_point_before_rows",
            Self::NoDedupe => "no_dedupe",
        })
    }
}
