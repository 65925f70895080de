//! The state machine of one row, pure. [`TRANSITIONS`] says which moves there are; every statement that changes
//! `sending.message_ledger.state` is a compare-and-set of one line of it.
//!
//! ```text
//!            lease             begin_sending              accepted, report
//!   waiting ───────> leased ───────────────────> sending ──────────────────> sent
//!      ^  ^            │ │ skip                   │ │ │  refused,               ^ reports
//!      │  └────────────┘ └──────> skipped         │ │ └─ report ───────────> failed
//!      │   release, lease ran out                 │ │                           ^
//!      ├──────────────────────────────────────────┘ │ lease ran out,            │ the holder's late
//!      │   not_taken, not_called (holder)           v outcome_unknown           │ answer, report
//!      └────────────────────────────────────────  unknown ─────────────────> sent, failed
//!          not_taken, not_called (holder)
//! ```
//!
//! Why no message is accepted twice: a call is made only by who moved the row to `sending`, and from there the row
//! comes back to `waiting` only by that holder's own word that the call certainly was not taken.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Where a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    Waiting,
    /// Somebody looks at it, and has not called.
    Leased,
    /// Somebody calls a provider, or has.
    Sending,
    Sent,
    Failed,
    Skipped,
    /// Taken or not, nobody can say; only its holder's late answer or a report can.
    Unknown,
}

impl State {
    pub const ALL: [Self; 7] =
        [Self::Waiting, Self::Leased, Self::Sending, Self::Sent, Self::Failed, Self::Skipped, Self::Unknown];

    /// As the column `state` has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Leased => "leased",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Unknown => "unknown",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether nobody needs to do anything more about it. A report may still move `sent`, `failed` and `unknown`.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Sent | Self::Failed | Self::Skipped | Self::Unknown)
    }
}

/// What a provider reported, by rank: the highest ever seen is kept, so their order and repetition never matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Report {
    /// A carrier or a mail server has it.
    Carried,
    /// It was not delivered.
    Undelivered,
    Delivered,
    Read,
}

impl Report {
    pub const ALL: [Self; 4] = [Self::Carried, Self::Undelivered, Self::Delivered, Self::Read];

    /// As the column `report` has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Carried => "carried",
            Self::Undelivered => "undelivered",
            Self::Delivered => "delivered",
            Self::Read => "read",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|report| report.name() == name)
    }
}

/// What of a row the machine looks at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Row {
    pub state: State,
    /// Who holds it, or held it last. A new lease replaces it.
    pub token: Option<Uuid>,
    /// There while it is leased or being sent.
    pub lease_until: Option<DateTime<Utc>>,
    /// Calls to a provider so far, the running one included.
    pub attempt: u32,
    pub not_before: DateTime<Utc>,
    /// The highest seen.
    pub report: Option<Report>,
    /// Failed by a provider's answer: such a row no report moves. A row that failed by a report can still be
    /// reported as delivered.
    pub failed_by_answer: bool,
}

impl Row {
    /// As intake writes it.
    pub fn waiting(not_before: DateTime<Utc>) -> Self {
        Self {
            state: State::Waiting,
            token: None,
            lease_until: None,
            attempt: 0,
            not_before,
            report: None,
            failed_by_answer: false,
        }
    }
}

/// What somebody wants to do to a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Takes what is due. The token is new for each lease, never one used before.
    Lease { token: Uuid, until: DateTime<Utc> },
    /// Gives it back without a call: a check says later, or no room.
    Release { token: Uuid, not_before: DateTime<Utc>, reason: &'static str },
    /// A check says never.
    Skip { token: Uuid, reason: &'static str },
    /// Committed immediately before the call; `until` is when the call is given up for unknown.
    BeginSending { token: Uuid, until: DateTime<Utc> },
    /// The provider has it.
    Accepted { token: Uuid },
    /// The provider does not and will not take it.
    Refused { token: Uuid },
    /// The call certainly was not taken: again later.
    NotTaken { token: Uuid, not_before: DateTime<Utc> },
    /// There was no call: again later, and nothing is counted.
    NotCalled { token: Uuid, not_before: DateTime<Utc> },
    /// The call may have been taken.
    OutcomeUnknown { token: Uuid },
    /// The sweep's, of a lease that has run out.
    ExpireLease,
    /// A provider's report.
    Report(Report),
}

/// The column that [`Command`]s and [`TRANSITIONS`] meet in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    Lease,
    Release,
    Skip,
    BeginSending,
    Accepted,
    Refused,
    NotTaken,
    NotCalled,
    OutcomeUnknown,
    /// [`Command::ExpireLease`] of a row that nobody has called for.
    LeaseRanOut,
    /// [`Command::ExpireLease`] of a row for which somebody may have called.
    SendingRanOut,
    /// The highest report ever seen, this one included, is carried, delivered or read.
    ReportedTaken,
    /// The highest report ever seen, this one included, is undelivered.
    ReportedUndelivered,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenRule {
    /// `token = $new`.
    Replaces,
    /// `WHERE token = $token`.
    MustMatch,
    /// The token is neither asked for nor changed.
    Kept,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseRule {
    /// `lease_until = $until`, which is later than now.
    Begins,
    /// `WHERE now() < lease_until`, and `lease_until = $until`, which is later than now.
    RunsAndBegins,
    /// `WHERE lease_until <= now()`, and `lease_until = NULL`.
    RanOut,
    /// It is not asked for; `lease_until = NULL`.
    Ends,
}

/// One allowed move. Besides what stands here: `Lease` asks for `not_before <= now()`; `BeginSending` adds one to
/// `attempt`, and `NotCalled` takes it back; `Release`, `NotTaken` and `NotCalled` set `not_before`; a report keeps the
/// highest, and moves no row that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    pub cause: Cause,
    pub from: &'static [State],
    pub to: State,
    pub token: TokenRule,
    pub lease: LeaseRule,
}

const fn line(
    cause: Cause,
    from: &'static [State],
    to: State,
    token: TokenRule,
    lease: LeaseRule,
) -> Transition {
    Transition { cause, from, to, token, lease }
}

/// What a provider may have been called for.
const CALLED: &[State] = &[State::Sending, State::Unknown];
/// What a report may speak of.
const REPORTABLE: &[State] = &[State::Sending, State::Unknown, State::Sent, State::Failed];

/// Every move that there is.
#[rustfmt::skip]
pub const TRANSITIONS: [Transition; 13] = [
    line(Cause::Lease,               &[State::Waiting], State::Leased,  TokenRule::Replaces,  LeaseRule::Begins),
    line(Cause::Release,             &[State::Leased],  State::Waiting, TokenRule::MustMatch, LeaseRule::Ends),
    line(Cause::Skip,                &[State::Leased],  State::Skipped, TokenRule::MustMatch, LeaseRule::Ends),
    line(Cause::LeaseRanOut,         &[State::Leased],  State::Waiting, TokenRule::Kept,      LeaseRule::RanOut),
    line(Cause::BeginSending,        &[State::Leased],  State::Sending, TokenRule::MustMatch, LeaseRule::RunsAndBegins),
    line(Cause::Accepted,            CALLED,            State::Sent,    TokenRule::MustMatch, LeaseRule::Ends),
    line(Cause::Refused,             CALLED,            State::Failed,  TokenRule::MustMatch, LeaseRule::Ends),
    line(Cause::NotTaken,            CALLED,            State::Waiting, TokenRule::MustMatch, LeaseRule::Ends),
    line(Cause::NotCalled,           CALLED,            State::Waiting, TokenRule::MustMatch, LeaseRule::Ends),
    line(Cause::OutcomeUnknown,      &[State::Sending], State::Unknown, TokenRule::MustMatch, LeaseRule::Ends),
    line(Cause::SendingRanOut,       &[State::Sending], State::Unknown, TokenRule::Kept,      LeaseRule::RanOut),
    line(Cause::ReportedTaken,       REPORTABLE,        State::Sent,    TokenRule::Kept,      LeaseRule::Ends),
    line(Cause::ReportedUndelivered, REPORTABLE,        State::Failed,  TokenRule::Kept,      LeaseRule::Ends),
];

/// The line of [`TRANSITIONS`] for a cause; each has one.
pub fn transition(cause: Cause) -> &'static Transition {
    let found = TRANSITIONS.iter().find(|transition| transition.cause == cause);
    found.expect("a test looks that each cause has one line")
}

/// Why a row stays as it is. The caller of a late answer meets this as a matter of course.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAllowed {
    #[error("not from {}", .from.name())]
    State { from: State },
    #[error("somebody else holds the row, or held it last")]
    Token,
    #[error("it is not due")]
    NotDue,
    #[error("the lease has run out, or would begin run out")]
    LeaseOver,
    #[error("the lease has not run out")]
    LeaseRuns,
    #[error("the provider itself refused the message; no report changes that")]
    FailedByAnswer,
}

/// The row after a command at this moment (the database's clock), or why it is not allowed; then nothing changes.
pub fn step(row: &Row, command: &Command, now: DateTime<Utc>) -> Result<Row, NotAllowed> {
    let cause = cause_of(row, command);
    let transition = transition(cause);
    if !transition.from.contains(&row.state) {
        return Err(NotAllowed::State { from: row.state });
    }
    let (token, until) = token_and_lease_of(command);
    if transition.token == TokenRule::MustMatch && row.token != token {
        return Err(NotAllowed::Token);
    }
    if cause == Cause::Lease && row.not_before > now {
        return Err(NotAllowed::NotDue);
    }
    let is_over = |until: Option<DateTime<Utc>>| until.is_none_or(|until| until <= now);
    match transition.lease {
        LeaseRule::Begins if is_over(until) => return Err(NotAllowed::LeaseOver),
        LeaseRule::RunsAndBegins if is_over(until) || is_over(row.lease_until) => {
            return Err(NotAllowed::LeaseOver);
        }
        LeaseRule::RanOut if !is_over(row.lease_until) => return Err(NotAllowed::LeaseRuns),
        _ => {}
    }
    if matches!(command, Command::Report(_)) && row.failed_by_answer {
        return Err(NotAllowed::FailedByAnswer);
    }

    let mut next = row.clone();
    next.state = transition.to;
    if transition.token == TokenRule::Replaces {
        next.token = token;
    }
    next.lease_until = match transition.lease {
        LeaseRule::Begins | LeaseRule::RunsAndBegins => until,
        LeaseRule::RanOut | LeaseRule::Ends => None,
    };
    match command {
        Command::BeginSending { .. } => next.attempt = row.attempt.saturating_add(1),
        Command::Release { not_before, .. } | Command::NotTaken { not_before, .. } => {
            next.not_before = *not_before;
        }
        Command::NotCalled { not_before, .. } => {
            next.not_before = *not_before;
            next.attempt = row.attempt.saturating_sub(1);
        }
        Command::Refused { .. } => next.failed_by_answer = true,
        Command::Report(report) => next.report = row.report.max(Some(*report)),
        _ => {}
    }
    Ok(next)
}

fn cause_of(row: &Row, command: &Command) -> Cause {
    match command {
        Command::Lease { .. } => Cause::Lease,
        Command::Release { .. } => Cause::Release,
        Command::Skip { .. } => Cause::Skip,
        Command::BeginSending { .. } => Cause::BeginSending,
        Command::Accepted { .. } => Cause::Accepted,
        Command::Refused { .. } => Cause::Refused,
        Command::NotTaken { .. } => Cause::NotTaken,
        Command::NotCalled { .. } => Cause::NotCalled,
        Command::OutcomeUnknown { .. } => Cause::OutcomeUnknown,
        Command::ExpireLease if row.state == State::Sending => Cause::SendingRanOut,
        Command::ExpireLease => Cause::LeaseRanOut,
        Command::Report(report) => match row.report.max(Some(*report)) {
            Some(Report::Undelivered) => Cause::ReportedUndelivered,
            _ => Cause::ReportedTaken,
        },
    }
}

fn token_and_lease_of(command: &Command) -> (Option<Uuid>, Option<DateTime<Utc>>) {
    match command {
        Command::Lease { token, until } | Command::BeginSending { token, until } => {
            (Some(*token), Some(*until))
        }
        Command::Release { token, .. }
        | Command::Skip { token, .. }
        | Command::Accepted { token }
        | Command::Refused { token }
        | Command::NotTaken { token, .. }
        | Command::NotCalled { token, .. }
        | Command::OutcomeUnknown { token } => (Some(*token), None),
        Command::ExpireLease | Command::Report(_) => (None, None),
    }
}
