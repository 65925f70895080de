//! The statements of the store and the pure machine, step by step side by side.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use uuid::Uuid;
use vendzz_connectors::ledger::store::{LedgerStore, Move};
use vendzz_connectors::ledger::{Command, Report, Row, State, step};
use vendzz_connectors::webhooks::{RankedReport, Report as ProviderReport, ReportStore};
use vendzz_schemas::campaign::Channel;
use vendzz_schemas::events::CampaignMessage;

use crate::world::{
    ACCOUNT, LEASE, PROVIDER, Standing, World, candidate_of, fast_sender, id_of, is_send, move_to,
    not_called, not_taken, room_of,
};

const ROWS: usize = 5;
const STEPS: usize = 2_500;
const LATER: Duration = Duration::from_secs(3_600);

/// A message, and what the machine says of it.
struct Mirrored {
    message: CampaignMessage,
    row: Row,
    /// Its message has used its recipient's room.
    uses_room: bool,
    tokens: Vec<Uuid>,
}

struct Walk {
    world: World,
    workers: [LedgerStore; 2],
    reports: ReportStore,
    rng: StdRng,
    mirrors: Vec<Mirrored>,
    /// How often a command was allowed, and how often it was not.
    allowed: usize,
    refused: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_statement_moves_a_row_exactly_as_the_machine_does_and_otherwise_changes_nothing() {
    let world = World::new(Channel::Sms).await;
    let mut walk = Walk {
        workers: [world.worker(1), world.worker(2)],
        reports: ReportStore::new(&world.database.config(), "test"),
        rng: StdRng::seed_from_u64(5),
        mirrors: Vec::new(),
        world,
        allowed: 0,
        refused: 0,
    };
    for number in 0..ROWS {
        let mirrored = walk.fresh(number).await;
        walk.mirrors.push(mirrored);
    }
    for _ in 0..STEPS {
        walk.step().await;
    }
    assert!(walk.allowed > STEPS / 4 && walk.refused > STEPS / 4, "{} {}", walk.allowed, walk.refused);
    walk.world.check_what_is_told().await;
}

impl Walk {
    /// In a pool and of a recipient of its own.
    async fn fresh(&self, number: usize) -> Mirrored {
        let mut message = self.world.message(&format!("+551190000{number:04}"));
        message.sender_pool = format!("pool-{number}");
        assert_eq!(self.world.take_in(std::slice::from_ref(&message)).await, 1);
        let not_before = self.world.standing(id_of(&message)).await.not_before;
        Mirrored { message, row: Row::waiting(not_before), uses_room: false, tokens: vec![Uuid::new_v4()] }
    }

    async fn standings(&self) -> Vec<Standing> {
        let ids: Vec<Uuid> = self.mirrors.iter().map(|mirrored| id_of(&mirrored.message)).collect();
        let mut found = self.world.standings(&ids).await;
        found.sort_by_key(|row| ids.iter().position(|id| *id == row.message_id));
        found
    }

    async fn step(&mut self) {
        let index = self.rng.random_range(0..ROWS);
        let before = self.standings().await;
        let what = self.what(index);
        let touched = match what {
            0 | 1 => self.lease(index).await,
            2..=4 => self.begin_sending(index).await,
            5..=11 => self.say(index, what).await,
            12 => self.report(index).await,
            13 => self.expire().await,
            14 => self.lease_runs_out(index).await,
            _ => self.time_passes(index).await,
        };
        let after = self.standings().await;
        for (number, (before, after)) in before.iter().zip(&after).enumerate() {
            if !touched.contains(&number) {
                assert_eq!(
                    before, after,
                    "step {what} of row {index} was not allowed to change row {number}"
                );
            }
            self.compare(number, after).await;
        }
        if self.mirrors[index].row.state.is_final() && self.rng.random_bool(0.3) {
            self.mirrors[index] = self.fresh(index).await;
            // The recipient has a past by now.
            let sql = "DELETE FROM sending.recipients WHERE recipient = $1";
            let recipient = &self.mirrors[index].message.recipient;
            sqlx::query(sql).bind(recipient).execute(&self.world.pool).await.unwrap();
        }
    }

    /// What somebody wants of a row: mostly something that fits its state, so that every state is reached often.
    fn what(&mut self, index: usize) -> usize {
        if self.rng.random_bool(0.4) {
            return self.rng.random_range(0..16);
        }
        let fitting: &[usize] = match self.mirrors[index].row.state {
            State::Waiting => &[0, 0, 15],
            State::Leased => &[2, 2, 2, 2, 5, 10, 14],
            State::Sending => &[6, 7, 8, 9, 10, 10, 10, 12, 14, 13],
            State::Unknown => &[6, 7, 8, 10, 10, 12],
            State::Sent | State::Failed | State::Skipped => &[12],
        };
        *fitting.choose(&mut self.rng).unwrap()
    }

    async fn compare(&self, number: usize, stored: &Standing) {
        let Mirrored { message, row, uses_room, .. } = &self.mirrors[number];
        assert_eq!(stored.state, row.state.name());
        assert_eq!(stored.attempt.unsigned_abs(), row.attempt, "{}", stored.whole);
        assert_eq!(stored.token, row.token, "{}", stored.whole);
        assert_eq!(stored.report.as_deref(), row.report.map(Report::name), "{}", stored.whole);
        let apart = (stored.not_before - row.not_before).abs();
        assert!(apart < TimeDelta::seconds(30), "{apart} of {}", stored.whole);
        if matches!(row.state, State::Leased | State::Sending) {
            let apart = (stored.lease_until.unwrap() - row.lease_until.unwrap()).abs();
            assert!(apart < TimeDelta::seconds(30), "{apart} of {}", stored.whole);
        }
        let used = self.world.room_used(&message.recipient).await;
        let expected = if *uses_room { vec![id_of(message)] } else { Vec::new() };
        assert_eq!(used, expected, "room of {}", stored.whole);
    }

    /// Asks the machine; says whether the command was allowed.
    fn ask(&mut self, index: usize, command: &Command) -> bool {
        match step(&self.mirrors[index].row, command, Utc::now()) {
            Ok(next) => {
                self.mirrors[index].row = next;
                self.allowed += 1;
                true
            }
            Err(_) => {
                self.refused += 1;
                false
            }
        }
    }

    fn worker(&mut self) -> LedgerStore {
        self.workers.choose(&mut self.rng).unwrap().clone()
    }

    /// One that the row knows now, or knew once.
    fn token(&mut self, index: usize) -> Uuid {
        let tokens = &self.mirrors[index].tokens;
        if self.rng.random_bool(0.85) {
            *tokens.last().unwrap()
        } else {
            *tokens.choose(&mut self.rng).unwrap()
        }
    }

    async fn lease(&mut self, index: usize) -> Vec<usize> {
        let (token, worker) = (Uuid::new_v4(), self.worker());
        let pool = room_of(&self.mirrors[index].message.sender_pool, 10);
        let taken = worker.lease(&[pool], 1_000, token, LEASE).await.unwrap();
        let allowed = self.ask(index, &Command::Lease { token, until: Utc::now() + LEASE });
        assert_eq!(taken.len(), usize::from(allowed));
        self.mirrors[index].tokens.push(token);
        touched(index, allowed)
    }

    async fn begin_sending(&mut self, index: usize) -> Vec<usize> {
        let (token, worker) = (self.token(index), self.worker());
        let candidate = candidate_of(&self.mirrors[index].message, &[fast_sender()]);
        let admission = worker.admit(token, LEASE, std::slice::from_ref(&candidate)).await.unwrap();
        let allowed = self.ask(index, &Command::BeginSending { token, until: Utc::now() + LEASE });
        let decision = &admission.decisions[&candidate.message_id];
        assert_eq!(is_send(decision), allowed, "{decision:?}");
        if allowed {
            self.mirrors[index].uses_room = true;
        }
        touched(index, allowed)
    }

    async fn say(&mut self, index: usize, what: usize) -> Vec<usize> {
        let (token, worker) = (self.token(index), self.worker());
        let Mirrored { message, row, .. } = &self.mirrors[index];
        let (id, recipient) = (id_of(message), message.recipient.clone());
        let (said, command) = match what {
            5 => (move_to(id, token, State::Skipped), Command::Skip { token, reason: "test" }),
            6 => (move_to(id, token, State::Sent), Command::Accepted { token }),
            7 => (move_to(id, token, State::Failed), Command::Refused { token }),
            8 => {
                // Of a leased row it is a release: nothing was counted yet.
                let said = not_called(id, token, &recipient);
                let not_before = Utc::now();
                match row.state {
                    State::Leased => (said, Command::Release { token, not_before, reason: "test" }),
                    _ => (said, Command::NotCalled { token, not_before }),
                }
            }
            9 => (move_to(id, token, State::Unknown), Command::OutcomeUnknown { token }),
            _ => {
                let wait = if self.rng.random_bool(0.3) { LATER } else { Duration::ZERO };
                let not_before = Utc::now() + wait;
                if row.state == State::Leased {
                    let said = Move { wait, ..move_to(id, token, State::Waiting) };
                    (said, Command::Release { token, not_before, reason: "test" })
                } else {
                    let said = Move { wait, ..not_taken(id, token, &recipient) };
                    (said, Command::NotTaken { token, not_before })
                }
            }
        };
        let gives_back = said.give_back.is_some();
        let from = self.mirrors[index].row.state;
        let moved = worker.apply(&[said]).await.unwrap();
        let allowed = self.ask(index, &command);
        assert_eq!(moved.len(), usize::from(allowed), "{command:?} from {}", from.name());
        if allowed {
            assert_eq!(moved[0].from_state, from.name());
            assert_eq!(moved[0].state, self.mirrors[index].row.state.name());
            self.mirrors[index].uses_room &= !gives_back;
        }
        touched(index, allowed)
    }

    async fn report(&mut self, index: usize) -> Vec<usize> {
        let (word, report) = *RankedReport::ALL
            .into_iter()
            .zip(Report::ALL)
            .collect::<Vec<_>>()
            .choose(&mut self.rng)
            .unwrap();
        let message_id = id_of(&self.mirrors[index].message);
        let said =
            ProviderReport { message_id, report: word, reference: String::new(), reason: String::new() };
        self.reports.apply(ACCOUNT, PROVIDER, &said).await.unwrap();
        let allowed = self.ask(index, &Command::Report(report));
        // A message that was refused is not moved, but what was reported of it is noted.
        let row = &mut self.mirrors[index].row;
        if !allowed && row.failed_by_answer {
            row.report = row.report.max(Some(report));
            return vec![index];
        }
        touched(index, allowed)
    }

    async fn expire(&mut self) -> Vec<usize> {
        let moved = self.worker().expire(100).await.unwrap();
        let ran_out: Vec<usize> = (0..ROWS).filter(|index| self.ask(*index, &Command::ExpireLease)).collect();
        assert_eq!(moved.len(), ran_out.len(), "{moved:?}");
        ran_out
    }

    async fn lease_runs_out(&mut self, index: usize) -> Vec<usize> {
        let Mirrored { message, row, .. } = &mut self.mirrors[index];
        if !matches!(row.state, State::Leased | State::Sending) {
            return Vec::new();
        }
        row.lease_until = Some(Utc::now() - TimeDelta::seconds(1));
        self.world.lease_runs_out(id_of(message)).await;
        vec![index]
    }

    async fn time_passes(&mut self, index: usize) -> Vec<usize> {
        let Mirrored { message, row, .. } = &mut self.mirrors[index];
        row.not_before = row.not_before.min(Utc::now() - TimeDelta::milliseconds(1));
        self.world
            .set(id_of(message), "not_before = least(not_before, now() - interval '1 millisecond')")
            .await;
        vec![index]
    }
}

fn touched(index: usize, allowed: bool) -> Vec<usize> {
    if allowed { vec![index] } else { Vec::new() }
}
