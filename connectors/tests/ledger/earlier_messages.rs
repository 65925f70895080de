//! What an abandonment said and what the finish says: the second goes out unless the first did, and the first
//! never after the finish is known.

use chrono_tz::America::Sao_Paulo;
use uuid::Uuid;
use vendzz_connectors::ledger::State;
use vendzz_connectors::ledger::store::{Decision, LeasedRow, LedgerStore};
use vendzz_connectors::policy::{Facts, SkipReason, Verdict, judge};
use vendzz_schemas::campaign::Channel;
use vendzz_schemas::events::CampaignMessage;

use crate::world::{LEASE, World, candidate, fast_sender, id_of, move_to, room_of};

async fn lease_of(store: &LedgerStore, pool: &str) -> LeasedRow {
    let mut rows = store.lease(&[room_of(pool, 10)], 1_000, Uuid::new_v4(), LEASE).await.unwrap();
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

/// Brings the only row of the pool there by the store's own statements.
async fn bring_to(state: Option<State>, store: &LedgerStore, pool: &str) {
    let Some(state) = state.filter(|state| *state != State::Waiting) else { return };
    let row = lease_of(store, pool).await;
    if state == State::Leased {
        return;
    }
    if state != State::Skipped {
        let admission = store.admit(row.token, LEASE, &[candidate(&row, &[fast_sender()])]).await.unwrap();
        assert!(crate::world::is_send(&admission.decisions[&row.message_id]));
    }
    if state != State::Sending {
        let moved = store.apply(&[move_to(row.message_id, row.token, state)]).await.unwrap();
        assert_eq!(moved.len(), 1);
    }
}

#[tokio::test]
async fn the_later_message_goes_out_exactly_when_the_earlier_one_did_not_and_will_not() {
    let world = World::new(Channel::Email).await;
    let (store, other) = (world.worker(0), world.worker(1));
    let states = [None].into_iter().chain(State::ALL.map(Some));
    for (number, state) in states.enumerate() {
        let recipient = format!("pessoa-{number}@exemplo.com");
        let (earlier_pool, later_pool) = (format!("antes-{number}"), format!("depois-{number}"));
        let earlier = CampaignMessage {
            sender_pool: earlier_pool.clone(),
            unless_finished: true,
            ..world.message(&recipient)
        };
        let later = CampaignMessage { sender_pool: later_pool.clone(), ..world.later_of(&earlier) };
        let later_id = id_of(&later);
        if state.is_some() {
            world.take_in(std::slice::from_ref(&earlier)).await;
        }
        bring_to(state, &other, &earlier_pool).await;
        world.take_in(&[later]).await;
        let row = lease_of(&store, &later_pool).await;
        assert_eq!(row.earlier_state.as_deref(), state.map(State::name));
        let room = world.room_used(&recipient).await;
        let mut admission =
            store.admit(row.token, LEASE, &[candidate(&row, &[fast_sender()])]).await.unwrap();
        let decision = admission.decisions.remove(&later_id).unwrap();
        let (is_right, now) = match state {
            None | Some(State::Waiting | State::Failed | State::Skipped) => {
                (decision == Decision::Send { sender_id: "s-1".to_owned() }, "sending")
            }
            Some(State::Leased | State::Sending) => {
                let waits =
                    matches!(decision, Decision::Wait { reason: "earlier_in_hand", is_event: false, .. });
                (waits, "leased")
            }
            Some(State::Sent | State::Unknown) => (decision == Decision::AlreadySaid, "leased"),
        };
        assert!(is_right, "{decision:?} while the earlier one is {state:?}");
        assert_eq!(world.state(later_id).await, now);
        if now == "leased" {
            assert_eq!(world.room_used(&recipient).await, room, "{state:?}");
        }
    }
}

fn facts_of(row: &LeasedRow) -> Facts<'_> {
    Facts {
        suppressed: row.suppressed,
        consent: None,
        consent_required: false,
        finished: row.finished,
        earlier_was_sent: false,
        campaign_ended: false,
        recent: &row.recent,
        account_time_zone: Sao_Paulo,
    }
}

#[tokio::test]
async fn the_earlier_message_is_skipped_as_soon_as_the_finish_is_known_by_either_way() {
    let world = World::new(Channel::Sms).await;
    let store = world.worker(0);
    let insert = "INSERT INTO state_v1.quiz_responses VALUES ($1, $2)";
    for (number, unless_finished, stored_quiz, has_later, expected) in [
        (0, true, None, false, false),
        (1, true, None, true, true),
        (2, true, Some("quiz-1"), false, true),
        (3, true, Some("quiz-2"), false, false),
        (4, false, Some("quiz-1"), true, false),
    ] {
        let pool = format!("pool-{number}");
        let earlier =
            CampaignMessage { sender_pool: pool.clone(), unless_finished, ..world.message("+5511987654321") };
        world.take_in(std::slice::from_ref(&earlier)).await;
        if let Some(quiz_id) = stored_quiz {
            let response_id: Uuid = earlier.response_id.parse().unwrap();
            sqlx::query(insert).bind(response_id).bind(quiz_id).execute(&world.pool).await.unwrap();
        }
        if has_later {
            let later = CampaignMessage { sender_pool: "outro".to_owned(), ..world.later_of(&earlier) };
            world.take_in(&[later]).await;
        }
        let row = lease_of(&store, &pool).await;
        assert_eq!(row.finished, expected, "case {number}");
        let verdict = judge(&row.message, &facts_of(&row), row.now);
        let wanted = if expected { Verdict::Skip { reason: SkipReason::Finished } } else { Verdict::Send };
        assert_eq!(verdict, wanted, "case {number}");
        let decisions =
            store.admit(row.token, LEASE, &[candidate(&row, &[fast_sender()])]).await.unwrap().decisions;
        assert_eq!(decisions[&row.message_id] == Decision::LookAgain, expected, "case {number}");
    }
}
