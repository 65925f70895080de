//! Where it is looked up whether a response is finished: in the version of the state projection that is live.

use std::time::Duration;

use sqlx::Executor;
use uuid::Uuid;
use vendzz_connectors::ledger::store::{Decision, LeasedRow, LedgerStore};
use vendzz_schemas::campaign::Channel;
use vendzz_schemas::events::CampaignMessage;

use crate::world::{LEASE, POOL, World, candidate, fast_sender, id_of, room_of};

/// A message that is sent unless its response is finished.
async fn reminder(world: &World) -> CampaignMessage {
    let message = CampaignMessage { unless_finished: true, ..world.message("+5511900000001") };
    world.take_in(std::slice::from_ref(&message)).await;
    message
}

async fn finish_in(world: &World, insert: &'static str, message: &CampaignMessage) {
    let response_id: Uuid = message.response_id.parse().unwrap();
    sqlx::query(insert).bind(response_id).bind(&message.quiz_id).execute(&world.pool).await.unwrap();
}

async fn lease_one(store: &LedgerStore) -> LeasedRow {
    let mut rows = store.lease(&[room_of(POOL, 1)], 1, Uuid::new_v4(), LEASE).await.unwrap();
    rows.remove(0)
}

const FIRST: &str = "INSERT INTO state_v1.quiz_responses VALUES ($1, $2)";
const SECOND: &str = "INSERT INTO state_v2.quiz_responses VALUES ($1, $2)";

#[tokio::test]
async fn a_worker_goes_over_to_another_version_of_the_projection_while_it_runs() {
    let world = World::new(Channel::Sms).await;
    let store = world.worker(0);
    world
        .pool
        .execute(
            "CREATE SCHEMA state_v2; CREATE TABLE state_v2.quiz_responses (LIKE state_v1.quiz_responses)",
        )
        .await
        .unwrap();
    let of_first = reminder(&world).await;
    finish_in(&world, FIRST, &of_first).await;
    assert!(lease_one(&store).await.finished);
    let of_second = reminder(&world).await;
    finish_in(&world, SECOND, &of_second).await;
    let row = lease_one(&store).await;
    assert!(!row.finished, "the second version is not live");

    world.pool.execute("UPDATE public.read_model SET version = 'state_v2'").await.unwrap();
    tokio::time::sleep(Duration::from_millis(5_100)).await;
    let admission = store.admit(row.token, LEASE, &[candidate(&row, &[fast_sender()])]).await.unwrap();
    assert_eq!(admission.decisions[&row.message_id], Decision::LookAgain);
    let next = reminder(&world).await;
    finish_in(&world, SECOND, &next).await;
    let row = lease_one(&store).await;
    assert_eq!(row.message_id, id_of(&next));
    assert!(row.finished);
}

#[tokio::test]
async fn without_a_live_projection_nothing_is_leased() {
    let world = World::new(Channel::Sms).await;
    let store = world.worker(0);
    world.take_in(&[world.message("+5511900000001")]).await;
    assert!(store.has_projection().await.unwrap());
    world.pool.execute("UPDATE public.read_model SET version = 'state_v9'").await.unwrap();
    assert!(!store.has_projection().await.unwrap(), "its tables are not there");
    for sql in [
        "UPDATE public.read_model SET version = 'x;DROP SCHEMA sending'",
        "DELETE FROM public.read_model",
        "DROP TABLE public.read_model",
    ] {
        world.pool.execute(sql).await.unwrap();
        assert!(!store.has_projection().await.unwrap(), "{sql}");
        assert!(store.lease(&[room_of(POOL, 1)], 1, Uuid::new_v4(), LEASE).await.is_err(), "{sql}");
    }
    assert_eq!(world.count("SELECT count(*) FROM sending.message_ledger WHERE state = 'waiting'").await, 1);
}
