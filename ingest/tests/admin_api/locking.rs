use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::harness::{Admin, Answer, HeldLock, document, quiz_id, versions_in_log};

#[tokio::test]
async fn a_quiz_that_is_locked_for_too_long_is_refused_and_others_are_not() {
    let admin = Admin::start_with(&[("VENDZZ_ADMIN_LOCK_WAIT", "500ms")]).await;
    let id = quiz_id("locked");
    let mut lock = HeldLock::take(&id).await;
    let started = Instant::now();
    let refused = admin.put(&id, &document("um"), &[]).await;
    assert_eq!((refused.status, refused.code(), refused.header("retry-after")), (503, "locked", "1"));
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    assert_eq!(admin.put(&quiz_id("free"), &document("um"), &[]).await.status, 201);
    lock.release().await;
    assert_eq!(admin.put(&id, &document("um"), &[]).await.status, 201);
    assert_eq!(versions_in_log(&id).await.len(), 1);
}

#[tokio::test]
async fn the_lock_is_released_when_the_client_goes_away() {
    let admin = Admin::start().await;
    let id = quiz_id("gone");
    let mut lock = HeldLock::take(&id).await;
    let impatient = admin.put_request(&id, &document("um"), &[]).timeout(Duration::from_millis(300));
    assert!(impatient.send().await.unwrap_err().is_timeout());
    lock.wait_for_waiters(1).await;
    lock.release().await;

    // The request had arrived whole, so it is carried out; nobody waits for its lock afterwards.
    let started = Instant::now();
    let next = admin.put(&id, &document("dois"), &[]).await;
    assert_eq!((next.status, next.code()), (428, "precondition_required"));
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    assert_eq!(lock.holders_and_waiters().await, (0, 0));
    assert_eq!(admin.quiz(&id).await.body["document"]["title"], "um");
}

#[tokio::test]
async fn a_frozen_admin_loses_the_lock_and_publishes_nothing_when_it_wakes() {
    let frozen = Admin::start_with(&[
        ("VENDZZ_ADMIN_LOCK_WAIT", "8s"),
        ("VENDZZ_ADMIN_LOCK_IDLE", "3s"),
        ("VENDZZ_ADMIN_MESSAGE_TIMEOUT", "1s"),
        ("VENDZZ_ADMIN_READ_TIMEOUT", "1s"),
    ])
    .await;
    let other = Admin::start_with(&[("VENDZZ_ADMIN_LOCK_WAIT", "500ms")]).await;
    let id = quiz_id("frozen");
    let mut lock = HeldLock::take(&id).await;
    let first = tokio::spawn(frozen.put_request(&id, &document("frozen"), &[("If-None-Match", "*")]).send());
    lock.wait_for_waiters(1).await;
    frozen.signal(Signal::SIGSTOP);
    lock.release().await;
    assert_eq!(lock.holders_and_waiters().await, (1, 0), "the frozen one holds the lock now");
    assert_eq!(other.put(&id, &document("other"), &[]).await.code(), "locked");

    // PostgreSQL ends its transaction after the idle time.
    let deadline = Instant::now() + Duration::from_secs(8);
    let published = loop {
        let answer = other.put(&id, &document("other"), &[]).await;
        if answer.status == 201 {
            break answer;
        }
        assert!(Instant::now() < deadline, "{answer:?}");
    };
    frozen.signal(Signal::SIGCONT);
    let woken = Answer::of(first.await.unwrap().unwrap()).await;
    assert!([412, 503].contains(&woken.status), "{woken:?}");
    assert_ne!(woken.code(), "outcome_unknown", "{woken:?}");
    assert_eq!(versions_in_log(&id).await, [published.version()]);
    assert_eq!(other.quiz(&id).await.body["document"]["title"], "other");
}
