use vendzz_runtime::kernel::FoldError;
use vendzz_test_support::AtCommit;

use crate::support::{Log, Owner, TestDatabase, at_first_commit, projection, submission, submissions};

/// Whatever became of the COMMIT, the owner is opened again, and ends with every row once.
async fn folds_exactly(at_commit: AtCommit, durable_before_reopening: usize) {
    let database = TestDatabase::prepared().await;
    let log = Log::of((0..6).map(submission));
    // The range is there already, so that the proxy's COMMIT is the batch's.
    let mut first = Owner::open(&database.projection(), &submissions()).await;
    first.apply(&log, 2).await.unwrap();

    let proxy = at_first_commit(at_commit).await;
    let projection = projection(&database.through(&proxy));
    let mut owner = Owner::open(&projection, &submissions()).await;
    let outcome = owner.apply(&log, 3).await;
    assert!(proxy.commits() > 0, "no COMMIT passed the proxy: {outcome:?}");
    assert!(matches!(outcome, Err(FoldError::Reopen(_))), "{outcome:?}");

    let mut reopened = Owner::open(&projection, &submissions()).await;
    assert_eq!(reopened.next, durable_before_reopening);
    reopened.apply(&log, 6).await.unwrap();
    let expected: Vec<_> = (0..6).map(|number| crate::support::response_id(number).uuid()).collect();
    assert_eq!(database.reader().response_ids("emagrecimento").await.unwrap(), expected);
    assert_eq!(database.reader().rows_beyond_resume_points().await.unwrap(), 0);
}

#[tokio::test]
async fn a_commit_that_took_place_is_found() {
    folds_exactly(AtCommit::CutAfter, 5).await;
}

#[tokio::test]
async fn a_commit_that_did_not_take_place_is_done_again() {
    folds_exactly(AtCommit::CutBefore, 2).await;
}
