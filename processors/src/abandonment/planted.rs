//! Exists only in a build with the feature `planted-faults`.

use vendzz_runtime::planted::is_planted;

/// A mistake that the design rules out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Who is due is judged by what is folded, however far the projector lags.
    DecideWithoutWaiting,
}

impl Fault {
    pub(super) fn is_planted(self) -> bool {
        is_planted(match self {
            Self::DecideWithoutWaiting => "decide_without_waiting",
        })
    }
}
