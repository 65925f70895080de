//! What is taken under a lease, and what is not.

use std::collections::BTreeSet;
use std::time::Duration;

use uuid::Uuid;
use vendzz_connectors::ledger::store::{LeasedRow, LedgerStore, PoolRoom};
use vendzz_schemas::campaign::Channel;
use vendzz_schemas::events::CampaignMessage;

use crate::world::{LEASE, POOL, World, id_of, room_of};

async fn lease(store: &LedgerStore, pools: &[PoolRoom]) -> Vec<LeasedRow> {
    store.lease(pools, 1_000, Uuid::new_v4(), LEASE).await.unwrap()
}

#[tokio::test]
async fn a_campaign_that_is_paused_or_a_draft_or_unknown_keeps_its_rows_and_one_that_ended_gives_them_out() {
    let world = World::new(Channel::Sms).await;
    let store = world.worker(0);
    for (state, is_taken) in
        [("paused", false), ("draft", false), ("", false), ("active", true), ("ended", true)]
    {
        let campaign_id = format!("campanha-{state}x");
        let message = CampaignMessage { campaign_id: campaign_id.clone(), ..world.message("+5511900000001") };
        if !state.is_empty() {
            world.campaign(&campaign_id, state).await;
        }
        world.take_in(std::slice::from_ref(&message)).await;
        let rows = lease(&store, &[room_of(POOL, 10)]).await;
        assert_eq!(rows.len(), usize::from(is_taken), "{state}");
        if is_taken {
            assert_eq!(
                (rows[0].message_id, rows[0].campaign_state.as_deref()),
                (id_of(&message), Some(state))
            );
            assert_eq!(rows[0].message, message);
        } else {
            assert_eq!(world.state(id_of(&message)).await, "waiting");
        }
    }
    // The paused one goes on.
    world.campaign("campanha-pausedx", "active").await;
    assert_eq!(lease(&store, &[room_of(POOL, 10)]).await.len(), 1);
}

#[tokio::test]
async fn a_pool_with_much_to_send_keeps_no_other_one_waiting() {
    let world = World::new(Channel::Sms).await;
    let store = world.worker(0);
    let mut messages = Vec::new();
    for (sender_pool, count, age) in [("much", 200, 60_000), ("little", 3, 0), ("some", 20, 0)] {
        for _ in 0..count {
            let mut message = world.message("+5511900000001");
            message.due_at -= age;
            sender_pool.clone_into(&mut message.sender_pool);
            messages.push(message);
        }
    }
    world.take_in(&messages).await;
    let pools = ["much", "little", "some"].map(|name| room_of(name, 20));
    let rows = store.lease(&pools, 20, Uuid::new_v4(), LEASE).await.unwrap();
    let taken = |name: &str| rows.iter().filter(|row| row.message.sender_pool == name).count();
    assert_eq!(rows.len(), 20);
    assert_eq!(taken("little"), 3);
    assert!(taken("much") >= 8 && taken("some") >= 8, "{} and {}", taken("much"), taken("some"));
}

#[tokio::test]
async fn of_each_pool_at_most_its_room_is_taken_the_oldest_first() {
    let world = World::new(Channel::Sms).await;
    let store = world.worker(0);
    let mut messages = Vec::new();
    for number in 0..20 {
        for sender_pool in ["a", "b", "c"] {
            let mut message = world.message("+5511900000001");
            message.due_at -= number * 1_000;
            sender_pool.clone_into(&mut message.sender_pool);
            messages.push(message);
        }
    }
    world.take_in(&messages).await;
    let token = Uuid::new_v4();
    let pools = [room_of("a", 3), room_of("b", 7), room_of("d", 5), room_of("c", 0)];
    let rows = store.lease(&pools, 1_000, token, LEASE).await.unwrap();
    for (sender_pool, room) in [("a", 3), ("b", 7), ("c", 0)] {
        let mut taken: Vec<i64> = rows
            .iter()
            .filter(|row| row.message.sender_pool == sender_pool)
            .map(|row| row.message.due_at)
            .collect();
        taken.sort_unstable();
        let mut due: Vec<i64> = messages
            .iter()
            .filter(|message| message.sender_pool == sender_pool)
            .map(|message| message.due_at)
            .collect();
        due.sort_unstable();
        assert_eq!(taken, due[..room], "{sender_pool}");
    }
    for row in &rows {
        let stored = world.standing(row.message_id).await;
        assert_eq!((stored.state.as_str(), stored.token, row.token), ("leased", Some(token), token));
        assert!(stored.lease_until.unwrap() > row.now + Duration::from_secs(3_500));
    }
    let again = store.lease(&pools, 1_000, Uuid::new_v4(), LEASE).await.unwrap();
    let ids: BTreeSet<Uuid> = rows.iter().chain(&again).map(|row| row.message_id).collect();
    assert_eq!(ids.len(), 20, "nothing is taken twice");
}

#[tokio::test]
async fn what_is_not_due_or_of_another_channel_or_account_is_not_taken() {
    let world = World::new(Channel::Sms).await;
    let store = world.worker(0);
    let mut future = world.message("+5511900000001");
    future.due_at += 60_000;
    let mut others = world.message("+5511900000001");
    "conta-2".clone_into(&mut others.account_id);
    let mut mail = world.message("pessoa@exemplo.com");
    "email".clone_into(&mut mail.channel);
    world.take_in(&[future.clone(), others, mail]).await;
    assert_eq!(lease(&store, &[room_of(POOL, 10)]).await.len(), 0);
    world.set(id_of(&future), "not_before = now()").await;
    let rows = lease(&store, &[room_of(POOL, 10)]).await;
    assert_eq!(rows.iter().map(|row| row.message_id).collect::<Vec<_>>(), [id_of(&future)]);
}

#[tokio::test]
async fn rows_that_nobody_takes_come_once_they_are_late_and_not_before() {
    let world = World::new(Channel::Sms).await;
    let store = world.worker(0);
    world.campaign("campanha-2", "paused").await;
    let unknown_pool = CampaignMessage { sender_pool: "sumiu".to_owned(), ..world.message("+5511900000001") };
    let paused = CampaignMessage { campaign_id: "campanha-2".to_owned(), ..world.message("+5511900000001") };
    let timely = world.message("+5511900000001");
    let deferred = world.message("+5511900000001");
    world.take_in(&[unknown_pool.clone(), paused.clone(), timely, deferred.clone()]).await;
    assert_eq!(store.lease_late(10, Uuid::new_v4(), LEASE).await.unwrap().len(), 0);
    let late = "late_from = now() - interval '1 second'";
    for message in [&unknown_pool, &paused, &deferred] {
        world.set(id_of(message), late).await;
    }
    world.set(id_of(&deferred), "not_before = now() + interval '1 minute'").await;
    let token = Uuid::new_v4();
    let rows = store.lease_late(10, token, LEASE).await.unwrap();
    let taken: BTreeSet<Uuid> = rows.iter().map(|row| row.message_id).collect();
    assert_eq!(taken, BTreeSet::from([id_of(&unknown_pool), id_of(&paused)]));
    for row in &rows {
        assert_eq!(world.standing(row.message_id).await.token, Some(token));
    }
    assert_eq!(store.lease_late(10, Uuid::new_v4(), LEASE).await.unwrap().len(), 0, "they are leased");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_somebody_moves_is_neither_taken_nor_waited_for() {
    for is_late in [false, true] {
        let world = World::new(Channel::Sms).await;
        let store = world.worker(0);
        let message = world.message("+5511900000001");
        let id = id_of(&message);
        world.take_in(&[message]).await;
        world.set(id, "late_from = now() - interval '1 second'").await;
        let mut mover = world.pool.begin().await.unwrap();
        let sql = "UPDATE sending.message_ledger SET state = 'skipped' WHERE message_id = $1";
        sqlx::query(sql).bind(id).execute(&mut *mover).await.unwrap();
        let leasing = async {
            if is_late {
                store.lease_late(10, Uuid::new_v4(), LEASE).await.unwrap()
            } else {
                lease(&store, &[room_of(POOL, 10)]).await
            }
        };
        let rows = tokio::time::timeout(Duration::from_secs(4), leasing).await.expect("it waits");
        assert_eq!(rows.len(), 0, "late: {is_late}");
        mover.commit().await.unwrap();
        assert_eq!(world.state(id).await, "skipped", "late: {is_late}");
    }
}
