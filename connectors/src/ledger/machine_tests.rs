use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use uuid::Uuid;

use super::machine::{Cause, Command, NotAllowed, Report, Row, State, TRANSITIONS, step, transition};

const MINE: Uuid = Uuid::from_u128(1);
const ANOTHERS: Uuid = Uuid::from_u128(2);

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

/// A row in this state, held by `MINE` until second 100.
fn row(state: State) -> Row {
    let is_held = matches!(state, State::Leased | State::Sending);
    Row {
        state,
        token: (state != State::Waiting).then_some(MINE),
        lease_until: is_held.then(|| at(100)),
        attempt: 3,
        not_before: at(10),
        report: None,
        failed_by_answer: false,
    }
}

fn commands(token: Uuid) -> Vec<(&'static str, Command)> {
    let mut commands = vec![
        ("lease", Command::Lease { token, until: at(500) }),
        ("release", Command::Release { token, not_before: at(300), reason: "quiet_hours" }),
        ("skip", Command::Skip { token, reason: "late" }),
        ("begin_sending", Command::BeginSending { token, until: at(500) }),
        ("accepted", Command::Accepted { token }),
        ("refused", Command::Refused { token }),
        ("not_taken", Command::NotTaken { token, not_before: at(300) }),
        ("not_called", Command::NotCalled { token, not_before: at(300) }),
        ("outcome_unknown", Command::OutcomeUnknown { token }),
        ("expire", Command::ExpireLease),
    ];
    commands.extend(Report::ALL.map(|report| (report.name(), Command::Report(report))));
    commands
}

/// All moves that a token's holder, somebody else, and time allow: `state command -> state`.
fn moves(token: Uuid, now: DateTime<Utc>) -> BTreeSet<String> {
    let mut moves = BTreeSet::new();
    for state in State::ALL {
        for (name, command) in commands(token) {
            if let Ok(next) = step(&row(state), &command, now) {
                moves.insert(format!("{} {name} -> {}", state.name(), next.state.name()));
            }
        }
    }
    moves
}

fn set(lines: &[&str]) -> BTreeSet<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

const REPORTS: [&str; 16] = [
    "sending carried -> sent",
    "sending undelivered -> failed",
    "sending delivered -> sent",
    "sending read -> sent",
    "unknown carried -> sent",
    "unknown undelivered -> failed",
    "unknown delivered -> sent",
    "unknown read -> sent",
    "sent carried -> sent",
    "sent undelivered -> failed",
    "sent delivered -> sent",
    "sent read -> sent",
    "failed carried -> sent",
    "failed undelivered -> failed",
    "failed delivered -> sent",
    "failed read -> sent",
];

const LATE_ANSWERS: [&str; 9] = [
    "sending accepted -> sent",
    "sending refused -> failed",
    "sending not_taken -> waiting",
    "sending not_called -> waiting",
    "sending outcome_unknown -> unknown",
    "unknown accepted -> sent",
    "unknown refused -> failed",
    "unknown not_taken -> waiting",
    "unknown not_called -> waiting",
];

#[test]
fn these_are_all_moves_while_a_lease_runs() {
    let mut expected = set(&[
        "waiting lease -> leased",
        "leased release -> waiting",
        "leased skip -> skipped",
        "leased begin_sending -> sending",
    ]);
    expected.extend(set(&LATE_ANSWERS));
    expected.extend(set(&REPORTS));
    assert_eq!(moves(MINE, at(99)), expected);
}

#[test]
fn these_are_all_moves_once_it_has_run_out() {
    let mut expected = set(&[
        "waiting lease -> leased",
        "leased release -> waiting",
        "leased skip -> skipped",
        "leased expire -> waiting",
        "sending expire -> unknown",
    ]);
    expected.extend(set(&LATE_ANSWERS));
    expected.extend(set(&REPORTS));
    assert_eq!(moves(MINE, at(100)), expected);
}

#[test]
fn who_does_not_hold_it_can_only_take_what_waits() {
    let mut expected = set(&["waiting lease -> leased"]);
    expected.extend(set(&REPORTS));
    assert_eq!(moves(ANOTHERS, at(99)), expected);
}

#[test]
fn each_cause_has_one_line_and_the_lines_are_what_step_does() {
    let causes: BTreeSet<_> = TRANSITIONS.iter().map(|line| format!("{:?}", line.cause)).collect();
    assert_eq!(causes.len(), TRANSITIONS.len());
    assert_eq!(transition(Cause::ReportedUndelivered).to, State::Failed);
    // Nothing leads out of `skipped`, and into `waiting` only what was never called or certainly not taken.
    assert!(TRANSITIONS.iter().all(|line| !line.from.contains(&State::Skipped)));
    let back: Vec<_> =
        TRANSITIONS.iter().filter(|line| line.to == State::Waiting).map(|line| line.cause).collect();
    assert_eq!(back, [Cause::Release, Cause::LeaseRanOut, Cause::NotTaken, Cause::NotCalled]);
}

#[test]
fn names_are_read_back() {
    for state in State::ALL {
        assert_eq!(State::from_name(state.name()), Some(state));
    }
    for report in Report::ALL {
        assert_eq!(Report::from_name(report.name()), Some(report));
    }
    assert_eq!((State::from_name("Sent"), Report::from_name("")), (None, None));
}

#[test]
fn a_lease_waits_for_its_moment_and_lasts() {
    let waiting = row(State::Waiting);
    let lease = |until| Command::Lease { token: ANOTHERS, until };
    assert_eq!(step(&waiting, &lease(at(50)), at(9)), Err(NotAllowed::NotDue));
    assert_eq!(step(&waiting, &lease(at(10)), at(10)), Err(NotAllowed::LeaseOver));
    let leased = step(&waiting, &lease(at(50)), at(10)).unwrap();
    assert_eq!((leased.token, leased.lease_until), (Some(ANOTHERS), Some(at(50))));
    assert_eq!((leased.attempt, leased.not_before), (3, at(10)));
}

#[test]
fn sending_begins_only_under_a_running_lease_and_counts() {
    let leased = row(State::Leased);
    let begin = |until| Command::BeginSending { token: MINE, until };
    assert_eq!(step(&leased, &begin(at(500)), at(100)), Err(NotAllowed::LeaseOver));
    assert_eq!(step(&leased, &begin(at(99)), at(99)), Err(NotAllowed::LeaseOver));
    let sending = step(&leased, &begin(at(500)), at(99)).unwrap();
    assert_eq!((sending.attempt, sending.lease_until), (4, Some(at(500))));
    let waiting = step(&sending, &Command::NotTaken { token: MINE, not_before: at(300) }, at(120)).unwrap();
    assert_eq!((waiting.attempt, waiting.not_before, waiting.lease_until), (4, at(300), None));
    let uncalled = step(&sending, &Command::NotCalled { token: MINE, not_before: at(300) }, at(120)).unwrap();
    assert_eq!((uncalled.attempt, uncalled.not_before, uncalled.lease_until), (3, at(300), None));
    assert_eq!(
        step(&leased, &Command::NotCalled { token: MINE, not_before: at(300) }, at(99)),
        Err(NotAllowed::State { from: State::Leased })
    );
}

#[test]
fn no_report_moves_what_was_refused() {
    let failed = step(&row(State::Sending), &Command::Refused { token: MINE }, at(50)).unwrap();
    for report in Report::ALL {
        let moved = step(&failed, &Command::Report(report), at(60));
        assert_eq!(moved, Err(NotAllowed::FailedByAnswer));
    }
}

fn reports() -> impl Strategy<Value = Vec<Report>> {
    prop::collection::vec(prop::sample::select(Report::ALL.to_vec()), 1..12)
}

/// What the highest report alone says.
fn expected_of(reports: &[Report]) -> (State, Option<Report>) {
    let highest = *reports.iter().max().unwrap();
    let state = if highest == Report::Undelivered { State::Failed } else { State::Sent };
    (state, Some(highest))
}

proptest! {
    /// Whatever their order and repetition, and wherever the worker's own answer comes among them.
    #[test]
    fn reports_come_to_the_same_end_in_any_order(
        reports in reports(),
        seed in any::<prop::sample::Index>(),
        from in prop::sample::select(vec![State::Sending, State::Unknown, State::Sent, State::Failed]),
        answer in prop::option::of(prop::sample::select(vec![
            Command::Accepted { token: MINE },
            Command::OutcomeUnknown { token: MINE },
            Command::ExpireLease,
        ])),
    ) {
        let mut commands: Vec<Command> = reports.iter().map(|report| Command::Report(*report)).collect();
        if let Some(answer) = answer {
            commands.insert(seed.index(commands.len() + 1), answer);
        }
        let mut moved = row(from);
        for command in commands {
            if let Ok(next) = step(&moved, &command, at(200)) {
                moved = next;
            }
        }
        prop_assert_eq!((moved.state, moved.report), expected_of(&reports));
    }

    #[test]
    fn a_refused_command_says_why_and_an_allowed_one_keeps_the_rows_promises(
        state in prop::sample::select(State::ALL.to_vec()),
        which in any::<prop::sample::Index>(),
        token in prop::sample::select(vec![MINE, ANOTHERS]),
        now in 0_i64..200,
    ) {
        let commands = commands(token);
        let (_, command) = &commands[which.index(commands.len())];
        let before = row(state);
        if let Ok(next) = step(&before, command, at(now)) {
            let is_held = matches!(next.state, State::Leased | State::Sending);
            prop_assert_eq!(next.lease_until.is_some(), is_held);
            prop_assert!(!is_held || next.token.is_some());
            prop_assert!(next.report >= before.report);
            let is_uncalled = matches!(command, Command::NotCalled { .. });
            prop_assert!(next.attempt + u32::from(is_uncalled) >= before.attempt);
        }
    }
}
