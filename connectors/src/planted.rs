use vendzz_runtime::planted::is_planted;

use crate::providers::{NotTaken, NotTakenKind, Outcome};

/// A mistake that the design rules out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A call of which nobody can say what it came to counts as not taken, and is made again.
    RepeatUnknown,
    /// Rows move by anybody's word, whoever holds them.
    NoTokenCheck,
    /// What a recipient was sent is not noted: no cap is ever used up.
    CapsForgotten,
    /// A recipient's room is read without its lock: two workers give the same room.
    CapNotLocked,
    /// Who has opted out since the lease is called all the same.
    SuppressionNotInStatement,
    /// What was certainly not taken is given up as unknown.
    UnknownForEverything,
    /// An event is marked as published before the log has it.
    PublishMarksBeforeAck,
}

/// What stands in a statement, and what stands there instead under a fault.
const IN_STATEMENTS: [(Fault, &str, &str); 4] = [
    (Fault::NoTokenCheck, "ledger.token = $4", "$4 IS NOT NULL"),
    (Fault::NoTokenCheck, "ledger.token = wanted.token", "wanted.token IS NOT NULL"),
    (Fault::CapNotLocked, "ORDER BY account_id, recipient\nFOR UPDATE", "ORDER BY account_id, recipient"),
    (Fault::SuppressionNotInStatement, "suppressed.account_id = ledger.account_id", "false"),
];

impl Fault {
    pub(crate) fn is_planted(self) -> bool {
        is_planted(match self {
            Self::RepeatUnknown => "repeat_unknown",
            Self::NoTokenCheck => "no_token_check",
            Self::CapsForgotten => "caps_forgotten",
            Self::CapNotLocked => "cap_not_locked",
            Self::SuppressionNotInStatement => "suppression_not_in_statement",
            Self::UnknownForEverything => "unknown_for_everything",
            Self::PublishMarksBeforeAck => "publish_marks_before_ack",
        })
    }
}

/// A statement with the fault that is planted in it.
pub(crate) fn in_statement(sql: &str) -> String {
    let mut sql = sql.to_owned();
    for (fault, what, instead) in IN_STATEMENTS {
        if fault.is_planted() {
            sql = sql.replace(what, instead);
        }
    }
    sql
}

/// What a worker takes a call's outcome for.
pub(crate) fn taken_for(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Unknown { reason } if Fault::RepeatUnknown.is_planted() => {
            Outcome::NotTaken(NotTaken { reason, retry_after: None, kind: NotTakenKind::Later })
        }
        Outcome::NotTaken(NotTaken { reason, .. }) if Fault::UnknownForEverything.is_planted() => {
            Outcome::Unknown { reason }
        }
        outcome => outcome,
    }
}
