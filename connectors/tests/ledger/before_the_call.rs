//! What happens between the lease and the moment before the call.

use uuid::Uuid;
use vendzz_connectors::ledger::store::{Candidate, Decision, LedgerStore};
use vendzz_connectors::permissions::{Actor, ConsentKey, ConsentState, Contact, Key, Reason};
use vendzz_schemas::campaign::Channel;
use vendzz_schemas::events::{CampaignMessage, FrequencyCap};

use crate::world::{
    ACCOUNT, CAMPAIGN, LEASE, POOL, World, candidate, id_of, is_send, lease_and_admit, room_of, sender,
};

const BURST: u32 = 3;
const RECIPIENT: &str = "+5511987654321";
const DAY_MS: i64 = 24 * 3_600_000;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Meanwhile {
    Suppressed,
    ConsentWithdrawn,
    CampaignPaused,
    CampaignEnded,
    ResponseFinished,
    /// What the finish made stands in the ledger; the projection knows nothing.
    LaterMessageTakenIn,
    LeaseOver,
    /// The lease ran out, and another worker holds it now.
    LeasedByAnother,
    /// The recipient's cap was used up by another message.
    CapUsedUp,
}

const ALL: [Meanwhile; 9] = [
    Meanwhile::Suppressed,
    Meanwhile::ConsentWithdrawn,
    Meanwhile::CampaignPaused,
    Meanwhile::CampaignEnded,
    Meanwhile::ResponseFinished,
    Meanwhile::LaterMessageTakenIn,
    Meanwhile::LeaseOver,
    Meanwhile::LeasedByAnother,
    Meanwhile::CapUsedUp,
];

async fn happens(what: Meanwhile, world: &World, store: &LedgerStore, message: &CampaignMessage) {
    let contact = Contact::parse(world.channel, RECIPIENT).unwrap();
    let key = Key { account_id: ACCOUNT.to_owned(), channel: world.channel, contact };
    let permissions = world.database.permissions();
    match what {
        Meanwhile::Suppressed => {
            permissions.suppress(&[(key, Reason::OptOut)], &Actor::webhook()).await.unwrap();
        }
        Meanwhile::ConsentWithdrawn => {
            let consent = ConsentKey { key, state: ConsentState::Withdrawn, source: "site".to_owned() };
            permissions.record_consents(&[consent], &Actor::api()).await.unwrap();
        }
        Meanwhile::CampaignPaused => world.campaign(CAMPAIGN, "paused").await,
        Meanwhile::CampaignEnded => world.campaign(CAMPAIGN, "ended").await,
        Meanwhile::ResponseFinished => {
            let response_id: Uuid = message.response_id.parse().unwrap();
            let sql = "INSERT INTO state_v1.quiz_responses VALUES ($1, $2)";
            let insert = sqlx::query(sql).bind(response_id).bind(&message.quiz_id);
            insert.execute(&world.pool).await.unwrap();
        }
        Meanwhile::LaterMessageTakenIn => {
            let later = CampaignMessage { sender_pool: "outro".to_owned(), ..world.later_of(message) };
            assert_eq!(world.take_in(&[later]).await, 1);
        }
        Meanwhile::LeaseOver => world.lease_runs_out(id_of(message)).await,
        Meanwhile::LeasedByAnother => {
            world.lease_runs_out(id_of(message)).await;
            assert_eq!(store.expire(10).await.unwrap().len(), 1);
            let again = store.lease(&[room_of(POOL, 10)], 1_000, Uuid::new_v4(), LEASE).await.unwrap();
            assert_eq!(again.len(), 1);
        }
        Meanwhile::CapUsedUp => {
            world.take_in(&[world.message(RECIPIENT)]).await;
            let (_, decided) = lease_and_admit(store, 10, &[sender("another", 1.0, 1)]).await;
            assert!(is_send(&decided[0].1));
        }
    }
}

#[tokio::test]
async fn whatever_forbids_the_call_between_lease_and_admission_stops_it_and_uses_up_nothing() {
    for what in ALL {
        let world = World::new(Channel::Sms).await;
        let (store, senders) = (world.worker(0), [sender("s-1", 0.01, BURST)]);
        let message = CampaignMessage {
            unless_finished: true,
            frequency_cap: Some(FrequencyCap { messages: 1, period_ms: DAY_MS }),
            ..world.message(RECIPIENT)
        };
        let id = id_of(&message);
        world.take_in(std::slice::from_ref(&message)).await;
        let token = Uuid::new_v4();
        let leased = store.lease(&[room_of(POOL, 10)], 1_000, token, LEASE).await.unwrap();
        let candidates = [candidate(&leased[0], &senders)];
        happens(what, &world, &store, &message).await;
        let (before, room) = (world.standing(id).await, world.room_used(RECIPIENT).await);

        let decisions = store.admit(token, LEASE, &candidates).await.unwrap().decisions;
        assert_eq!(decisions[&id], Decision::LookAgain, "{what:?}");
        assert_eq!(world.standing(id).await, before, "{what:?}");
        assert_eq!(before.state, "leased", "{what:?}");
        assert_eq!(world.tokens("s-1").await, Some(f64::from(BURST)), "{what:?}");
        assert_eq!(world.room_used(RECIPIENT).await, room, "{what:?}");
        assert!(!room.contains(&id));
    }
}

#[tokio::test]
async fn one_that_is_stopped_does_not_stop_the_others_of_its_batch() {
    let world = World::new(Channel::Sms).await;
    let (store, senders) = (world.worker(0), [sender("s-1", 0.01, BURST)]);
    let stopped = CampaignMessage { unless_finished: true, ..world.message(RECIPIENT) };
    let others = [world.message("+5511900000001"), world.message(RECIPIENT)];
    world.take_in(&[stopped.clone(), others[0].clone(), others[1].clone()]).await;
    let token = Uuid::new_v4();
    let leased = store.lease(&[room_of(POOL, 10)], 1_000, token, LEASE).await.unwrap();
    happens(Meanwhile::ResponseFinished, &world, &store, &stopped).await;
    let candidates: Vec<Candidate> = leased.iter().map(|row| candidate(row, &senders)).collect();
    let decisions = store.admit(token, LEASE, &candidates).await.unwrap().decisions;
    assert_eq!(decisions[&id_of(&stopped)], Decision::LookAgain);
    for other in &others {
        assert_eq!(decisions[&id_of(other)], Decision::Send { sender_id: "s-1".to_owned() });
        assert_eq!(world.state(id_of(other)).await, "sending");
    }
    assert_eq!(world.state(id_of(&stopped)).await, "leased");
    assert!((world.tokens("s-1").await.unwrap() - 1.0).abs() < 0.5, "two of three are used");
    assert_eq!(world.room_used(RECIPIENT).await, [id_of(&others[1])]);
}
