use vendzz_runtime::planted::is_planted;

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
    pub(super) fn is_planted(self) -> bool {
        is_planted(match self {
            Self::CommitBeforeSend => "commit_before_send",
            Self::NoDedupe => "no_dedupe",
            Self::NewestCampaign => "newest_campaign",
        })
    }
}
