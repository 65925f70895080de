//! Every interleaving of workers, sweep, reports, crashes and time over one row, against a provider that counts
//! what it accepted. The same search must find machines that are broken on purpose.

use std::collections::HashMap;
use std::rc::Rc;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use uuid::Uuid;

use super::machine::{Command, NotAllowed, Report, Row, State, step};

type Step = fn(&Row, &Command, DateTime<Utc>) -> Result<Row, NotAllowed>;

/// A lease has run out after two ticks.
const TICK: TimeDelta = TimeDelta::seconds(6);
const LEASE: TimeDelta = TimeDelta::seconds(10);

/// What a worker learns of its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Answer {
    Accepted,
    Refused,
    NotTaken,
    NotCalled,
    Unknown,
}

/// What is still to be written, in this order: an answer, or "unknown" and later an answer all the same.
type Answers = [Option<Answer>; 2];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Worker {
    Idle,
    /// Has leased it.
    Holding(Uuid),
    /// Has committed `sending`; will look at its clock before it calls.
    Committed(Uuid, DateTime<Utc>),
    /// It was in time; may be frozen here, and call late.
    MayCall(Uuid),
    Answered(Uuid, Answers),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct World {
    now: DateTime<Utc>,
    row: Row,
    workers: Vec<Worker>,
    /// Calls that were made.
    calls: u32,
    /// Messages that the provider has taken.
    accepted: u8,
    leases: u8,
    ticks_left: u8,
    leases_left: u8,
    crashes_left: u8,
    reports_left: u8,
    /// Writes whose acknowledgement is lost, so that they are made again.
    lost_left: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Tick,
    Sweep,
    Report(Report),
    Crash(usize),
    Lease(usize),
    Release(usize),
    Skip(usize),
    Begin(usize),
    LookAtClock(usize),
    /// Whether the provider takes it, and what the worker hears.
    Call(usize, bool, Answers),
    Write(usize),
    WriteUnacknowledged(usize),
}

/// What a call can come to.
const CALLS: [(bool, Answers); 8] = [
    (true, [Some(Answer::Accepted), None]),
    (true, [Some(Answer::Unknown), None]),
    (true, [Some(Answer::Unknown), Some(Answer::Accepted)]),
    (false, [Some(Answer::Unknown), None]),
    (false, [Some(Answer::Unknown), Some(Answer::NotTaken)]),
    (false, [Some(Answer::Unknown), Some(Answer::Refused)]),
    (false, [Some(Answer::NotTaken), None]),
    (false, [Some(Answer::Refused), None]),
];

impl World {
    fn new(workers: usize, bounds: [u8; 5]) -> Self {
        let [ticks_left, leases_left, crashes_left, reports_left, lost_left] = bounds;
        let now = DateTime::UNIX_EPOCH;
        Self {
            now,
            row: Row::waiting(now),
            workers: vec![Worker::Idle; workers],
            calls: 0,
            accepted: 0,
            leases: 0,
            ticks_left,
            leases_left,
            crashes_left,
            reports_left,
            lost_left,
        }
    }

    fn actions(&self) -> Vec<Action> {
        let mut actions = vec![Action::Sweep];
        if self.ticks_left > 0 {
            actions.push(Action::Tick);
        }
        if self.reports_left > 0 && self.accepted > 0 {
            actions.extend(Report::ALL.map(Action::Report));
        }
        for (worker, phase) in self.workers.iter().enumerate() {
            match phase {
                Worker::Idle if self.leases_left > 0 => actions.push(Action::Lease(worker)),
                Worker::Idle => {}
                Worker::Holding(_) => {
                    actions.extend([Action::Release(worker), Action::Skip(worker), Action::Begin(worker)]);
                }
                Worker::Committed(..) => actions.push(Action::LookAtClock(worker)),
                Worker::MayCall(_) => {
                    actions.extend(CALLS.map(|(taken, answers)| Action::Call(worker, taken, answers)));
                }
                Worker::Answered(..) => {
                    actions.push(Action::Write(worker));
                    if self.lost_left > 0 {
                        actions.push(Action::WriteUnacknowledged(worker));
                    }
                }
            }
            if *phase != Worker::Idle && self.crashes_left > 0 {
                actions.push(Action::Crash(worker));
            }
        }
        actions
    }

    /// Whether the machine took it.
    fn command(&mut self, step: Step, command: &Command) -> bool {
        let Ok(next) = step(&self.row, command, self.now) else { return false };
        self.row = next;
        true
    }

    fn after(&self, action: Action, step: Step) -> Result<Self, String> {
        let mut next = self.clone();
        next.act(action, step)?;
        next.check(self, action)?;
        Ok(next)
    }

    fn act(&mut self, action: Action, step: Step) -> Result<(), String> {
        let until = self.now + LEASE;
        match action {
            Action::Tick => {
                self.now += TICK;
                self.ticks_left -= 1;
            }
            Action::Sweep => {
                self.command(step, &Command::ExpireLease);
            }
            Action::Report(report) => {
                self.command(step, &Command::Report(report));
                self.reports_left -= 1;
            }
            Action::Crash(worker) => {
                self.workers[worker] = Worker::Idle;
                self.crashes_left -= 1;
            }
            Action::Lease(worker) => {
                let token = Uuid::from_u128(u128::from(self.leases) + 1);
                if self.command(step, &Command::Lease { token, until }) {
                    self.leases += 1;
                    self.leases_left -= 1;
                    self.workers[worker] = Worker::Holding(token);
                }
            }
            Action::Release(worker) | Action::Skip(worker) => {
                let Worker::Holding(token) = self.workers[worker] else { return Ok(()) };
                let command = match action {
                    Action::Skip(_) => Command::Skip { token, reason: "late" },
                    _ => Command::Release { token, not_before: self.now, reason: "pair_rate" },
                };
                self.command(step, &command);
                self.workers[worker] = Worker::Idle;
            }
            Action::Begin(worker) => {
                let Worker::Holding(token) = self.workers[worker] else { return Ok(()) };
                self.workers[worker] = Worker::Idle;
                if self.command(step, &Command::BeginSending { token, until }) {
                    if self.row.token != Some(token) {
                        return Err("a worker sends under another's token".to_owned());
                    }
                    self.workers[worker] = Worker::Committed(token, until);
                }
            }
            Action::LookAtClock(worker) => {
                let Worker::Committed(token, until) = self.workers[worker] else { return Ok(()) };
                self.workers[worker] = match self.now < until {
                    true => Worker::MayCall(token),
                    false => Worker::Answered(token, [Some(Answer::NotCalled), None]),
                };
            }
            Action::Call(worker, taken, answers) => {
                let Worker::MayCall(token) = self.workers[worker] else { return Ok(()) };
                self.calls += 1;
                self.accepted += u8::from(taken);
                self.workers[worker] = Worker::Answered(token, answers);
            }
            Action::Write(worker) => {
                self.write(worker, step);
                let Worker::Answered(token, answers) = self.workers[worker] else { return Ok(()) };
                self.workers[worker] = match answers[1] {
                    Some(later) => Worker::Answered(token, [Some(later), None]),
                    None => Worker::Idle,
                };
            }
            Action::WriteUnacknowledged(worker) => {
                self.write(worker, step);
                self.lost_left -= 1;
            }
        }
        Ok(())
    }

    fn write(&mut self, worker: usize, step: Step) {
        let Worker::Answered(token, [Some(answer), _]) = self.workers[worker] else { return };
        let command = match answer {
            Answer::Accepted => Command::Accepted { token },
            Answer::Refused => Command::Refused { token },
            Answer::NotTaken => Command::NotTaken { token, not_before: self.now },
            Answer::NotCalled => Command::NotCalled { token, not_before: self.now },
            Answer::Unknown => Command::OutcomeUnknown { token },
        };
        self.command(step, &command);
    }

    fn check(&self, before: &Self, action: Action) -> Result<(), String> {
        if self.accepted > 1 {
            return Err("accepted twice".to_owned());
        }
        if before.row.state == State::Unknown && self.row.state == State::Waiting {
            let (Action::Write(worker) | Action::WriteUnacknowledged(worker)) = action else {
                return Err(format!("unknown became waiting by {action:?}"));
            };
            let said = before.workers[worker];
            let Worker::Answered(token, [Some(Answer::NotTaken | Answer::NotCalled), _]) = said else {
                return Err(format!("unknown became waiting by the word of {said:?}"));
            };
            if before.row.token != Some(token) {
                return Err(format!("unknown became waiting by the word of {said:?}"));
            }
        }
        if before.row.state == State::Unknown && self.row.state == State::Leased {
            return Err("unknown was leased".to_owned());
        }
        if self.row.attempt < self.calls {
            return Err("a call was not counted".to_owned());
        }
        let may_be_called = matches!(self.row.state, State::Waiting | State::Leased | State::Skipped);
        if self.accepted > 0 && (may_be_called || self.row.failed_by_answer) {
            return Err(format!("{} although the provider has it", self.row.state.name()));
        }
        if self.accepted == 0 && self.row.state == State::Sent {
            return Err("sent although no provider has it".to_owned());
        }
        Ok(())
    }

    /// Everybody dies, leases run out, and one worker comes to whom nothing happens.
    fn ends(&self, step: Step) -> Result<(), String> {
        let mut end = self.clone();
        end.now += LEASE + LEASE;
        end.workers = vec![Worker::Idle];
        end.leases_left = 1;
        let accepted = CALLS[0];
        let actions = [
            Action::Sweep,
            Action::Lease(0),
            Action::Begin(0),
            Action::LookAtClock(0),
            Action::Call(0, accepted.0, accepted.1),
            Action::Write(0),
        ];
        for action in actions {
            end = end.after(action, step)?;
        }
        if !end.row.state.is_final() {
            return Err(format!("ends as {}", end.row.state.name()));
        }
        Ok(())
    }
}

/// From which world, and by what, each was reached first.
type Seen = HashMap<Rc<World>, Option<(usize, Action)>>;

/// Looks at every world that can be reached, and how it would end from there. The number of them, or the first
/// fault and the way to it.
fn search(first: World, step: Step) -> Result<usize, String> {
    let first = Rc::new(first);
    let mut seen: Seen = HashMap::from([(first.clone(), None)]);
    let mut worlds = vec![first];
    let mut next = 0;
    while let Some(world) = worlds.get(next).cloned() {
        world.ends(step).map_err(|fault| format!("{fault}, after {:?}", way_to(&world, &worlds, &seen)))?;
        for action in world.actions() {
            let after = world.after(action, step).map_err(|fault| {
                format!("{action:?}: {fault}, after {:?}", way_to(&world, &worlds, &seen))
            })?;
            if !seen.contains_key(&after) {
                let after = Rc::new(after);
                seen.insert(after.clone(), Some((next, action)));
                worlds.push(after);
            }
        }
        next += 1;
    }
    Ok(worlds.len())
}

fn way_to(world: &World, worlds: &[Rc<World>], seen: &Seen) -> Vec<Action> {
    let (mut way, mut reached) = (Vec::new(), seen[world]);
    while let Some((from, action)) = reached {
        way.push(action);
        reached = seen[&worlds[from]];
    }
    way.reverse();
    way
}

#[test]
fn no_interleaving_of_workers_reports_and_crashes_sends_twice() {
    // Workers; ticks, leases, crashes, reports, lost acknowledgements.
    for (workers, bounds) in [(2, [5, 4, 1, 1, 1]), (2, [4, 3, 2, 2, 2]), (3, [3, 3, 1, 1, 1])] {
        let worlds = search(World::new(workers, bounds), step).unwrap_or_else(|fault| panic!("{fault}"));
        println!("{workers} workers, {bounds:?}: {worlds} worlds");
        assert!(worlds > 20_000, "{workers} workers, {bounds:?}: {worlds}");
    }
}

fn sends_again_what_ran_out(row: &Row, command: &Command, now: DateTime<Utc>) -> Result<Row, NotAllowed> {
    let mut next = step(row, command, now)?;
    if *command == Command::ExpireLease {
        next.state = State::Waiting;
    }
    Ok(next)
}

fn leases_what_is_unknown(row: &Row, command: &Command, now: DateTime<Utc>) -> Result<Row, NotAllowed> {
    if row.state == State::Unknown && matches!(command, Command::Lease { .. }) {
        return step(&Row { state: State::Waiting, ..row.clone() }, command, now);
    }
    step(row, command, now)
}

fn forgets_the_token_of_an_answer(
    row: &Row,
    command: &Command,
    now: DateTime<Utc>,
) -> Result<Row, NotAllowed> {
    match (command, row.token) {
        (Command::NotTaken { not_before, .. }, Some(token)) => {
            step(row, &Command::NotTaken { token, not_before: *not_before }, now)
        }
        _ => step(row, command, now),
    }
}

fn forgets_the_token_at_the_start(
    row: &Row,
    command: &Command,
    now: DateTime<Utc>,
) -> Result<Row, NotAllowed> {
    match (command, row.token) {
        (Command::BeginSending { until, .. }, Some(token)) => {
            step(row, &Command::BeginSending { token, until: *until }, now)
        }
        _ => step(row, command, now),
    }
}

fn takes_a_cut_for_not_taken(row: &Row, command: &Command, now: DateTime<Utc>) -> Result<Row, NotAllowed> {
    match command {
        Command::OutcomeUnknown { token } => {
            step(row, &Command::NotTaken { token: *token, not_before: now }, now)
        }
        _ => step(row, command, now),
    }
}

fn counts_no_call_that_was_not_taken(
    row: &Row,
    command: &Command,
    now: DateTime<Utc>,
) -> Result<Row, NotAllowed> {
    match command {
        Command::NotTaken { token, not_before } => {
            step(row, &Command::NotCalled { token: *token, not_before: *not_before }, now)
        }
        _ => step(row, command, now),
    }
}

fn keeps_a_lease_for_ever(row: &Row, command: &Command, now: DateTime<Utc>) -> Result<Row, NotAllowed> {
    if *command == Command::ExpireLease && row.state == State::Leased {
        return Err(NotAllowed::LeaseRuns);
    }
    step(row, command, now)
}

#[test]
fn the_search_finds_broken_machines() {
    let machines: [(&str, Step, &str); 7] = [
        ("sends_again_what_ran_out", sends_again_what_ran_out, "the provider has it"),
        ("leases_what_is_unknown", leases_what_is_unknown, "unknown was leased"),
        ("forgets_the_token_of_an_answer", forgets_the_token_of_an_answer, "the provider has it"),
        ("forgets_the_token_at_the_start", forgets_the_token_at_the_start, "another's token"),
        ("takes_a_cut_for_not_taken", takes_a_cut_for_not_taken, "the provider has it"),
        ("counts_no_call_that_was_not_taken", counts_no_call_that_was_not_taken, "a call was not counted"),
        ("keeps_a_lease_for_ever", keeps_a_lease_for_ever, "ends as leased"),
    ];
    for (name, machine, expected) in machines {
        let fault = search(World::new(2, [2, 2, 0, 0, 1]), machine).expect_err(name);
        assert!(fault.contains(expected), "{name}: {fault}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    /// Longer lives than can be enumerated: four workers, many leases, crashes, reports and lost acknowledgements.
    #[test]
    fn no_long_life_sends_twice(choices in prop::collection::vec(any::<prop::sample::Index>(), 1..300)) {
        let mut world = World::new(4, [200, 60, 30, 30, 30]);
        for choice in choices {
            let actions = world.actions();
            let action = actions[choice.index(actions.len())];
            world = world.after(action, step).map_err(|fault| TestCaseError::fail(format!("{action:?}: {fault}")))?;
        }
        world.ends(step).map_err(TestCaseError::fail)?;
    }
}
