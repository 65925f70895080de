//! Answers that come late, and room that is given back.

use uuid::Uuid;
use vendzz_connectors::ledger::State;
use vendzz_connectors::ledger::store::Decision;
use vendzz_schemas::campaign::Channel;
use vendzz_schemas::events::FrequencyCap;

use crate::world::{
    LEASE, POOL, World, fast_sender, id_of, is_send, lease_and_admit, move_to, not_called, not_taken, room_of,
};

const DAY_MS: i64 = 24 * 3_600_000;
const RECIPIENT: &str = "+5511900000001";

/// A message that was being sent when its lease ran out, and the token of its holder.
async fn left_unknown(world: &World) -> (Uuid, Uuid) {
    let message = world.message(RECIPIENT);
    let id = id_of(&message);
    world.take_in(&[message]).await;
    let store = world.worker(0);
    let (token, decided) = lease_and_admit(&store, 10, &[fast_sender()]).await;
    assert!(decided.len() == 1 && is_send(&decided[0].1));
    world.lease_runs_out(id).await;
    let expired = store.expire(10).await.unwrap();
    assert_eq!((expired.len(), expired[0].state.as_str()), (1, "unknown"));
    (id, token)
}

#[tokio::test]
async fn a_late_answer_of_the_holder_still_counts_and_nobody_elses_does() {
    for to in [State::Sent, State::Failed, State::Waiting] {
        let world = World::new(Channel::Sms).await;
        let (id, token) = left_unknown(&world).await;
        let store = world.worker(3);
        let before = world.standing(id).await;
        let others = move_to(id, Uuid::new_v4(), to);
        assert_eq!(store.apply(&[others]).await.unwrap(), Vec::new());
        assert_eq!(world.standing(id).await, before, "another's word changes nothing");

        let moved = store.apply(&[move_to(id, token, to)]).await.unwrap();
        assert_eq!((moved.len(), moved[0].from_state.as_str()), (1, "unknown"));
        let settled = world.standing(id).await;
        assert_eq!(settled.state, to.name());

        // The same word again, as after an acknowledgement that was lost; and another word.
        for again in [to, State::Sent, State::Unknown] {
            assert_eq!(store.apply(&[move_to(id, token, again)]).await.unwrap(), Vec::new());
        }
        assert_eq!(world.standing(id).await, settled);
        world.check_what_is_told().await;
    }
}

#[tokio::test]
async fn a_late_answer_never_touches_the_next_holders_call() {
    let world = World::new(Channel::Sms).await;
    let (id, first) = left_unknown(&world).await;
    let store = world.worker(0);
    assert_eq!(store.apply(&[not_taken(id, first, RECIPIENT)]).await.unwrap().len(), 1);
    let (second, decided) = lease_and_admit(&store, 10, &[fast_sender()]).await;
    assert!(is_send(&decided[0].1));
    for to in [State::Waiting, State::Sent, State::Failed, State::Unknown] {
        assert_eq!(store.apply(&[move_to(id, first, to)]).await.unwrap(), Vec::new());
    }
    let row = world.standing(id).await;
    assert_eq!((row.state.as_str(), row.attempt, row.token), ("sending", 2, Some(second)));
    assert_eq!(world.room_used(RECIPIENT).await, [id]);
}

#[tokio::test]
async fn a_call_that_was_not_taken_gives_the_recipients_room_back_and_may_be_repeated() {
    let world = World::new(Channel::Sms).await;
    let mut message = world.message(RECIPIENT);
    message.frequency_cap = Some(FrequencyCap { messages: 1, period_ms: DAY_MS });
    let mut other = world.message(RECIPIENT);
    other.frequency_cap = message.frequency_cap;
    let (id, other_id) = (id_of(&message), id_of(&other));
    let store = world.worker(0);
    world.take_in(&[message]).await;
    for attempt in 1..=4 {
        let (token, decided) = lease_and_admit(&store, 10, &[fast_sender()]).await;
        assert!(decided.len() == 1 && is_send(&decided[0].1), "attempt {attempt}: {:?}", decided[0].1);
        assert_eq!((world.standing(id).await.attempt, world.room_used(RECIPIENT).await), (attempt, vec![id]));
        if attempt % 2 == 0 {
            world.lease_runs_out(id).await;
            assert_eq!(store.expire(10).await.unwrap().len(), 1);
        }
        // Of another's token it gives nothing back.
        store.apply(&[not_taken(id, Uuid::new_v4(), RECIPIENT)]).await.unwrap();
        assert_eq!(world.room_used(RECIPIENT).await, [id]);
        store.apply(&[not_taken(id, token, RECIPIENT)]).await.unwrap();
        assert_eq!(world.room_used(RECIPIENT).await, Vec::<Uuid>::new());
    }
    // The room of one message serves the other; then there is none.
    world.set(id, "not_before = now() + interval '1 hour'").await;
    world.take_in(&[other]).await;
    let (_, decided) = lease_and_admit(&store, 10, &[fast_sender()]).await;
    assert!(is_send(&decided[0].1));
    world.set(id, "not_before = now()").await;
    let rows = store.lease(&[room_of(POOL, 10)], 1_000, Uuid::new_v4(), LEASE).await.unwrap();
    assert_eq!(rows[0].recent.len(), 1, "the checks see that the room is used");
    let candidate = crate::world::candidate(&rows[0], &[fast_sender()]);
    let decided = store.admit(rows[0].token, LEASE, &[candidate]).await.unwrap().decisions;
    assert_eq!(decided[&id], Decision::LookAgain);
    assert_eq!(world.room_used(RECIPIENT).await, [other_id]);
    world.check_what_is_told().await;
}

#[tokio::test]
async fn a_call_that_was_not_made_leaves_nothing_behind() {
    let world = World::new(Channel::Sms).await;
    let message = world.message(RECIPIENT);
    let id = id_of(&message);
    let store = world.worker(0);
    world.take_in(&[message]).await;
    for round in 0..12 {
        let (token, decided) = lease_and_admit(&store, 10, &[fast_sender()]).await;
        assert!(decided.len() == 1 && is_send(&decided[0].1));
        assert_eq!((decided[0].0.attempt, world.standing(id).await.attempt), (0, 1), "round {round}");
        if round % 2 == 0 {
            world.lease_runs_out(id).await;
            assert_eq!(store.expire(10).await.unwrap().len(), 1);
        }
        let others = not_called(id, Uuid::new_v4(), RECIPIENT);
        assert_eq!(store.apply(&[others]).await.unwrap(), Vec::new());
        let said = not_called(id, token, RECIPIENT);
        assert_eq!(store.apply(std::slice::from_ref(&said)).await.unwrap().len(), 1);
        // And again, as after an acknowledgement that was lost.
        assert_eq!(store.apply(&[said]).await.unwrap(), Vec::new());
        let row = world.standing(id).await;
        assert_eq!((row.state.as_str(), row.attempt), ("waiting", 0));
        assert_eq!(world.room_used(RECIPIENT).await, Vec::<Uuid>::new());
    }
    // Only what ran out is told.
    assert_eq!(world.standing(id).await.events, 6);
    // Of a row whose `sending` was not committed nothing was counted.
    let token = Uuid::new_v4();
    store.lease(&[room_of(POOL, 10)], 1_000, token, LEASE).await.unwrap();
    assert_eq!(store.apply(&[not_called(id, token, RECIPIENT)]).await.unwrap().len(), 1);
    assert_eq!(world.standing(id).await.attempt, 0);
    world.check_what_is_told().await;
}
