use std::time::{Duration, Instant};

use vendzz_projections::state::PostgresConfig;
use vendzz_runtime::kernel::FoldError;
use vendzz_test_support::AtCommit;

use crate::support::{
    Log, Owner, TestDatabase, at_first_commit, projection, response_id, submission, submissions,
};

/// An owner freezes with its rows written and its COMMIT not sent. Its locks are freed by the
/// server's limit, the next owner goes on, and the frozen one, awake again, does no harm.
#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_owner_holds_up_the_next_one_for_no_longer_than_the_limit() {
    let mut database = TestDatabase::prepared().await;
    database.config = PostgresConfig {
        statement: Duration::from_millis(500),
        idle_in_transaction: Duration::from_millis(1_500),
        ..database.config.clone()
    };
    let log = Log::of((0..6).map(submission));
    Owner::open(&database.projection(), &submissions()).await.apply(&log, 2).await.unwrap();

    let proxy = at_first_commit(AtCommit::Freeze).await;
    let mut frozen = Owner::open(&projection(&database.through(&proxy)), &submissions()).await;
    let frozen_log = Log { records: log.records.clone() };
    let frozen = tokio::spawn(async move { frozen.apply(&frozen_log, 3).await });
    let began = Instant::now();
    while proxy.commits() == 0 {
        assert!(began.elapsed() < Duration::from_secs(5), "no COMMIT passed the proxy");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }

    let began = Instant::now();
    let mut next = Owner::open(&database.projection(), &submissions()).await;
    assert_eq!(next.next, 2);
    let mut waits = 0;
    loop {
        match next.apply(&log, 6).await {
            Ok(()) => break,
            Err(FoldError::Retry { reason: "statement_timeout", .. }) => waits += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(waits > 0, "it had to wait for the frozen owner's locks");
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());

    let outcome = frozen.await.unwrap();
    assert!(matches!(outcome, Err(FoldError::Reopen(_))), "{outcome:?}");
    let expected: Vec<_> = (0..6).map(|number| response_id(number).uuid()).collect();
    assert_eq!(database.reader().response_ids("emagrecimento").await.unwrap(), expected);
    assert_eq!(database.reader().resume_points().await.unwrap()[&submissions()], log.through(5));
}
