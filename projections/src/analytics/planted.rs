//! Faults that the fault suite plants on purpose, to show that its checks can fail. They exist only
//! in a build with the feature `planted-faults`; `VENDZZ_PLANT` names the one that is planted.

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
    #[cfg(feature = "planted-faults")]
    pub(super) fn is_planted(self) -> bool {
        static PLANTED: std::sync::OnceLock<String> = std::sync::OnceLock::new();
        let planted = PLANTED.get_or_init(|| std::env::var("VENDZZ_PLANT").unwrap_or_default());
        let name = match self {
            Self::NoSyntheticTimestamp => "no_synthetic_timestamp",
            Self::ResumePointBeforeRows => "resume_point_before_rows",
            Self::NoDedupe => "no_dedupe",
        };
        planted.split(',').any(|planted| planted == name)
    }

    #[cfg(not(feature = "planted-faults"))]
    pub(super) const fn is_planted(self) -> bool {
        false
    }
}
