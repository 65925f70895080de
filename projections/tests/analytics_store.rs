//! The rows against the real CQL store: what is written reads back equal, the highest offset wins,
//! and starting together harms nothing.
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

mod analytics_support;

use std::collections::BTreeMap;
use std::time::Duration;

use analytics_support::keyspace::in_own_keyspace;
use tokio_util::sync::CancellationToken;
use vendzz_projections::analytics::cql::{Store, connect_when_up};
use vendzz_projections::analytics::read::Reader;
use vendzz_projections::analytics::{
    Breakdown, CqlConfig, HOUR_MS, HourTotals, MAX_VALUES, MinuteTotals, RowKey, Totals,
};
use vendzz_runtime::health::Health;
use vendzz_runtime::kernel::ResumePoint;

const SOURCE: &str = "quiz.view.v1/0f8fad5b-d9cb-469f-a165-70867728950e/3";
/// 2026-11-30T23:00:00Z.
const HOUR: i64 = 1_796_079_600_000;

fn key(start_ms: i64) -> RowKey {
    RowKey { quiz_id: "emagrecimento-30d".into(), start_ms }
}

fn full_row(last_offset: i64) -> HourTotals {
    let campaigns: BTreeMap<String, i64> =
        (0..MAX_VALUES as i64).map(|n| (format!("promoção '{n}' 🍋"), n + 1)).collect();
    HourTotals {
        last_offset,
        views: i64::MAX,
        bot_views: 7,
        device: Breakdown {
            counts: BTreeMap::from([("mobile".to_owned(), 3), (String::new(), 1)]),
            other: 0,
        },
        utm_campaign: Breakdown { counts: campaigns, other: 12 },
        ..HourTotals::empty()
    }
}

fn minute_row(last_offset: i64, views: i64) -> MinuteTotals {
    MinuteTotals { last_offset, views, ..MinuteTotals::empty() }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_and_resume_points_read_back_as_they_were_written() {
    in_own_keyspace("round_trip", |config| async move {
        let store = Store::open(&config).await.unwrap();
        assert_eq!(store.hour(SOURCE, &key(HOUR)).await.unwrap(), None);
        assert_eq!(store.minute(SOURCE, &key(HOUR)).await.unwrap(), None);
        assert_eq!(store.resume_point(SOURCE).await.unwrap(), None);

        let point = ResumePoint { offset: 0, max_append_ms: HOUR + 5, hash: i64::MIN };
        store.write_hour(SOURCE, &key(HOUR), &full_row(0)).await.unwrap();
        store.write_minute(SOURCE, &key(HOUR), &minute_row(0, 4)).await.unwrap();
        store.write_resume_point(SOURCE, &point).await.unwrap();
        assert_eq!(store.hour(SOURCE, &key(HOUR)).await.unwrap(), Some(full_row(0)));
        assert_eq!(store.minute(SOURCE, &key(HOUR)).await.unwrap(), Some(minute_row(0, 4)));
        assert_eq!(store.resume_point(SOURCE).await.unwrap().map(|cell| cell.point()), Some(point));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_offset_never_wins() {
    in_own_keyspace("older", |config| async move {
        let store = Store::open(&config).await.unwrap();
        // The highest stands neither first nor last, so that no rule about arrival can pass for the right one.
        for last_offset in [12, 40, 40, 39, 12] {
            store.write_hour(SOURCE, &key(HOUR), &full_row(last_offset)).await.unwrap();
            store.write_minute(SOURCE, &key(HOUR), &minute_row(last_offset, last_offset)).await.unwrap();
            let point = ResumePoint { offset: last_offset, max_append_ms: HOUR, hash: 1 };
            store.write_resume_point(SOURCE, &point).await.unwrap();
        }
        assert_eq!(store.hour(SOURCE, &key(HOUR)).await.unwrap(), Some(full_row(40)));
        assert_eq!(store.minute(SOURCE, &key(HOUR)).await.unwrap(), Some(minute_row(40, 40)));
        assert_eq!(store.resume_point(SOURCE).await.unwrap().map(|cell| cell.last_offset), Some(40));

        store.write_hour(SOURCE, &key(HOUR), &full_row(41)).await.unwrap();
        assert_eq!(store.hour(SOURCE, &key(HOUR)).await.unwrap(), Some(full_row(41)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_of_all_months_and_sources_are_added_up() {
    in_own_keyspace("months", |config| async move {
        let store = Store::open(&config).await.unwrap();
        for (source, start) in [("a", HOUR), ("b", HOUR), ("a", HOUR + HOUR_MS)] {
            let row = HourTotals { views: 3, ..full_row(5) };
            store.write_hour(source, &key(start), &row).await.unwrap();
        }
        let other_quiz = RowKey { quiz_id: "outro".into(), start_ms: HOUR };
        store.write_hour("a", &other_quiz, &full_row(5)).await.unwrap();

        let reader = Reader::connect(&config).await.unwrap();
        let summary = reader.summary("emagrecimento-30d", HOUR + HOUR_MS).await.unwrap();
        assert_eq!(summary.views, 9, "one hour in November, one in December");
        assert_eq!(summary.breakdowns["utm_campaign"].other_views, 36);
        assert_eq!(reader.all_rows(0).await.unwrap().hours.len(), 4);
        assert_eq!(reader.summary("nunca-visto", HOUR).await.unwrap().views, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn projectors_that_start_together_on_an_empty_store_all_come_up() {
    in_own_keyspace("together", |config| async move {
        let start = |config: CqlConfig| async move {
            let latch = Health::default().latch("cql", "not connected");
            connect_when_up(&config, &latch, &CancellationToken::new()).await.expect("not draining")
        };
        let all = futures::future::join_all((0..4).map(|_| start(config.clone())));
        let stores = tokio::time::timeout(Duration::from_secs(60), all).await.expect("all came up");
        stores[0].write_hour(SOURCE, &key(HOUR), &full_row(1)).await.unwrap();
        for store in &stores {
            assert_eq!(store.hour(SOURCE, &key(HOUR)).await.unwrap(), Some(full_row(1)));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_store_is_away_the_projector_waits_and_says_so() {
    let mut config = CqlConfig::local("127.0.0.1:1", "nowhere");
    config.connect_timeout = Duration::from_millis(500);
    let health = Health::default();
    let latch = health.latch("cql", "not connected");
    let drain = CancellationToken::new();
    let waiting = tokio::spawn({
        let drain = drain.clone();
        async move { connect_when_up(&config, &latch, &drain).await.is_none() }
    });
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(!waiting.is_finished());
    assert!(health.readiness().missing["cql"].starts_with("cannot connect"), "{:?}", health.readiness());
    drain.cancel();
    assert!(waiting.await.unwrap(), "a drain ends the wait");
}
