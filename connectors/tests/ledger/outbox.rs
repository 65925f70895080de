//! Events that are to be published: held by one publisher at a time, and again until they are marked.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use uuid::Uuid;
use vendzz_connectors::ledger::State;
use vendzz_connectors::ledger::store::Move;
use vendzz_schemas::campaign::Channel;

use crate::world::{LEASE, POOL, World, move_to, room_of};

type Key = (Uuid, i16);

async fn with_events(count: usize) -> World {
    let world = World::new(Channel::Sms).await;
    let messages: Vec<_> = (0..count).map(|_| world.message("+5511900000001")).collect();
    world.take_in(&messages).await;
    let (store, token) = (world.worker(0), Uuid::new_v4());
    let rows = store.lease(&[room_of(POOL, count as i64)], 1_000, token, LEASE).await.unwrap();
    let moves: Vec<Move> = rows.iter().map(|row| move_to(row.message_id, token, State::Skipped)).collect();
    assert_eq!(store.apply(&moves).await.unwrap().len(), count);
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_publishers_never_hold_the_same_event_and_what_is_not_marked_comes_again() {
    const EVENTS: usize = 300;
    let world = with_events(EVENTS).await;
    let held: Arc<Mutex<BTreeSet<Key>>> = Arc::default();
    let marked: Arc<Mutex<BTreeSet<Key>>> = Arc::default();
    let publishers = [1, 2, 3].map(|number| {
        let (store, held, marked) = (world.worker(0), held.clone(), marked.clone());
        tokio::spawn(async move {
            let mut rng = StdRng::seed_from_u64(number);
            let mut seen = 0;
            while marked.lock().unwrap().len() < EVENTS {
                let unpublished = store.unpublished(rng.random_range(1..30)).await.unwrap();
                let keys: Vec<Key> =
                    unpublished.events.iter().map(|event| (event.message_id, event.number)).collect();
                seen += keys.len();
                for key in &keys {
                    assert!(held.lock().unwrap().insert(*key), "two hold {key:?}");
                    assert!(!marked.lock().unwrap().contains(key), "{key:?} is published");
                }
                tokio::time::sleep(Duration::from_millis(rng.random_range(0..3))).await;
                let some: Vec<Key> = keys.iter().copied().filter(|_| rng.random_bool(0.6)).collect();
                for key in &keys {
                    held.lock().unwrap().remove(key);
                }
                if some.is_empty() {
                    unpublished.leave().await;
                } else {
                    marked.lock().unwrap().extend(&some);
                    unpublished.mark(&some).await.unwrap();
                }
            }
            seen
        })
    });
    let mut seen = 0;
    for publisher in publishers {
        seen += publisher.await.unwrap();
    }
    assert!(seen > EVENTS, "what was not marked came again");
    let sql = "SELECT count(*) FROM sending.delivery_events WHERE published_at IS NULL";
    assert_eq!(world.count(sql).await, 0);
}

#[tokio::test]
async fn events_of_a_publisher_that_goes_away_come_again() {
    let world = with_events(5).await;
    let store = world.worker(0);
    let first = store.unpublished(10).await.unwrap();
    assert_eq!(first.events.len(), 5);
    let meanwhile = store.unpublished(10).await.unwrap();
    assert_eq!(meanwhile.events.len(), 0);
    meanwhile.leave().await;
    // Dropped without a word, as by a crash.
    drop(first);
    for _ in 0..100 {
        let again = store.unpublished(10).await.unwrap();
        let is_all = again.events.len() == 5;
        again.leave().await;
        if is_all {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the events are held by nobody and do not come");
}
