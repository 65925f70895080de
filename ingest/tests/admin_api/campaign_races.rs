use std::time::{Duration, Instant};

use futures::future::{join, join_all};
use nix::sys::signal::Signal;

use super::harness::{Admin, Answer, HeldLock, campaign_document, document, quiz_id, revisions_in_log};

const ROUNDS: usize = 20;

#[tokio::test]
async fn of_two_admins_at_one_campaign_exactly_one_wins_each_version() {
    let (left, right) = join(Admin::start(), Admin::start()).await;
    let id = quiz_id("race");
    assert_eq!(left.put(&id, &document("um"), &[]).await.status, 201);
    let mut tag = String::new();
    let mut revisions = Vec::new();
    for round in 0..ROUNDS {
        let condition = if round == 0 { ("If-None-Match", "*") } else { ("If-Match", tag.as_str()) };
        let headers = [condition];
        let of_left = campaign_document(&id, &format!("left {round}"), "active");
        let of_right = campaign_document(&id, &format!("right {round}"), "active");
        let (left_answer, right_answer) =
            join(left.put_campaign(&id, &of_left, &headers), right.put_campaign(&id, &of_right, &headers))
                .await;

        let left_won = left_answer.status < 300;
        let (winner, loser) =
            if left_won { (left_answer, right_answer) } else { (right_answer, left_answer) };
        assert_eq!(winner.status, if round == 0 { 201 } else { 200 }, "{winner:?}");
        assert_eq!((loser.status, loser.code()), (412, "version_conflict"));
        assert_eq!(loser.header("etag"), winner.header("etag"), "the loser learns the winner's version");
        let expected = format!("{} {round}", if left_won { "left" } else { "right" });
        for admin in [&left, &right] {
            assert_eq!(admin.campaign(&id).await.body["document"]["name"], expected.as_str());
        }
        tag = winner.header("etag").to_owned();
        revisions.push(winner.revision().to_owned());
    }
    assert_eq!(revisions_in_log(&id).await, revisions);
}

#[tokio::test]
async fn a_crowd_at_one_campaign_makes_one_version() {
    let admin = Admin::start().await;
    let id = quiz_id("crowd");
    assert_eq!(admin.put(&id, &document("um"), &[]).await.status, 201);
    let campaigns: Vec<_> =
        (0..12).map(|number| campaign_document(&id, &format!("crowd {number}"), "draft")).collect();
    let headers = [("If-None-Match", "*")];
    let crowd = campaigns.iter().map(|campaign| admin.put_campaign(&id, campaign, &headers));
    let answers = join_all(crowd).await;
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(201), count(412)), (1, 11), "{answers:?}");
    assert_eq!(revisions_in_log(&id).await.len(), 1);
}

/// When the process is killed, counted from the request; `None`: once its answer is out.
const KILLED_AFTER_MS: [Option<u64>; 11] =
    [Some(0), Some(2), Some(4), Some(6), Some(8), Some(12), Some(16), Some(24), Some(36), Some(60), None];

#[tokio::test]
async fn after_a_kill_the_same_put_leads_to_exactly_one_version() {
    let id = quiz_id("killed");
    assert_eq!(Admin::start().await.put(&id, &document("um"), &[]).await.status, 201);
    let mut tag: Option<String> = None;
    let mut landed = 0;
    let mut revisions = Vec::new();
    for (round, millis) in KILLED_AFTER_MS.into_iter().enumerate() {
        let content = campaign_document(&id, &format!("round {round}"), "active");
        let headers: Vec<(&str, &str)> = match &tag {
            Some(tag) => vec![("If-Match", tag)],
            None => vec![("If-None-Match", "*")],
        };
        let mut killed = Admin::start().await;
        let request = tokio::spawn(killed.put_campaign_request(&id, &content, &headers).send());
        let answered = match millis {
            Some(millis) => {
                tokio::time::sleep(Duration::from_millis(millis)).await;
                None
            }
            None => Some(request.await.unwrap().unwrap().status()),
        };
        killed.signal(Signal::SIGKILL);
        assert_eq!(killed.exit_status(Duration::from_secs(5)).await.code(), None);

        let admin = Admin::start().await;
        let retried = admin.put_campaign(&id, &content, &headers).await;
        assert!([200, 201].contains(&retried.status), "round {round}: {retried:?}");
        landed += usize::from(retried.outcome() == "unchanged");
        if let Some(status) = answered {
            assert_eq!((status.as_u16(), retried.outcome()), (200, "unchanged"), "what was answered stands");
        }
        assert_eq!(admin.campaign(&id).await.body["document"]["name"], format!("round {round}"));
        revisions.push(retried.revision().to_owned());
        tag = Some(retried.header("etag").to_owned());
    }
    assert_eq!(revisions_in_log(&id).await, revisions, "each content stands there once");
    assert!(landed > 0, "at least the last round's record was there before its retry");
    println!("{landed} of {} records had landed before the kill", KILLED_AFTER_MS.len());
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
    assert_eq!(other.put(&id, &document("um"), &[]).await.status, 201);
    let campaign = |name: &str| campaign_document(&id, name, "draft");
    let mut lock = HeldLock::take_of_campaign(&id).await;
    let request = frozen.put_campaign_request(&id, &campaign("frozen"), &[("If-None-Match", "*")]);
    let first = tokio::spawn(request.send());
    lock.wait_for_waiters(1).await;
    frozen.signal(Signal::SIGSTOP);
    lock.release().await;
    assert_eq!(lock.holders_and_waiters().await, (1, 0), "the frozen one holds the lock now");
    assert_eq!(other.put_campaign(&id, &campaign("other"), &[]).await.code(), "locked");

    // PostgreSQL ends its transaction after the idle time.
    let deadline = Instant::now() + Duration::from_secs(8);
    let published = loop {
        let answer = other.put_campaign(&id, &campaign("other"), &[]).await;
        if answer.status == 201 {
            break answer;
        }
        assert!(Instant::now() < deadline, "{answer:?}");
    };
    frozen.signal(Signal::SIGCONT);
    let woken = Answer::of(first.await.unwrap().unwrap()).await;
    assert!([412, 503].contains(&woken.status), "{woken:?}");
    assert_ne!(woken.code(), "outcome_unknown", "{woken:?}");
    assert_eq!(revisions_in_log(&id).await, [published.revision()]);
    assert_eq!(other.campaign(&id).await.body["document"]["name"], "other");
}
