//! What of the ledger keeps intake waiting.

use vendzz_schemas::campaign::Channel;
use vendzz_schemas::events::CampaignMessage;

use crate::world::{ACCOUNT, POOL, World, id_of};

fn pools(names: &[&str]) -> Vec<(String, String)> {
    names.iter().map(|name| (ACCOUNT.to_owned(), (*name).to_owned())).collect()
}

fn some(world: &World, count: usize, change: impl Fn(&mut CampaignMessage)) -> Vec<CampaignMessage> {
    let mut messages: Vec<_> = (0..count).map(|_| world.message("+5511900000001")).collect();
    messages.iter_mut().for_each(change);
    messages
}

#[tokio::test]
async fn only_what_may_be_leased_counts() {
    let world = World::new(Channel::Sms).await;
    let store = world.worker(0);
    for (state, count) in [("paused", 3), ("draft", 3), ("", 3), ("active", 5), ("ended", 7)] {
        let campaign_id = format!("campanha-{state}x");
        if !state.is_empty() {
            world.campaign(&campaign_id, state).await;
        }
        let messages = some(&world, count, |message| campaign_id.clone_into(&mut message.campaign_id));
        world.take_in(&messages).await;
    }
    let known = pools(&[POOL]);
    assert_eq!(store.due(&known, 100).await.unwrap(), 12);
    // Pools and accounts that this worker does not know, and another channel's.
    world.take_in(&some(&world, 4, |message| "sumiu".clone_into(&mut message.sender_pool))).await;
    world.take_in(&some(&world, 4, |message| "conta-2".clone_into(&mut message.account_id))).await;
    world.take_in(&some(&world, 4, |message| "voice".clone_into(&mut message.channel))).await;
    // Not due yet, and in somebody's hands.
    let others = some(&world, 2, |_| ());
    world.take_in(&others).await;
    world.set(id_of(&others[0]), "not_before = now() + interval '1 minute'").await;
    world.set(id_of(&others[1]), "state = 'skipped'").await;
    assert_eq!(store.due(&known, 100).await.unwrap(), 12);
    assert_eq!(store.due(&[], 100).await.unwrap(), 0);
    world.campaign("campanha-pausedx", "active").await;
    assert_eq!(store.due(&known, 100).await.unwrap(), 15);
}

#[tokio::test]
async fn a_pool_with_much_to_send_counts_up_to_its_share() {
    let world = World::new(Channel::Sms).await;
    let store = world.worker(0);
    world.take_in(&some(&world, 50, |message| "lenta".clone_into(&mut message.sender_pool))).await;
    world.take_in(&some(&world, 3, |_| ())).await;
    let known = pools(&["lenta", POOL, "vazia"]);
    assert_eq!(store.due(&known, 10).await.unwrap(), 13);
    assert_eq!(store.due(&known, 100).await.unwrap(), 53);
}

#[tokio::test]
async fn rows_of_a_paused_campaign_hide_no_newer_ones() {
    let world = World::new(Channel::Sms).await;
    let store = world.worker(0);
    world.campaign("pausada", "paused").await;
    let paused = some(&world, 60, |message| {
        "pausada".clone_into(&mut message.campaign_id);
        message.due_at -= 60_000;
    });
    world.take_in(&paused).await;
    world.take_in(&some(&world, 15, |_| ())).await;
    assert_eq!(store.due(&pools(&[POOL]), 10).await.unwrap(), 10);
}
