//! PostgreSQL, or the way to it, goes away while candidates are admitted. No call is made then, so nothing may be left of it.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use uuid::Uuid;
use vendzz_connectors::ledger::State;
use vendzz_connectors::ledger::store::{Candidate, LedgerStore, Move};
use vendzz_connectors::sender::admit_or_give_back;
use vendzz_schemas::campaign::Channel;
use vendzz_test_support::{AtCommit, CommitProxy};

use crate::world::{
    LEASE, POOL, World, candidate, fast_sender, id_of, is_send, lease_and_admit, move_to, not_taken, room_of,
};

const RECIPIENT: &str = "+5511900000001";
const DUE: &str =
    "UPDATE sending.message_ledger SET not_before = now() - interval '1 second' WHERE state = 'waiting'";

/// Cuts like this at the first COMMIT, and at all later ones before it, until it is mended.
async fn cut_first(first: AtCommit) -> CommitProxy {
    CommitProxy::start(move |number| if number == 0 { first } else { AtCommit::CutBefore }).await
}

async fn nothing_is_unknown(world: &World) {
    let sql = "SELECT (SELECT count(*) FROM sending.message_ledger WHERE state IN ('sending', 'unknown'))
        + (SELECT count(*) FROM sending.delivery_events WHERE event->>'what' = 'unknown')";
    assert_eq!(world.count(sql).await, 0);
    world.check_what_is_told().await;
}

#[tokio::test]
async fn an_admission_whose_commit_is_not_answered_leaves_nothing_whether_it_took_place_or_not() {
    for cut in [AtCommit::CutAfter, AtCommit::CutBefore] {
        let world = World::new(Channel::Sms).await;
        let message = world.message(RECIPIENT);
        let id = id_of(&message);
        world.take_in(&[message]).await;
        let sender = fast_sender();
        let proxy = cut_first(cut).await;
        let direct = world.worker(0);
        let rows = direct.lease(&[room_of(POOL, 1)], 1, Uuid::new_v4(), LEASE).await.unwrap();
        let candidates = [candidate(&rows[0], std::slice::from_ref(&sender))];
        let cut_off = world.worker_through(&proxy);
        assert!(cut_off.admit(rows[0].token, LEASE, &candidates).await.is_err(), "{cut:?}");
        assert_eq!(proxy.commits(), 1, "{cut:?}");
        // That alone is not enough: who cannot be told must look what became of it.
        let became = if cut == AtCommit::CutAfter { "sending" } else { "leased" };
        assert_eq!(world.state(id).await, became, "{cut:?}");
        let is_noted = cut == AtCommit::CutAfter;
        assert_eq!(world.room_used(RECIPIENT).await.contains(&id), is_noted, "{cut:?}");
    }
}

#[tokio::test]
async fn a_worker_gives_back_what_it_cannot_know_to_be_admitted() {
    for cut in [AtCommit::CutAfter, AtCommit::CutBefore] {
        let world = World::new(Channel::Sms).await;
        let messages: Vec<_> =
            (0..20).map(|number| world.message(&format!("+551190000{:04}", number % 7))).collect();
        world.take_in(&messages).await;
        let proxy = cut_first(cut).await;
        let (direct, token) = (world.worker(0), Uuid::new_v4());
        let rows = direct.lease(&[room_of(POOL, 20)], 20, token, LEASE).await.unwrap();
        let candidates: Vec<Candidate> = rows.iter().map(|row| candidate(row, &[fast_sender()])).collect();
        let store = world.worker_through(&proxy);
        let admitting = tokio::spawn(async move {
            admit_or_give_back(&store, token, LEASE, &candidates).await.map(|admission| admission.decisions)
        });
        // The admission's, then two of what gives back: that goes on until it is through.
        while proxy.commits() < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        proxy.mend();
        assert!(admitting.await.unwrap().is_err(), "{cut:?}");
        for message in &messages {
            let row = world.standing(id_of(message)).await;
            assert_eq!((row.state.as_str(), row.events, row.lease_until), ("waiting", 0, None), "{cut:?}");
            assert_eq!(row.attempt, 0, "{cut:?}: nobody was called");
            assert_eq!(world.room_used(&message.recipient).await, Vec::<Uuid>::new(), "{cut:?}");
        }
        nothing_is_unknown(&world).await;
        // And they go out.
        sqlx::query(DUE).execute(&world.pool).await.unwrap();
        let (_, decided) = lease_and_admit(&direct, 20, &[fast_sender()]).await;
        assert!(decided.len() == 20 && decided.iter().all(|(_, decision)| is_send(decision)), "{cut:?}");
    }
}

#[tokio::test]
async fn what_the_sweep_has_called_unknown_meanwhile_is_given_back_too() {
    let world = World::new(Channel::Sms).await;
    let message = world.message(RECIPIENT);
    let id = id_of(&message);
    world.take_in(&[message]).await;
    let proxy = cut_first(AtCommit::CutAfter).await;
    let (direct, token) = (world.worker(0), Uuid::new_v4());
    let rows = direct.lease(&[room_of(POOL, 1)], 1, token, LEASE).await.unwrap();
    let candidates = [candidate(&rows[0], &[fast_sender()])];
    let store = world.worker_through(&proxy);
    let admitting = tokio::spawn(async move {
        admit_or_give_back(&store, token, Duration::from_millis(1), &candidates).await.map(drop)
    });
    while world.state(id).await != "unknown" {
        tokio::time::sleep(Duration::from_millis(2)).await;
        direct.expire(10).await.unwrap();
    }
    proxy.mend();
    assert!(admitting.await.unwrap().is_err());
    assert_eq!(world.state(id).await, "waiting");
    assert_eq!(world.room_used(RECIPIENT).await, Vec::<Uuid>::new());
    assert_eq!(world.database.tallies().await.get("unknown"), None);
    world.check_what_is_told().await;
}

/// A second session ends the worker's connections, at whatever moment of its rounds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_end_at_any_moment_leave_nothing_unknown_and_nothing_is_called_twice() {
    const MESSAGES: usize = 40;
    const FAILED_ADMISSIONS: usize = 60;
    const APPLICATION: &str = "vendzz-ledger-ended";
    let world = World::new(Channel::Sms).await;
    let messages: Vec<_> =
        (0..MESSAGES).map(|number| world.message(&format!("+551190000{:04}", number % 9))).collect();
    world.take_in(&messages).await;
    let is_done = Arc::new(AtomicBool::new(false));
    let ender = tokio::spawn({
        let (pool, is_done) = (world.pool.clone(), is_done.clone());
        async move {
            let mut rng = StdRng::seed_from_u64(5);
            while !is_done.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_micros(rng.random_range(0..40_000))).await;
                let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database() AND application_name = $1";
                sqlx::query(sql).bind(APPLICATION).execute(&pool).await.unwrap();
            }
        }
    });
    let ended = LedgerStore::new(&world.database.config(), Channel::Sms, APPLICATION, 0);
    let steady = world.worker(1);
    let mut rng = StdRng::seed_from_u64(6);
    let (mut admitted, mut failed, begun) = (0, 0, Instant::now());
    while failed < FAILED_ADMISSIONS || admitted < FAILED_ADMISSIONS {
        assert!(
            begun.elapsed() < Duration::from_secs(120),
            "{failed} of {} admissions failed",
            admitted + failed
        );
        sqlx::query(DUE).execute(&world.pool).await.unwrap();
        let token = Uuid::new_v4();
        let room = [room_of(POOL, rng.random_range(1..12))];
        let rows = steady.lease(&room, 1_000, token, LEASE).await.unwrap();
        let candidates: Vec<Candidate> = rows.iter().map(|row| candidate(row, &[fast_sender()])).collect();
        let Ok(admission) = admit_or_give_back(&ended, token, LEASE, &candidates).await else {
            failed += 1;
            let ids: Vec<Uuid> = candidates.iter().map(|candidate| candidate.message_id).collect();
            for row in world.standings(&ids).await {
                assert_eq!(row.state, "waiting");
            }
            continue;
        };
        admitted += 1;
        let moves: Vec<Move> = candidates
            .iter()
            .map(|one| match &admission.decisions[&one.message_id] {
                decision if is_send(decision) => not_taken(one.message_id, token, &one.contact),
                _ => move_to(one.message_id, token, State::Waiting),
            })
            .collect();
        assert_eq!(steady.apply(&moves).await.unwrap().len(), moves.len());
    }
    is_done.store(true, Ordering::Relaxed);
    ender.await.unwrap();
    println!("{admitted} admissions, {failed} failed");
    nothing_is_unknown(&world).await;
    let noted = world.count("SELECT COALESCE(sum(cardinality(sent_at)), 0) FROM sending.recipients").await;
    assert_eq!(noted, 0, "all room is given back");
    sqlx::query(DUE).execute(&world.pool).await.unwrap();
    let (_, decided) = lease_and_admit(&steady, 100, &[fast_sender()]).await;
    let sent: HashSet<Uuid> = decided.iter().map(|(row, _)| row.message_id).collect();
    assert!(sent.len() == MESSAGES && decided.iter().all(|(_, decision)| is_send(decision)));
}
