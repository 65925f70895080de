//! The fold joined with the real CQL store, the test in the kernel's place: crashes, eviction,
//! zombies, poison and a store that forgot what it had acknowledged.
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

mod analytics_support;

use analytics_support::keyspace::in_own_keyspace;
use analytics_support::source::{
    Projector, SCHEMA_ID, START_MS, beacon, garbage, learn, progress_source, source, submission,
};
use scylla::client::session::Session;
use vendzz_projections::analytics::HOUR_MS;
use vendzz_projections::analytics::cql::{connect, source_text};
use vendzz_projections::analytics::read::{AllRows, Point, Reader, Step};
use vendzz_runtime::kernel::{Applied, Fold, FoldError, Record};

/// Three hours with resends, bots and two records that can't be read.
fn log() -> Vec<Record> {
    let mut log = Vec::new();
    for offset in 0..180_i64 {
        let response = u8::try_from(offset / 2 % 90).unwrap();
        log.push(match offset {
            20 | 133 => garbage(offset, offset),
            _ => submission(offset, offset, response, offset % 30 == 0),
        });
    }
    log
}

async fn rows(config: &vendzz_projections::analytics::CqlConfig) -> AllRows {
    Reader::connect(config).await.unwrap().all_rows(0).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_life_with_crashes_evictions_and_a_zombie_gives_the_rows_of_a_quiet_one() {
    let log = log();
    in_own_keyspace("quiet", |quiet| async move {
        let mut owner = Projector::start(&quiet, 1_000).await.open(&log).await;
        assert_eq!(owner.apply(&log, log.len()).await.unwrap(), Applied::Buffered);
        owner.fold.flush().await.unwrap();
        let expected = rows(&quiet).await;
        assert_eq!((expected.hours.len(), expected.funnels.len()), (3, 3));
        let summary = Reader::connect(&quiet)
            .await
            .unwrap()
            .summary("emprestimo", START_MS + 4 * HOUR_MS)
            .await
            .unwrap();
        assert_eq!(summary.submissions + summary.bots, 90, "each response once");

        in_own_keyspace("eventful", |eventful| async move {
            let projector = Projector::start(&eventful, 1).await;
            let mut zombie = projector.open(&log).await;
            zombie.apply(&log, 7).await.unwrap();
            zombie.fold.flush().await.unwrap();
            zombie.apply(&log, 70).await.unwrap();

            let mut owner = projector.open(&log).await;
            owner.apply(&log, 40).await.unwrap();
            owner.fold.flush().await.unwrap();
            owner.apply(&log, 95).await.unwrap();
            let mut owner = projector.open(&log).await;
            assert_eq!(owner.next, 40, "what was not flushed is read again");
            for end in [41, 60, 100, 130, 140] {
                owner.apply(&log, end).await.unwrap();
                owner.fold.flush().await.unwrap();
                owner.fold.flush().await.unwrap();
            }
            zombie.fold.flush().await.unwrap();
            let mut owner = projector.open(&log).await;
            assert_eq!(owner.next, 140, "the zombie's older resume point lost");
            owner.apply(&log, log.len()).await.unwrap();
            owner.fold.flush().await.unwrap();

            assert_eq!(rows(&eventful).await.differences(&expected, 5), Vec::<String>::new());
        })
        .await;
    })
    .await;
}

/// Forty responses, each with up to three beacons, of which every second is sent again at once; the
/// last ten are a bot's.
fn beacons() -> Vec<Record> {
    let mut log = Vec::new();
    for response in 0..40_u8 {
        for sequence in 1..=i32::from(response % 4) {
            let copies = if response % 2 == 0 { 2 } else { 1 };
            for _ in 0..copies {
                let offset = log.len() as i64;
                log.push(beacon(offset, i64::from(response) * 3, response, sequence, response >= 30));
            }
        }
    }
    log.insert(10, garbage(10, 0));
    for (offset, record) in log.iter_mut().enumerate() {
        record.offset = offset as i64;
    }
    log
}

#[tokio::test(flavor = "multi_thread")]
async fn beacons_make_funnels_and_nothing_else() {
    let log = beacons();
    in_own_keyspace("beacons", |config| async move {
        let projector = Projector::start(&config, 1).await;
        let mut zombie = projector.open_source(&progress_source(), &log).await;
        zombie.apply(&log, 30).await.unwrap();
        let mut owner = projector.open_source(&progress_source(), &log).await;
        for end in [9, 25, 26] {
            owner.apply(&log, end).await.unwrap();
            owner.fold.flush().await.unwrap();
        }
        owner.apply(&log, 40).await.unwrap();
        let mut owner = projector.open_source(&progress_source(), &log).await;
        assert_eq!(owner.next, 26, "what was not flushed is read again");
        owner.apply(&log, log.len()).await.unwrap();
        owner.fold.flush().await.unwrap();
        zombie.fold.flush().await.unwrap();

        let found = rows(&config).await;
        assert!(found.hours.is_empty() && found.minutes.is_empty(), "{found:?}");
        assert_eq!(found.funnels.len(), 2, "three minutes for each of thirty responses");
        let reader = Reader::connect(&config).await.unwrap();
        let order = ["nome", "email", "fim"].map(str::to_owned);
        let funnel = |from, to| {
            let (reader, order) = (&reader, &order);
            async move {
                let funnel = reader.funnel("emprestimo", from, to, order).await.unwrap();
                funnel.steps.iter().map(|step| [step.reached, step.left, step.stayed]).collect::<Vec<_>>()
            }
        };
        // Of responses 0 to 29, 8, 7 and 7 have one, two and three beacons.
        let all = funnel(START_MS, START_MS + 2 * HOUR_MS).await;
        assert_eq!(all, [[22, 14, 8], [14, 7, 7], [7, 0, 7]]);
        let [first, second] = [
            funnel(START_MS, START_MS + HOUR_MS).await,
            funnel(START_MS + HOUR_MS, START_MS + 2 * HOUR_MS).await,
        ];
        for (place, step) in all.iter().enumerate() {
            assert_eq!(first[place][0] + second[place][0], step[0]);
            assert!(first[place][0] > 0 && second[place][0] > 0);
        }
        let mean = reader.funnel("emprestimo", START_MS, START_MS + 2 * HOUR_MS, &order).await.unwrap();
        let mean: Vec<_> = mean.steps.iter().map(|step| step.mean_millis).collect();
        assert_eq!(mean, [Some(1_000), Some(300), None], "as the beacon that left it tells");
        assert_eq!(reader.funnel("emprestimo", START_MS, START_MS, &[]).await.unwrap().steps, []);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_adds_hours_to_days_and_shows_minutes() {
    let log = log();
    in_own_keyspace("series", |config| async move {
        let mut owner = Projector::start(&config, 1_000).await.open(&log).await;
        owner.apply(&log, log.len()).await.unwrap();
        owner.fold.flush().await.unwrap();
        let reader = Reader::connect(&config).await.unwrap();
        let from = START_MS;
        let series = |step| reader.series("emprestimo", from, from + 24 * HOUR_MS, step);
        let responses =
            |points: &[Point]| points.iter().map(|point| point.submissions + point.bots).collect::<Vec<_>>();
        assert_eq!(responses(&series(Step::Hour).await.unwrap()), [30, 30, 30]);
        assert_eq!(responses(&series(Step::Day(chrono_tz::America::Sao_Paulo)).await.unwrap()), [90]);
        let eastern = chrono_tz::Asia::Dhaka;
        assert_eq!(
            responses(&series(Step::Day(eastern)).await.unwrap()),
            [90],
            "18:00 UTC is midnight there"
        );
        assert_eq!(responses(&series(Step::Minute).await.unwrap()).len(), 90);
        assert_eq!(reader.series("emprestimo", from, from + 60_000, Step::Minute).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_could_not_be_read_hides_no_later_one() {
    in_own_keyspace("dead_copy", |config| async move {
        let good = submission(1, 0, 9, false);
        let mut cut = submission(0, 0, 9, false);
        cut.value.as_mut().unwrap().truncate(40);
        cut.key = good.key.clone();
        let log = [cut, good.clone(), Record { offset: 2, ..good }];
        let projector = Projector::start(&config, 10).await;
        let mut owner = projector.open(&log).await;
        owner.apply(&log, 1).await.unwrap();
        owner.fold.flush().await.unwrap();
        let mut owner = projector.open(&log).await;
        assert_eq!(owner.next, 1, "a dead letter is covered");
        owner.apply(&log, 3).await.unwrap();
        owner.fold.flush().await.unwrap();
        let summary = Reader::connect(&config).await.unwrap().summary("emprestimo", START_MS).await.unwrap();
        assert_eq!(summary.submissions, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_only_the_absent_registry_knows_makes_the_partition_wait() {
    in_own_keyspace("schema", |config| async move {
        let mut log =
            vec![submission(0, 0, 1, false), submission(1, 0, 2, false), submission(2, 0, 1, false)];
        let newer = SCHEMA_ID + 1;
        for record in &mut log {
            record.value.as_mut().unwrap()[1..5].copy_from_slice(&newer.to_be_bytes());
        }
        let projector = Projector::start(&config, 10).await;
        let mut owner = projector.open(&log).await;
        assert!(matches!(owner.apply(&log, 2).await, Err(FoldError::Retry { reason: "registry_away", .. })));
        learn(&projector.schema_ids, newer);
        owner.apply(&log, 2).await.unwrap();
        owner.fold.flush().await.unwrap();

        // A restart while the schema is unknown again: what is read back waits with the batch.
        let restarted = Projector::start(&config, 10).await;
        let mut owner = restarted.open(&log).await;
        assert!(matches!(owner.apply(&log, 3).await, Err(FoldError::Retry { reason: "registry_away", .. })));
        learn(&restarted.schema_ids, newer);
        owner.apply(&log, 3).await.unwrap();
        owner.fold.flush().await.unwrap();
        let summary = Reader::connect(&config).await.unwrap().summary("emprestimo", START_MS).await.unwrap();
        assert_eq!(summary.submissions, 2, "the resend was recognised by what was read back");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_lost_what_it_had_acknowledged_is_noticed() {
    let log = log();
    in_own_keyspace("forgetful", |config| async move {
        let mut owner = Projector::start(&config, 1_000).await.open(&log).await;
        owner.apply(&log, 50).await.unwrap();
        owner.fold.flush().await.unwrap();
        forget_resume_point(&connect(&config).await.unwrap(), &config.keyspace, 49).await;
        owner.apply(&log, 60).await.unwrap();
        let outcome = owner.fold.flush().await;
        assert!(matches!(&outcome, Err(FoldError::Reopen(_))), "{outcome:?}");
    })
    .await;
}

/// A tombstone under the timestamp of the acknowledged write, which it beats: as if it had been lost.
async fn forget_resume_point(session: &Session, keyspace: &str, offset: i64) {
    let text = format!(
        "DELETE FROM {keyspace}.projection_offset_v1 USING TIMESTAMP {} WHERE source = ?",
        offset + 1
    );
    session.query_unpaged(text, (source_text(&source()),)).await.unwrap();
}
