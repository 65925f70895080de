use std::time::Duration;

use nix::sys::signal::Signal;

use super::harness::{Admin, document, quiz_id, versions_in_log};

/// When the process is killed, counted from the request. A publication takes about 15 ms, so some are
/// killed before the record, some after it; in the last round the answer is out already.
const KILLED_AFTER_MS: [u64; 10] = [0, 2, 4, 6, 8, 10, 12, 16, 24, 500];

#[tokio::test]
async fn after_a_kill_the_same_put_leads_to_exactly_one_version() {
    let id = quiz_id("killed");
    let mut tag: Option<String> = None;
    let mut landed = 0;
    for (round, millis) in KILLED_AFTER_MS.into_iter().enumerate() {
        let content = document(&format!("round {round}"));
        let headers: Vec<(&str, &str)> = match &tag {
            Some(tag) => vec![("If-Match", tag)],
            None => vec![("If-None-Match", "*")],
        };
        let mut killed = Admin::start().await;
        let request = tokio::spawn(killed.put_request(&id, &content, &headers).send());
        tokio::time::sleep(Duration::from_millis(millis)).await;
        killed.signal(Signal::SIGKILL);
        assert_eq!(killed.exit_status(Duration::from_secs(5)).await.code(), None);
        drop(request.await.unwrap());

        let admin = Admin::start().await;
        let retried = admin.put(&id, &content, &headers).await;
        assert!([200, 201].contains(&retried.status), "round {round}: {retried:?}");
        landed += usize::from(retried.outcome() == "unchanged");
        assert_eq!(admin.quiz(&id).await.body["document"]["title"], format!("round {round}"));
        tag = Some(retried.header("etag").to_owned());
    }
    assert_eq!(versions_in_log(&id).await.len(), KILLED_AFTER_MS.len(), "each content stands there once");
    assert!(landed > 0, "at least the last round's record was there before its retry");
    println!("{landed} of {} records had landed before the kill", KILLED_AFTER_MS.len());
}
