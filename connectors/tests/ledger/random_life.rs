//! Messages that live at random, in the hands of two workers, a sweep and a provider's reports at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use uuid::Uuid;
use vendzz_connectors::ledger::State;
use vendzz_connectors::ledger::store::{Candidate, LedgerStore, Move};
use vendzz_connectors::webhooks::{RankedReport, Report, ReportStore};
use vendzz_schemas::campaign::Channel;

use crate::world::{
    ACCOUNT, LEASE, POOL, PROVIDER, World, candidate, fast_sender, id_of, is_send, move_to, not_taken,
    room_of,
};

const MESSAGES: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_have_no_gaps_and_tallies_equal_the_rows_after_any_life() {
    let world = World::new(Channel::Sms).await;
    let messages: Vec<_> =
        (0..MESSAGES).map(|number| world.message(&format!("+551190000{:04}", number % 30))).collect();
    let ids: Arc<Vec<Uuid>> = Arc::new(messages.iter().map(id_of).collect());
    world.take_in(&messages).await;
    let is_done = Arc::new(AtomicBool::new(false));
    let sweeper = tokio::spawn({
        let (store, is_done) = (world.worker(3), is_done.clone());
        async move {
            while !is_done.load(Ordering::Relaxed) {
                store.expire(20).await.unwrap();
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
    });
    let reporter = tokio::spawn({
        let reports = ReportStore::new(&world.database.config(), "test");
        let (ids, is_done) = (ids.clone(), is_done.clone());
        async move {
            let mut rng = StdRng::seed_from_u64(11);
            while !is_done.load(Ordering::Relaxed) {
                let report = Report {
                    message_id: *ids.choose(&mut rng).unwrap(),
                    report: *RankedReport::ALL.choose(&mut rng).unwrap(),
                    reference: String::new(),
                    reason: String::new(),
                };
                reports.apply(ACCOUNT, PROVIDER, &report).await.unwrap();
            }
        }
    });
    // The same shard for both: they meet in the tallies too.
    let workers = [1, 2].map(|number| {
        let store = world.worker(5);
        tokio::spawn(async move {
            let mut rng = StdRng::seed_from_u64(number);
            let mut idle_rounds = 0;
            while idle_rounds < 10 {
                if live(&store, &mut rng).await == 0 {
                    idle_rounds += 1;
                    tokio::time::sleep(Duration::from_millis(10)).await;
                } else {
                    idle_rounds = 0;
                }
            }
        })
    });
    for worker in workers {
        worker.await.unwrap();
    }
    is_done.store(true, Ordering::Relaxed);
    sweeper.await.unwrap();
    reporter.await.unwrap();
    world.worker(3).expire(1_000).await.unwrap();
    world.check_what_is_told().await;
    for state in ["sent", "failed", "skipped", "unknown"] {
        let tallies = world.database.tallies().await;
        assert!(tallies.contains_key(state), "no row is {state}: {tallies:?}");
    }
}

/// One round: says how many rows were taken.
async fn live(store: &LedgerStore, rng: &mut StdRng) -> usize {
    let token = Uuid::new_v4();
    let rows = store.lease(&[room_of(POOL, rng.random_range(1..15))], 1_000, token, LEASE).await.unwrap();
    let mut moves: Vec<Move> = Vec::new();
    let mut candidates: Vec<Candidate> = Vec::new();
    for row in &rows {
        match rng.random_range(0..10) {
            0 => moves.push(move_to(row.message_id, token, State::Skipped)),
            1 => {
                moves.push(Move { what: Some("deferred"), ..move_to(row.message_id, token, State::Waiting) })
            }
            _ => candidates.push(candidate(row, &[fast_sender()])),
        }
    }
    store.apply(&moves).await.unwrap();
    candidates.shuffle(rng);
    let is_short = rng.random_bool(0.3);
    let lease = if is_short { Duration::from_millis(1) } else { LEASE };
    let decisions = store.admit(token, lease, &candidates).await.unwrap().decisions;
    if is_short {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut moves: Vec<Move> = Vec::new();
    for one in &candidates {
        if !is_send(&decisions[&one.message_id]) {
            moves.push(move_to(one.message_id, token, State::Waiting));
            continue;
        }
        match rng.random_range(0..10) {
            // Never heard of again.
            0 => {}
            1 | 2 => moves.push(not_taken(one.message_id, token, &one.contact)),
            3 => moves.push(move_to(one.message_id, token, State::Failed)),
            4 | 5 => moves.push(move_to(one.message_id, token, State::Unknown)),
            _ => moves.push(move_to(one.message_id, token, State::Sent)),
        }
    }
    moves.shuffle(rng);
    store.apply(&moves).await.unwrap();
    rows.len()
}
