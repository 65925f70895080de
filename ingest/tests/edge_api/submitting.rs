use serde_json::json;
use vendzz_schemas::events::{AnswerValue, ElementSeen};
use vendzz_schemas::ids::TimedId;
use vendzz_schemas::routing::route;
use vendzz_schemas::topics::QUIZ_SUBMISSION;

use crate::harness::{Installation, answers, document, now_ms, quiz_id};

#[tokio::test]
async fn an_accepted_submission_stands_in_the_log_under_its_key_in_its_partition() {
    let installation = Installation::shared().await;
    let (log, edge) =
        (installation.log().await, installation.edge(&[("VENDZZ_TRUSTED_PROXIES", "127.0.0.1")]).await);
    let quiz = quiz_id("durable");
    let version = log.publish(&quiz, &document("Olá")).await;
    edge.wait_for_version(&quiz, version).await;
    let (response, visitor) = (TimedId::mint(), TimedId::mint());
    let opened = now_ms() - 60_000;
    let body = json!({
        "responseId": response.to_string().to_uppercase(),
        "visitorId": visitor.to_string(),
        "version": version,
        "answers": {
            "name": " Ana Souza ", "email": "Ana.Souza@Example.com", "goal": "less", "habits": ["swim", "run"],
            "score": 10, "agree": true, "born": null, "cpf": "",
        },
        "hidden": { "origem": "instagram", "not-named": "x" },
        "utm": { "source": "ig", "medium": "story", "campaign": "verão", "other": "x" },
        "referrer": "https://l.instagram.com/story?user=ana#top",
        "startedAt": opened,
        "submittedAt": opened + 59_000,
        "website": "",
    });
    let headers = [("x-forwarded-for", "203.0.113.7"), ("cf-ipcountry", "BR")];
    let answer = edge.submit(&quiz, &body, &headers).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let expected =
        json!({ "success": true, "responseId": response.to_string(), "processingStatus": "queued" });
    assert_eq!(answer.body, expected);

    // Read after the answer, without waiting: accepted means durable.
    let records = log.submissions_of(&quiz).await;
    let [record] = &records[..] else { panic!("{records:?}") };
    assert_eq!(record.key, format!("{quiz}/{response}"));
    let epochs = log.tables.epochs.get(&log.kafka.name(QUIZ_SUBMISSION)).unwrap();
    assert_eq!(Some(record.partition), route(&quiz, &response, &epochs));
    let event = &record.event;
    assert_eq!((event.account_id.as_str(), event.quiz_id.as_str()), ("conta-vida-leve", quiz.as_str()));
    assert_eq!(event.response_id, response.to_string());
    assert_eq!(event.visitor_id, Some(visitor.to_string()));
    assert_eq!(event.version, version);
    assert!((now_ms() - event.received_at).abs() < 10_000);
    assert_eq!((event.started_at, event.submitted_at), (Some(opened), Some(opened + 59_000)));
    let text = |text: &str| AnswerValue::Text(text.to_owned());
    assert_eq!(event.answers["goal"], text("less"));
    assert_eq!(event.answers["score"], AnswerValue::Long(10));
    assert_eq!(event.answers["agree"], AnswerValue::Bool(true));
    assert_eq!(event.answers["habits"], AnswerValue::List(vec!["swim".to_owned(), "run".to_owned()]));
    let given: Vec<&str> = event.answers.keys().map(String::as_str).collect();
    assert_eq!(given, ["agree", "email", "goal", "habits", "name", "score"]);
    assert_eq!(event.hidden, [("origem".to_owned(), "instagram".to_owned())].into());
    assert_eq!((event.utm.source.as_str(), event.utm.campaign.as_str()), ("ig", "verão"));
    assert_eq!(event.referrer, "https://l.instagram.com/story");
    assert_eq!((event.device.as_str(), event.country.as_str()), ("mobile", "BR"));
    assert_eq!((event.bot_verdict.as_str(), event.bot_reasons.len()), ("human", 0));
    assert_eq!(event.address_hash.len(), 32);
    assert!(event.tags.is_empty());
}

#[tokio::test]
async fn a_submission_carries_its_way_when_the_client_says_it() {
    let installation = Installation::shared().await;
    let (log, edge) = (installation.log().await, installation.edge(&[]).await);
    let quiz = quiz_id("way");
    let version = log.publish(&quiz, &document("Olá")).await;
    edge.wait_for_version(&quiz, version).await;
    let way = json!([
        { "id": "intro", "millis": 1_200 }, { "id": "name", "millis": 0 }, { "id": "email", "millis": 86_400_000 },
    ]);
    let with = |elements: serde_json::Value, reported: serde_json::Value| json!({ "answers": answers(), "elements": elements, "reported": reported });
    assert_eq!(edge.submit(&quiz, &with(way.clone(), json!(2)), &[]).await.status, 200);
    assert_eq!(edge.submit(&quiz, &with(json!(null), json!(null)), &[]).await.status, 200);

    let twice = json!([{ "id": "name", "millis": -1 }, { "id": "name", "millis": 5 }, { "id": "nobody", "millis": 5 }]);
    let refused = edge.submit(&quiz, &with(twice, json!(4)), &[]).await;
    assert_eq!((refused.status, refused.code()), (400, "invalid_request"));
    let expected = [
        ("/elements/0/millis", "out_of_range"),
        ("/elements/1/id", "duplicate_id"),
        ("/elements/2/id", "unknown_element"),
        ("/reported", "out_of_range"),
    ];
    assert_eq!(refused.errors(), expected);

    let mut records = log.submissions_of(&quiz).await;
    records.sort_by_key(|record| record.event.elements.len());
    assert_eq!(records.len(), 2);
    assert_eq!((records[0].event.elements.len(), records[0].event.reported), (0, 0));
    let seen = |id: &str, millis| ElementSeen { element_id: id.to_owned(), millis };
    assert_eq!(records[1].event.elements, [seen("intro", 1_200), seen("name", 0), seen("email", 86_400_000)]);
    assert_eq!(records[1].event.reported, 2);
}

#[tokio::test]
async fn a_resend_lands_in_the_same_partition_and_a_missing_id_is_minted() {
    let installation = Installation::shared().await;
    let (log, edge) = (installation.log().await, installation.edge(&[]).await);
    let quiz = quiz_id("resend");
    let version = log.publish(&quiz, &document("Olá")).await;
    edge.wait_for_version(&quiz, version).await;
    let old = TimedId::mint_at(now_ms().unsigned_abs() - 30 * 24 * 3_600_000, &[7; 10]);
    for _ in 0..3 {
        assert_eq!(
            edge.submit_answers(&quiz, &old.to_string(), &answers()).await.status,
            200,
            "an old id is taken"
        );
    }
    let minted = edge.submit(&quiz, &json!({ "answers": answers() }), &[]).await;
    let minted = TimedId::parse(minted.body["responseId"].as_str().unwrap()).unwrap();
    assert!((minted.minted_at() - now_ms()).abs() < 10_000);

    let records = log.submissions_of(&quiz).await;
    let resent: Vec<_> =
        records.iter().filter(|record| record.event.response_id == old.to_string()).collect();
    assert_eq!(resent.len(), 3);
    assert!(resent.iter().all(|record| record.partition == resent[0].partition));
    assert_eq!(records.len(), 4);
}

#[tokio::test]
async fn an_id_from_the_future_is_sent_back_with_our_time() {
    let installation = Installation::shared().await;
    let (log, edge) = (installation.log().await, installation.edge(&[]).await);
    let quiz = quiz_id("future");
    let version = log.publish(&quiz, &document("Olá")).await;
    edge.wait_for_version(&quiz, version).await;
    let minute = 60_000;
    for (ahead, status) in [(4 * minute, 200), (6 * minute, 422), (365 * 24 * 60 * minute, 422)] {
        let id = TimedId::mint_at((now_ms() + ahead).unsigned_abs(), &[9; 10]);
        let answer = edge.submit_answers(&quiz, &id.to_string(), &answers()).await;
        assert_eq!(answer.status, status, "{ahead} ms ahead: {answer:?}");
        if status == 422 {
            assert_eq!(answer.code(), "id_from_the_future");
            assert!((answer.body["serverTime"].as_i64().unwrap() - now_ms()).abs() < 10_000);
            let viewed = edge
                .view(&quiz, "application/json", &json!({ "visitorId": id.to_string() }).to_string())
                .await;
            assert_eq!((viewed.status, viewed.code()), (422, "id_from_the_future"));
        }
    }
    assert_eq!(log.submissions_of(&quiz).await.len(), 1);
}

#[tokio::test]
async fn wrong_answers_are_named_field_by_field_and_reach_no_log() {
    let installation = Installation::shared().await;
    let (log, edge) = (installation.log().await, installation.edge(&[]).await);
    let quiz = quiz_id("wrong");
    let version = log.publish(&quiz, &document("Olá")).await;
    edge.wait_for_version(&quiz, version).await;
    let wrong =
        json!({ "email": "ana@", "goal": "more", "score": 11, "habits": "run", "nobody": 1, "intro": "x" });
    let answer = edge.submit(&quiz, &json!({ "answers": wrong }), &[]).await;
    assert_eq!((answer.status, answer.code()), (400, "invalid_answers"));
    let mut pointers: Vec<&str> = answer.errors().into_iter().map(|(pointer, _)| pointer).collect();
    pointers.sort_unstable();
    let expected = [
        "/answers/email",
        "/answers/goal",
        "/answers/habits",
        "/answers/intro",
        "/answers/name",
        "/answers/nobody",
        "/answers/score",
    ];
    assert_eq!(pointers, expected);
    assert!(!String::from_utf8_lossy(&answer.bytes).contains("ana@"), "an answer is never repeated");
    assert!(log.submissions_of(&quiz).await.is_empty());
    assert_eq!(edge.metric("vendzz_quiz_submissions_total{outcome=\"refused\"}").await, 1.0);
}

#[tokio::test]
async fn http2_without_tls_carries_many_submissions_at_once() {
    let installation = Installation::shared().await;
    let (log, edge) = (installation.log().await, installation.edge(&[]).await);
    let quiz = quiz_id("h2");
    let version = log.publish(&quiz, &document("Olá")).await;
    edge.wait_for_version(&quiz, version).await;

    let stream = tokio::net::TcpStream::connect(&edge.address).await.unwrap();
    let executor = hyper_util::rt::TokioExecutor::new();
    let io = hyper_util::rt::TokioIo::new(stream);
    let (sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
    tokio::spawn(connection);
    let mut requests = Vec::new();
    for _ in 0..200 {
        let body = json!({ "responseId": TimedId::mint().to_string(), "answers": answers() }).to_string();
        let request = hyper::Request::post(format!("http://{}/api/quiz/{quiz}/submit", edge.address))
            .header("content-type", "application/json")
            .body(http_body_util::Full::new(bytes::Bytes::from(body)))
            .unwrap();
        let mut sender = sender.clone();
        requests.push(tokio::spawn(async move {
            sender.ready().await.unwrap();
            sender.send_request(request).await.unwrap().status()
        }));
    }
    for request in requests {
        assert_eq!(request.await.unwrap(), 200);
    }
    assert_eq!(log.submissions_of(&quiz).await.len(), 200);
}
