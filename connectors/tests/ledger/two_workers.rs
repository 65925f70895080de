//! Two workers at once on the same rows, recipients and senders.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use uuid::Uuid;
use vendzz_connectors::ledger::State;
use vendzz_connectors::ledger::store::{Candidate, Decision, LeasedRow, LedgerStore, Move, SenderChoice};
use vendzz_schemas::campaign::Channel;
use vendzz_schemas::events::{CampaignMessage, FrequencyCap};

use crate::world::{
    ACCOUNT, LEASE, POOL, World, candidate, candidate_of, fast_sender, id_of, is_send, move_to, not_taken,
    room_of, sender,
};

const DAY_MS: i64 = 24 * 3_600_000;

/// A worker that leases, admits in any order, and says of each call that it was taken.
struct Worker {
    store: LedgerStore,
    rng: StdRng,
    senders: Vec<SenderChoice>,
    is_paired: bool,
    /// Message, recipient and sender of every call.
    calls: Vec<(Uuid, String, String)>,
}

impl Worker {
    fn new(world: &World, number: u64, senders: &[SenderChoice], is_paired: bool) -> Self {
        Self {
            store: world.worker(number as i16),
            rng: StdRng::seed_from_u64(number),
            senders: senders.to_vec(),
            is_paired,
            calls: Vec::new(),
        }
    }

    /// Until nothing was due for some rounds.
    async fn run(mut self) -> Self {
        let mut idle_rounds = 0;
        while idle_rounds < 3 {
            let token = Uuid::new_v4();
            let room = self.rng.random_range(1..12);
            let rows = self.store.lease(&[room_of(POOL, room)], 1_000, token, LEASE).await.unwrap();
            if rows.is_empty() {
                idle_rounds += 1;
                tokio::time::sleep(Duration::from_millis(2)).await;
                continue;
            }
            self.admit(rows, token).await;
        }
        self
    }

    async fn admit(&mut self, rows: Vec<LeasedRow>, token: Uuid) {
        let mut candidates: Vec<Candidate> = rows
            .iter()
            .map(|row| Candidate { is_paired: self.is_paired, ..candidate(row, &self.senders) })
            .collect();
        candidates.shuffle(&mut self.rng);
        let mut decisions = self.store.admit(token, LEASE, &candidates).await.unwrap().decisions;
        let mut moves = Vec::new();
        for row in rows {
            let recipient = row.message.recipient;
            match decisions.remove(&row.message_id).unwrap() {
                Decision::Send { sender_id } => {
                    self.calls.push((row.message_id, recipient, sender_id));
                    moves.push(move_to(row.message_id, token, State::Sent));
                }
                // It does not come again in this test.
                _ => moves.push(Move {
                    wait: Duration::from_secs(3_600),
                    ..move_to(row.message_id, token, State::Waiting)
                }),
            }
        }
        moves.shuffle(&mut self.rng);
        assert_eq!(self.store.apply(&moves).await.unwrap().len(), moves.len());
    }
}

/// Every call of both.
async fn both(world: &World, senders: &[SenderChoice], is_paired: bool) -> Vec<(Uuid, String, String)> {
    let workers = [1, 2].map(|number| tokio::spawn(Worker::new(world, number, senders, is_paired).run()));
    let mut calls = Vec::new();
    for worker in workers {
        calls.extend(worker.await.unwrap().calls);
    }
    calls
}

/// Those that were called for are the sent ones, and their recipients' room is used by them alone.
async fn check_calls(world: &World, calls: &[(Uuid, String, String)]) {
    let ids: BTreeSet<Uuid> = calls.iter().map(|call| call.0).collect();
    assert_eq!(ids.len(), calls.len(), "a message was called for twice");
    let sql = "SELECT message_id FROM sending.message_ledger WHERE state = 'sent'";
    let sent: Vec<Uuid> = sqlx::query_scalar(sql).fetch_all(&world.pool).await.unwrap();
    assert_eq!(sent.into_iter().collect::<BTreeSet<_>>(), ids);
    let sql = "SELECT unnest(message_ids) FROM sending.recipients";
    let noted: Vec<Uuid> = sqlx::query_scalar(sql).fetch_all(&world.pool).await.unwrap();
    assert_eq!((noted.len(), noted.into_iter().collect::<BTreeSet<_>>()), (ids.len(), ids));
    let twice = world.count("SELECT count(*) FROM sending.message_ledger WHERE attempt > 1").await;
    assert_eq!(twice, 0);
    world.check_what_is_told().await;
}

fn messages(
    world: &World,
    recipients: usize,
    each: usize,
    change: fn(&mut CampaignMessage),
) -> Vec<CampaignMessage> {
    let mut messages = Vec::new();
    for _ in 0..each {
        for number in 0..recipients {
            let mut message = world.message(&format!("+551190000{number:04}"));
            change(&mut message);
            messages.push(message);
        }
    }
    messages
}

fn by_recipient(calls: &[(Uuid, String, String)]) -> BTreeMap<&str, usize> {
    let mut counted = BTreeMap::new();
    for (_, recipient, _) in calls {
        *counted.entry(recipient.as_str()).or_default() += 1;
    }
    counted
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_workers_exactly_one_is_admitted_for_each_row() {
    let world = World::new(Channel::Sms).await;
    assert_eq!(world.take_in(&messages(&world, 40, 10, |_| ())).await, 400);
    let calls = both(&world, &[fast_sender()], false).await;
    assert_eq!(calls.len(), 400);
    check_calls(&world, &calls).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_hold_the_rows_is_never_admitted_even_at_the_same_moment() {
    let world = World::new(Channel::Sms).await;
    let (holder, thief) = (world.worker(1), world.worker(2));
    for _ in 0..30 {
        let messages = messages(&world, 10, 1, |_| ());
        world.take_in(&messages).await;
        let token = Uuid::new_v4();
        let rows = holder.lease(&[room_of(POOL, 10)], 1_000, token, LEASE).await.unwrap();
        let mut candidates: Vec<Candidate> =
            messages.iter().map(|message| candidate_of(message, &[fast_sender()])).collect();
        let stolen = candidates.clone();
        candidates.reverse();
        let (admitted, refused) = tokio::join!(
            holder.admit(token, LEASE, &candidates),
            thief.admit(Uuid::new_v4(), LEASE, &stolen)
        );
        assert!(admitted.unwrap().decisions.values().all(is_send));
        assert!(refused.unwrap().decisions.values().all(|decision| *decision == Decision::LookAgain));
        let done: Vec<Move> = rows.iter().map(|row| move_to(row.message_id, token, State::Sent)).collect();
        assert_eq!(holder.apply(&done).await.unwrap().len(), 10);
    }
    let noted = world.count("SELECT sum(cardinality(sent_at)) FROM sending.recipients").await;
    assert_eq!(noted, 300);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_together_never_exceed_a_recipients_cap_and_use_all_of_it() {
    let world = World::new(Channel::Sms).await;
    let cap = |message: &mut CampaignMessage| {
        message.frequency_cap = Some(FrequencyCap { messages: 2, period_ms: DAY_MS });
    };
    world.take_in(&messages(&world, 6, 20, cap)).await;
    let calls = both(&world, &[fast_sender()], false).await;
    let counted = by_recipient(&calls);
    assert!(counted.len() == 6 && counted.values().all(|calls| *calls == 2), "{counted:?}");
    check_calls(&world, &calls).await;

    // A day later there is room again.
    let later = "UPDATE sending.recipients
        SET sent_at = (SELECT array_agg(at - interval '25 hours') FROM unnest(sent_at) AS at)";
    sqlx::query(later).execute(&world.pool).await.unwrap();
    sqlx::query("UPDATE sending.message_ledger SET not_before = now()").execute(&world.pool).await.unwrap();
    let counted_again = both(&world, &[fast_sender()], false).await;
    assert_eq!(by_recipient(&counted_again), counted);
}

/// Each by a sender of its own: nothing but the recipient makes them take turns.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_at_the_same_moment_never_give_a_recipients_last_room_twice() {
    let world = World::new(Channel::Sms).await;
    let workers = [world.worker(1), world.worker(2)];
    let cap = |message: &mut CampaignMessage| {
        message.frequency_cap = Some(FrequencyCap { messages: 1, period_ms: DAY_MS });
    };
    for round in 1..=30 {
        world.take_in(&messages(&world, 1, 2, cap)).await;
        let tokens = [Uuid::new_v4(), Uuid::new_v4()];
        let mut candidates = Vec::new();
        for (number, worker) in workers.iter().enumerate() {
            let rows = worker.lease(&[room_of(POOL, 1)], 1, tokens[number], LEASE).await.unwrap();
            candidates.push(candidate(&rows[0], &[sender(&format!("s-{number}"), 100_000.0, 100_000)]));
        }
        let (one, other) = tokio::join!(
            workers[0].admit(tokens[0], LEASE, &candidates[..1]),
            workers[1].admit(tokens[1], LEASE, &candidates[1..])
        );
        let decisions = [one, other].map(|admission| admission.unwrap().decisions);
        let calls = decisions.iter().flat_map(HashMap::values).filter(|decision| is_send(decision)).count();
        assert_eq!(calls, 1, "round {round}: {decisions:?}");
        // The next round finds the recipient known and all room free.
        let forget = "UPDATE sending.recipients SET message_ids = '{}', sent_at = '{}'";
        sqlx::query(forget).execute(&world.pool).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_together_never_get_more_of_senders_than_their_buckets_hold() {
    let world = World::new(Channel::Sms).await;
    world.take_in(&messages(&world, 100, 1, |_| ())).await;
    let senders = [sender("s-1", 0.002, 10), sender("s-2", 0.002, 7)];
    let calls = both(&world, &senders, false).await;
    let mut of_sender: HashMap<&str, usize> = HashMap::new();
    for (_, _, sender_id) in &calls {
        *of_sender.entry(sender_id).or_default() += 1;
    }
    assert_eq!(of_sender, HashMap::from([("s-1", 10), ("s-2", 7)]));
    for id in ["s-1", "s-2"] {
        let left = world.tokens(id).await.unwrap();
        assert!((0.0..0.5).contains(&left), "{id} holds {left}");
    }
    check_calls(&world, &calls).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_together_keep_the_pause_between_two_messages_to_one_recipient() {
    let world = World::new(Channel::Whatsapp).await;
    world.take_in(&messages(&world, 4, 12, |_| ())).await;
    for round in 1..=3 {
        let calls = both(&world, &[fast_sender()], true).await;
        let counted = by_recipient(&calls);
        assert!(counted.len() == 4 && counted.values().all(|calls| *calls == 1), "{round}: {counted:?}");
        // The pause is six seconds.
        let passes = "UPDATE sending.recipients
            SET sent_at = (SELECT array_agg(at - interval '6 seconds') FROM unnest(sent_at) AS at)";
        sqlx::query(passes).execute(&world.pool).await.unwrap();
        let due = "UPDATE sending.message_ledger SET not_before = now()";
        sqlx::query(due).execute(&world.pool).await.unwrap();
    }
}

/// What waits for each other: senders, recipients, earlier and later messages, tallies of one shard.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_that_admit_complete_and_sweep_in_any_order_never_wait_in_a_circle() {
    const ROUNDS: usize = 500;
    let world = Arc::new(World::new(Channel::Sms).await);
    let mut earlier = messages(&world, 4, 3, |_| ());
    let later: Vec<CampaignMessage> = earlier.iter().map(|message| world.later_of(message)).collect();
    earlier.extend(later);
    world.take_in(&earlier).await;
    let is_done = Arc::new(AtomicBool::new(false));
    let sweeper = tokio::spawn({
        let (store, is_done) = (world.worker(7), is_done.clone());
        async move {
            while !is_done.load(Ordering::Relaxed) {
                store.expire(100).await.unwrap();
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    });
    let workers = [1, 2].map(|number| {
        let store = world.worker(7);
        tokio::spawn(async move {
            let mut rng = StdRng::seed_from_u64(number);
            let mut calls = 0;
            for _ in 0..ROUNDS {
                calls += cycle(&store, &mut rng).await.unwrap();
            }
            calls
        })
    });
    for worker in workers {
        assert!(worker.await.unwrap() > ROUNDS / 2, "hardly any call was made");
    }
    is_done.store(true, Ordering::Relaxed);
    sweeper.await.unwrap();
    // What is noted of recipients is what calls that were not given back have used.
    let sql = "SELECT count(*) FROM sending.message_ledger AS row
        JOIN sending.recipients USING (account_id, channel, recipient)
        WHERE (row.state IN ('sending', 'unknown', 'sent')) <> (row.message_id = ANY (message_ids))";
    assert_eq!(world.count(sql).await, 0);
    world.check_what_is_told().await;
}

/// Every row comes back to waiting: by its holder, or late by its holder after the sweep has made it unknown.
async fn cycle(store: &LedgerStore, rng: &mut StdRng) -> sqlx::Result<usize> {
    let token = Uuid::new_v4();
    // Some leases are over before the answer is there.
    let sending = if rng.random_bool(0.3) { Duration::from_millis(1) } else { LEASE };
    let rows = store.lease(&[room_of(POOL, rng.random_range(1..9))], 1_000, token, LEASE).await?;
    let recipients: HashMap<Uuid, String> =
        rows.iter().map(|row| (row.message_id, row.message.recipient.clone())).collect();
    let senders = [sender("s-1", 100_000.0, 100_000), sender("s-2", 100_000.0, 100_000)];
    let mut candidates: Vec<Candidate> = rows
        .iter()
        .map(|row| {
            let mut one = candidate(row, &senders);
            one.senders.shuffle(rng);
            one
        })
        .collect();
    candidates.shuffle(rng);
    let decisions = store.admit(token, sending, &candidates).await?.decisions;
    let mut moves: Vec<Move> = Vec::new();
    let mut calls = 0;
    for (message_id, decision) in decisions {
        if is_send(&decision) {
            calls += 1;
            moves.push(not_taken(message_id, token, &recipients[&message_id]));
        } else {
            moves.push(move_to(message_id, token, State::Waiting));
        }
    }
    moves.shuffle(rng);
    store.apply(&moves).await?;
    Ok(calls)
}

#[tokio::test]
async fn an_account_has_room_and_senders_of_its_own() {
    let world = World::new(Channel::Sms).await;
    let store = world.worker(0);
    let (mut candidates, token) = (Vec::new(), Uuid::new_v4());
    let one = [sender("s-1", 0.01, 1)];
    for account in [ACCOUNT, "conta-2"] {
        let mut message = world.message("+5511900000001");
        account.clone_into(&mut message.account_id);
        message.frequency_cap = Some(FrequencyCap { messages: 1, period_ms: DAY_MS });
        world.take_in(std::slice::from_ref(&message)).await;
        candidates.push(candidate_of(&message, &one));
        let mut pool = room_of(POOL, 1);
        account.clone_into(&mut pool.account_id);
        let rows = store.lease(&[pool], 1_000, token, LEASE).await.unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].message_id, id_of(&message));
    }
    let decisions = store.admit(token, LEASE, &candidates).await.unwrap().decisions;
    assert!(decisions.values().all(is_send), "{decisions:?}");
}
