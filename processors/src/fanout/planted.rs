//! Faults that the fault suite plants on purpose, to show that its checks can fail. They exist only
//! in a build with the feature `planted-faults`; `VENDZZ_PLANT` names the one that is planted.

/// A mistake that the design rules out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// A batch's offset is committed before its messages are in the log.
    CommitBeforeSend,
    /// Resends are followed up again.
    NoDedupe,
    /// A campaign's newest version counts, not the one in force at the response's time.
    NewestCampaign,
}

impl Fault {
    #[cfg(feature = "planted-faults")]
    pub(super) fn is_planted(self) -> bool {
        static PLANTED: std::sync::OnceLock<String> = std::sync::OnceLock::new();
        let planted = PLANTED.get_or_init(|| std::env::var("VENDZZ_PLANT").unwrap_or_default());
        let name = match self {
            Self::CommitBeforeSend => "commit_before_send",
            Self::NoDedupe => "no_dedupe",
            Self::NewestCampaign => "newest_campaign",
        };
        planted.split(',').any(|planted| planted == name)
    }

    #[cfg(not(feature = "planted-faults"))]
    pub(super) const fn is_planted(self) -> bool {
        false
    }
}
