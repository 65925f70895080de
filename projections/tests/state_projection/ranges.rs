use sqlx::{Connection, Executor};
use vendzz_runtime::kernel::FoldError;
use vendzz_schemas::ids::TimedId;

use crate::support::{Log, NEW_YEAR, Owner, TestDatabase, fold_all, submission, submission_of, submissions};

const WEEK_MS: u64 = 7 * 24 * 3_600_000;
const COUNT_RANGES: &str =
    "SELECT count(*) FROM pg_inherits WHERE inhparent = 'state_v1.quiz_responses'::regclass";

fn minted_at(millis: u64) -> TimedId {
    TimedId::mint_at(millis, &[9; 10])
}

#[tokio::test(flavor = "multi_thread")]
async fn projectors_that_need_the_same_ranges_make_each_once() {
    let database = TestDatabase::prepared().await;
    let weeks = 12;
    let projectors: Vec<_> = (0..4)
        .map(|partition| {
            let projection = database.projection();
            let events = (0..weeks).map(|week| {
                let mut id = [partition as u8; 10];
                id[9] = week as u8;
                submission_of(TimedId::mint_at(NEW_YEAR as u64 + week * WEEK_MS, &id))
            });
            let log = Log::of(events);
            let source = vendzz_runtime::kernel::Source { partition, ..submissions() };
            tokio::spawn(async move {
                let mut owner = Owner::open(&projection, &source).await;
                // As the kernel does with what may succeed later.
                loop {
                    match owner.apply(&log, log.records.len()).await {
                        Ok(()) => return,
                        Err(FoldError::Retry { .. }) => tokio::task::yield_now().await,
                        Err(error) => panic!("{error}"),
                    }
                }
            })
        })
        .collect();
    for projector in projectors {
        projector.await.unwrap();
    }
    assert_eq!(database.value::<i64>(COUNT_RANGES).await, weeks as i64 + 1, "the weeks and DEFAULT");
    assert_eq!(database.reader().count_responses("emagrecimento").await.unwrap(), 4 * weeks);
    assert_eq!(database.value::<i64>("SELECT count(*) FROM state_v1.quiz_responses_default").await, 0);
}

#[tokio::test]
async fn default_takes_what_no_week_wants_and_nothing_else() {
    let database = TestDatabase::prepared().await;
    let before_2020 = minted_at(1_577_663_999_999);
    let after_2100 = minted_at(4_102_704_000_000);
    let log = Log::of([before_2020, after_2100, minted_at(0), minted_at(1_577_664_000_000)].map(|id| {
        let mut event = submission_of(id);
        event.received_at = NEW_YEAR;
        event
    }));
    assert_eq!(fold_all(&database, &log).await, []);
    assert_eq!(database.value::<i64>("SELECT count(*) FROM state_v1.quiz_responses_default").await, 3);
    assert_eq!(database.value::<i64>("SELECT count(*) FROM state_v1.quiz_responses_20191230").await, 1);

    let refused = database
        .connect()
        .await
        .execute(
            "INSERT INTO state_v1.quiz_responses_default
            SELECT gen.* FROM state_v1.quiz_responses_20191230 AS row,
                jsonb_populate_record(row, '{\"response_id\": \"01890a5d-ac96-774b-8567-0e02b2c3d479\"}') AS gen",
        )
        .await
        .unwrap_err();
    assert_eq!(refused.as_database_error().unwrap().code().unwrap(), "23514");
}

#[tokio::test]
async fn making_a_range_reads_neither_default_nor_any_other_range() {
    let database = TestDatabase::prepared().await;
    fold_all(&database, &Log::of([submission_of(minted_at(5))])).await;
    let scans = "SELECT coalesce(sum(seq_scan + coalesce(idx_scan, 0)), 0)::bigint FROM pg_stat_user_tables
        WHERE relname = 'quiz_responses_default'";
    // A session's counts are in the view at the latest when it has ended.
    database.run("SELECT pg_stat_force_next_flush()").await;
    let before: i64 = database.value(scans).await;

    let projection = database.projection();
    let mut log = Log::of([submission_of(minted_at(5))]);
    log.submit(&submission(1));
    let mut owner = Owner::open(&projection, &submissions()).await;
    owner.apply(&log, 1).await.unwrap();
    drop((owner, projection));
    database.run("SELECT pg_stat_force_next_flush()").await;
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    let after: i64 = database.value(scans).await;
    assert_eq!(database.value::<i64>(COUNT_RANGES).await, 2, "the week was made");
    assert_eq!(after, before, "DEFAULT holds a row and was not read");
}

#[tokio::test]
async fn a_range_that_was_dropped_is_made_again_and_the_batch_repeated() {
    let database = TestDatabase::prepared().await;
    let log = Log::of((0..4).map(submission));
    let mut owner = Owner::open(&database.projection(), &submissions()).await;
    owner.apply(&log, 2).await.unwrap();
    database.run("DROP TABLE state_v1.quiz_responses_20251229").await;
    owner.apply(&log, 2).await.unwrap();
    assert_eq!(
        database.reader().count_responses("emagrecimento").await.unwrap(),
        2,
        "the two after the drop"
    );
}

#[tokio::test]
async fn a_range_that_was_detached_and_kept_stops_the_batch_and_says_so() {
    let database = TestDatabase::prepared().await;
    let log = Log::of((0..4).map(submission));
    let mut owner = Owner::open(&database.projection(), &submissions()).await;
    owner.apply(&log, 2).await.unwrap();
    database
        .run("ALTER TABLE state_v1.quiz_responses DETACH PARTITION state_v1.quiz_responses_20251229")
        .await;
    let outcome = owner.apply(&log, 2).await;
    assert!(matches!(outcome, Err(FoldError::Retry { reason: "range_detached", .. })), "{outcome:?}");
}

#[tokio::test]
async fn a_long_query_delays_a_new_range_and_a_new_range_delays_nobody_for_long() {
    let database = TestDatabase::prepared().await;
    let mut analyst = database.connect().await;
    let mut long_query = analyst.begin().await.unwrap();
    long_query.execute("SELECT count(*) FROM state_v1.quiz_responses").await.unwrap();

    let log = Log::of([submission(1)]);
    let mut owner = Owner::open(&database.projection(), &submissions()).await;
    let began = std::time::Instant::now();
    let outcome = owner.apply(&log, 1).await;
    assert!(matches!(outcome, Err(FoldError::Retry { reason: "lock", .. })), "{outcome:?}");
    assert!(began.elapsed() < std::time::Duration::from_secs(2), "it gave up soon: {:?}", began.elapsed());

    long_query.rollback().await.unwrap();
    owner.apply(&log, 1).await.unwrap();
}
