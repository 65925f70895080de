use serde_json::{Value, json};

use crate::harness::{Installation, answers, document, now_ms, quiz_id};

#[tokio::test]
async fn bots_are_tagged_and_not_dropped() {
    let installation = Installation::shared().await;
    let (log, edge) = (installation.log().await, installation.edge(&[]).await);
    let quiz = quiz_id("bots");
    let version = log.publish(&quiz, &document("Olá")).await;
    edge.wait_for_version(&quiz, version).await;
    let now = now_ms();
    let with = |extra: Value| {
        let mut body = json!({ "answers": answers() });
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        body
    };
    let phone: [(&str, &str); 0] = [];
    for (body, headers, verdict, reasons) in [
        (with(json!({})), &phone[..], "human", vec![]),
        (with(json!({ "website": "https://spam.example" })), &phone[..], "bot", vec!["honeypot"]),
        (
            with(json!({ "startedAt": now - 300, "submittedAt": now })),
            &phone[..],
            "suspect",
            vec!["too_fast"],
        ),
        (
            with(json!({ "startedAt": now, "submittedAt": now - 1 })),
            &phone[..],
            "suspect",
            vec!["clock_backwards"],
        ),
    ] {
        let answer = edge.submit(&quiz, &body, headers).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let id = answer.body["responseId"].as_str().unwrap();
        let records = log.submissions_of(&quiz).await;
        let event = &records.iter().find(|record| record.event.response_id == id).unwrap().event;
        assert_eq!(
            (event.bot_verdict.as_str(), &event.bot_reasons[..]),
            (verdict, &reasons.iter().map(|reason| (*reason).to_owned()).collect::<Vec<_>>()[..])
        );
    }
    assert_eq!(edge.metric("vendzz_bot_verdicts_total{verdict=\"bot\"}").await, 1.0);
    assert_eq!(edge.metric("vendzz_bot_verdicts_total{verdict=\"suspect\"}").await, 2.0);

    let program = reqwest::Client::builder().user_agent("python-requests/2.32").build().unwrap();
    let nobody = reqwest::Client::new();
    for (client, verdict) in [(program, "bot"), (nobody, "suspect")] {
        let url = format!("http://{}/api/quiz/{quiz}/submit", edge.address);
        let answer: Value =
            client.post(url).json(&with(json!({}))).send().await.unwrap().json().await.unwrap();
        let records = log.submissions_of(&quiz).await;
        let event = &records
            .iter()
            .find(|record| answer["responseId"] == record.event.response_id.as_str())
            .unwrap()
            .event;
        assert_eq!(event.bot_verdict, verdict);
    }
}
