//! The rows against the real CQL store: what is written reads back equal, the highest offset wins,
//! and starting together harms nothing.
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

mod analytics_support;

use std::collections::BTreeMap;
use std::time::Duration;

use analytics_support::keyspace::in_own_keyspace;
use tokio_util::sync::CancellationToken;
use vendzz_projections::analytics::cql::{Store, connect, connect_when_up};
use vendzz_projections::analytics::read::{FIRST_MS, Reader};
use vendzz_projections::analytics::{
    Breakdown, CqlConfig, FunnelTotals, HOUR_MS, HourTotals, MAX_STEPS, MAX_VALUES, MinuteTotals, RowKey,
    StepTotals, Totals,
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

/// As large as a row gets.
fn funnel_row(last_offset: i64) -> FunnelTotals {
    let id = |n: usize| format!("{n:03}{}", "x".repeat(61));
    let step = |n: usize| StepTotals { reached: n as i64, left: last_offset, millis: i64::MAX };
    FunnelTotals {
        last_offset,
        steps: (0..MAX_STEPS).map(|n| (id(n), step(n))).collect(),
        other: StepTotals { reached: 3, left: 2, millis: 1 },
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_and_resume_points_read_back_as_they_were_written() {
    in_own_keyspace("round_trip", |config| async move {
        let store = Store::open(&config).await.unwrap();
        assert_eq!(store.hour(SOURCE, &key(HOUR)).await.unwrap(), None);
        assert_eq!(store.minute(SOURCE, &key(HOUR)).await.unwrap(), None);
        assert_eq!(store.funnel(SOURCE, &key(HOUR)).await.unwrap(), None);
        assert_eq!(store.resume_point(SOURCE).await.unwrap(), None);

        let point = ResumePoint { offset: 0, max_append_ms: HOUR + 5, hash: i64::MIN };
        store.write_hour(SOURCE, &key(HOUR), &full_row(0)).await.unwrap();
        store.write_minute(SOURCE, &key(HOUR), &minute_row(0, 4)).await.unwrap();
        store.write_funnel(SOURCE, &key(HOUR), &funnel_row(0)).await.unwrap();
        store.write_funnel(SOURCE, &key(HOUR + HOUR_MS), &FunnelTotals::empty()).await.unwrap();
        assert_eq!(store.funnel(SOURCE, &key(HOUR)).await.unwrap(), Some(funnel_row(0)));
        let empty = store.funnel(SOURCE, &key(HOUR + HOUR_MS)).await.unwrap();
        assert_eq!(empty, Some(FunnelTotals::empty()), "an empty map is not a missing row");
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
            store.write_funnel(SOURCE, &key(HOUR), &funnel_row(last_offset)).await.unwrap();
            let point = ResumePoint { offset: last_offset, max_append_ms: HOUR, hash: 1 };
            store.write_resume_point(SOURCE, &point).await.unwrap();
        }
        assert_eq!(store.hour(SOURCE, &key(HOUR)).await.unwrap(), Some(full_row(40)));
        assert_eq!(store.minute(SOURCE, &key(HOUR)).await.unwrap(), Some(minute_row(40, 40)));
        assert_eq!(store.funnel(SOURCE, &key(HOUR)).await.unwrap(), Some(funnel_row(40)));
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
async fn funnels_of_all_months_and_sources_are_added_up() {
    in_own_keyspace("funnels", |config| async move {
        let store = Store::open(&config).await.unwrap();
        let row = |reached, left, millis| FunnelTotals {
            last_offset: 5,
            steps: BTreeMap::from([("nome".to_owned(), StepTotals { reached, left, millis })]),
            ..FunnelTotals::empty()
        };
        store.write_funnel("a", &key(HOUR), &row(10, 7, 700)).await.unwrap();
        store.write_funnel("b", &key(HOUR), &row(0, 2, 200)).await.unwrap();
        store.write_funnel("a", &key(HOUR + HOUR_MS), &row(1, 1, 100)).await.unwrap();
        let other_quiz = RowKey { quiz_id: "outro".into(), start_ms: HOUR };
        store.write_funnel("a", &other_quiz, &row(100, 100, 1)).await.unwrap();

        let reader = Reader::connect(&config).await.unwrap();
        let read = |from, to| reader.funnel("emagrecimento-30d", from, to, &[]);
        let all = read(FIRST_MS, HOUR + 2 * HOUR_MS).await.unwrap();
        let [step] = all.steps.as_slice() else { panic!("{all:?}") };
        assert_eq!((step.reached, step.left, step.mean_millis), (11, 10, Some(100)), "over a month's end");
        let november = read(HOUR, HOUR + HOUR_MS).await.unwrap();
        assert_eq!(november.steps[0].reached, 10);
        assert_eq!(read(HOUR + 1, HOUR + HOUR_MS).await.unwrap().steps, [], "the hour began before");
        assert_eq!(reader.all_rows(0).await.unwrap().funnels.len(), 4);
    })
    .await;
}

/// A store set up before there were funnels gets their table, and keeps what it has.
#[tokio::test(flavor = "multi_thread")]
async fn the_table_of_funnels_is_made_where_the_others_are() {
    in_own_keyspace("former", |config| async move {
        let store = Store::open(&config).await.unwrap();
        store.write_hour(SOURCE, &key(HOUR), &full_row(3)).await.unwrap();
        let session = connect(&config).await.unwrap();
        for gone in ["TABLE {}.quiz_funnel_v1", "TYPE {}.quiz_funnel_totals_v1", "TYPE {}.quiz_step_v1"] {
            let text = format!("DROP {}", gone.replace("{}", &config.keyspace));
            session.query_unpaged(text, ()).await.unwrap();
        }
        assert!(Reader::connect(&config).await.is_err());
        let store = Store::open(&config).await.unwrap();
        store.write_funnel(SOURCE, &key(HOUR), &funnel_row(1)).await.unwrap();
        assert_eq!(store.hour(SOURCE, &key(HOUR)).await.unwrap(), Some(full_row(3)));
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
