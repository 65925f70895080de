//! Faults that the fault suite plants on purpose, to show that its checks can fail. This module
//! exists only in a build with the feature `planted-faults`; `VENDZZ_PLANT` names what is planted.

/// A mistake that the design rules out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Who is due is judged by what is folded, however far the projector lags.
    DecideWithoutWaiting,
}

impl Fault {
    pub(super) fn is_planted(self) -> bool {
        let planted = std::env::var("VENDZZ_PLANT").unwrap_or_default();
        let name = match self {
            Self::DecideWithoutWaiting => "decide_without_waiting",
        };
        planted.split(',').any(|planted| planted == name)
    }
}
