//! What is folded into the ledger: copies, and versions of campaigns in any order.

use vendzz_connectors::intake::{CampaignRow, MessageRow};
use vendzz_runtime::row_fold::{FoldedRow, StoredRow};
use vendzz_schemas::campaign::Channel;
use vendzz_schemas::events::CampaignMessage;

use crate::world::{World, definition, rows_of};

#[tokio::test]
async fn the_first_of_two_copies_is_kept_and_counted_once() {
    let world = World::new(Channel::Email).await;
    let messages: Vec<CampaignMessage> =
        (0..50).map(|number| world.message(&format!("pessoa-{number}@exemplo.com"))).collect();
    let mut twice = messages.clone();
    twice.extend(messages.iter().map(|message| CampaignMessage {
        body: "outra".to_owned(),
        recipient: "outra@exemplo.com".to_owned(),
        ..message.clone()
    }));
    assert_eq!(world.take_in(&twice).await, 50);
    assert_eq!(world.take_in(&twice[50..]).await, 0);
    assert_eq!(world.take_in(&messages).await, 0);
    let sql = "SELECT count(*) FROM sending.message_ledger
        WHERE message->>'body' = 'Olá' AND recipient = message->>'recipient' AND recipient LIKE 'pessoa-%'
            AND state = 'waiting' AND not_before = due_at AND late_from = due_at + interval '6 hours'
            AND attempt = 0 AND token IS NULL AND events = 0";
    assert_eq!(world.count(sql).await, 50);
    world.check_what_is_told().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn owners_that_take_the_same_messages_in_at_once_count_each_once() {
    let world = World::new(Channel::Sms).await;
    let messages: Vec<CampaignMessage> = (0..400).map(|_| world.message("+5511900000001")).collect();
    let mut owners = Vec::new();
    for owner in 0..4_usize {
        let mut mine = messages.clone();
        mine.rotate_left(owner * 100);
        // The last two share a shard of the tallies.
        let (source, pool) = (world.source(owner.min(2) as i32), world.pool.clone());
        owners.push(tokio::spawn(async move {
            let mut taken_in = 0;
            for chunk in mine.chunks(80) {
                let rows = MessageRow::merge(rows_of(chunk));
                let mut db = pool.acquire().await.unwrap();
                taken_in += MessageRow::insert(&rows, &source, &mut db).await.unwrap();
            }
            taken_in
        }));
    }
    let mut taken_in = 0;
    for owner in owners {
        taken_in += owner.await.unwrap();
    }
    assert_eq!(taken_in, 400);
    assert_eq!(world.count("SELECT count(*) FROM sending.message_ledger").await, 400);
    world.check_what_is_told().await;
}

/// Every order of so many things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let mut orders_of_all = Vec::new();
    for shorter in orders(count - 1) {
        for place in 0..count {
            let mut order = shorter.clone();
            order.insert(place, count - 1);
            orders_of_all.push(order);
        }
    }
    orders_of_all
}

#[tokio::test]
async fn an_older_version_of_a_campaign_never_replaces_a_newer_one_in_any_order() {
    let world = World::new(Channel::Sms).await;
    // Oldest first: append time, offset, state. Two were appended in one millisecond.
    let versions = [(1_000, 7, "draft"), (2_000, 8, "active"), (2_000, 9, "paused"), (3_000, 10, "ended")];
    let row = |campaign_id: &str, number: usize| {
        let (append_ms, offset, state) = versions[number];
        CampaignRow::of(definition(campaign_id, state), offset, append_ms).unwrap().unwrap()
    };
    let mut db = world.pool.acquire().await.unwrap();
    for (number, order) in orders(versions.len()).into_iter().enumerate() {
        let campaign_id = format!("campanha-x{number}");
        let mut newest = None;
        for version in &order {
            let changed =
                CampaignRow::insert(&[row(&campaign_id, *version)], &world.source(0), &mut db).await.unwrap();
            assert_eq!(changed == 1, Some(*version) > newest, "{order:?}");
            newest = newest.max(Some(*version));
            let sql = "SELECT state FROM sending.campaigns WHERE campaign_id = $1";
            let state: String = sqlx::query_scalar(sql).bind(&campaign_id).fetch_one(&mut *db).await.unwrap();
            assert_eq!(state, versions[newest.unwrap()].2, "{order:?}");
        }
        // In one batch.
        let campaign_id = format!("campanha-y{number}");
        let batch = order.iter().map(|version| row(&campaign_id, *version)).collect();
        let merged = CampaignRow::merge(batch);
        assert_eq!(CampaignRow::insert(&merged, &world.source(0), &mut db).await.unwrap(), 1);
    }
    let sql =
        "SELECT count(*) FROM sending.campaigns WHERE campaign_id ~ '^campanha-[xy]' AND state = 'ended'
        AND revision = campaign_id || '-ended' AND (append_ms, source_offset) = (3000, 10)";
    assert_eq!(world.count(sql).await, 48);
}
