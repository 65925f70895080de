use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use vendzz_schemas::events::{AnswerValue, ElementSeen};
use vendzz_schemas::ids::TimedId;
use vendzz_schemas::routing::route;
use vendzz_schemas::topics::QUIZ_PROGRESS;

use crate::harness::{Answer, Edge, Installation, document, now_ms, quiz_id};

const HOUR_MS: i64 = 3_600_000;

fn beacon(sequence: i64) -> Value {
    json!({ "responseId": TimedId::mint().to_string(), "sequence": sequence })
}

fn text(text: &str) -> AnswerValue {
    AnswerValue::Text(text.to_owned())
}

/// As `navigator.sendBeacon` sends it.
async fn as_text(edge: &Edge, quiz: &str, body: &Value) -> Answer {
    let request = edge.request(Method::POST, &format!("/api/quiz/{quiz}/progress"));
    let request = request.header("content-type", "text/plain;charset=UTF-8").body(body.to_string());
    Answer::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn an_accepted_beacon_stands_in_the_log_with_every_field() {
    let installation = Installation::shared().await;
    let (log, edge) =
        (installation.log().await, installation.edge(&[("VENDZZ_TRUSTED_PROXIES", "127.0.0.1")]).await);
    let quiz = quiz_id("progress");
    let mut saving = document("Olá");
    saving["savePartialResponses"] = json!(true);
    let version = log.publish(&quiz, &saving).await;
    edge.wait_for_version(&quiz, version).await;
    let (response, visitor) = (TimedId::mint(), TimedId::mint());
    let opened = now_ms() - 60_000;
    let whole = json!({
        "responseId": response.to_string().to_uppercase(),
        "sequence": 3,
        "visitorId": visitor.to_string(),
        "version": version,
        "startedAt": opened,
        "elements": [
            { "id": "intro", "millis": 2_000 }, { "id": "name", "millis": 0 }, { "id": "email", "millis": 86_400_000 },
        ],
        "reported": 2,
        "answers": { "name": " Ana Souza ", "email": "Ana@Example.COM", "score": 10, "born": null, "cpf": "" },
        "hidden": { "origem": "instagram", "not-named": "x" },
        "utm": { "source": "ig", "medium": "story", "campaign": "verão", "term": "t", "content": "c", "other": "x" },
        "referrer": "https://l.instagram.com/story?user=ana#top",
        "other": "is ignored",
    });
    let headers = [("x-forwarded-for", "203.0.113.7"), ("cf-ipcountry", "BR")];
    let answer = edge.progress(&quiz, &whole, &headers).await;
    assert_eq!((answer.status, answer.bytes.len()), (204, 0), "{answer:?}");
    let least = json!({ "responseId": response.to_string(), "sequence": 1 });
    assert_eq!(as_text(&edge, &quiz, &least).await.status, 204);

    let records = log.progress_of(&quiz, 2).await;
    assert_eq!(records.len(), 2);
    let epochs = log.tables.epochs.get(&log.kafka.name(QUIZ_PROGRESS)).unwrap();
    for record in &records {
        assert_eq!(record.key, format!("{quiz}/{response}"));
        assert_eq!(Some(record.partition), route(&quiz, &response, &epochs));
        assert_eq!(record.event.response_id, response.to_string());
        assert_eq!(record.event.account_id, "conta-vida-leve");
        assert_eq!(record.event.version, version, "the current one when none is named");
        assert!((now_ms() - record.event.received_at).abs() < 10_000);
        assert_eq!((record.event.device.as_str(), record.event.bot_verdict.as_str()), ("mobile", "human"));
        assert_eq!(record.event.address_hash.len(), 32);
        assert!(record.event.tags.is_empty());
    }
    let event = &records[0].event;
    assert_eq!((event.sequence, event.reported, event.elements.len()), (1, 0, 0));
    assert_eq!((&event.visitor_id, event.started_at, event.country.as_str()), (&None, None, ""));
    assert!(event.answers.is_empty() && event.hidden.is_empty() && event.referrer.is_empty());
    let event = &records[1].event;
    assert_eq!((event.sequence, event.reported), (3, 2));
    assert_eq!((&event.visitor_id, event.started_at), (&Some(visitor.to_string()), Some(opened)));
    let seen = |id: &str, millis| ElementSeen { element_id: id.to_owned(), millis };
    assert_eq!(event.elements, [seen("intro", 2_000), seen("name", 0), seen("email", 86_400_000)]);
    let answers =
        [("email", text("Ana@example.com")), ("name", text("Ana Souza")), ("score", AnswerValue::Long(10))];
    assert_eq!(event.answers, answers.map(|(id, answer)| (id.to_owned(), answer)).into());
    assert_eq!(event.hidden, [("origem".to_owned(), "instagram".to_owned())].into());
    let utm = &event.utm;
    assert_eq!(
        [&utm.source, &utm.medium, &utm.campaign, &utm.term, &utm.content],
        ["ig", "story", "verão", "t", "c"]
    );
    assert_eq!((event.referrer.as_str(), event.country.as_str()), ("https://l.instagram.com/story", "BR"));
    assert_eq!(edge.metric("vendzz_quiz_progress_total{outcome=\"accepted\"}").await, 2.0);
    assert_eq!(edge.metric("vendzz_quiz_progress_total{outcome=\"lost\"}").await, 0.0);
    assert_eq!(edge.metric("vendzz_quiz_views_total{outcome=\"accepted\"}").await, 0.0);
}

#[tokio::test]
async fn a_beacon_for_a_quiz_that_is_unknown_or_unpublished() {
    let installation = Installation::shared().await;
    let (log, edge) = (installation.log().await, installation.edge(&[]).await);
    let (recent, gone) = (quiz_id("progress-recent"), quiz_id("progress-gone"));
    for quiz in [&recent, &gone] {
        let version = log.publish(quiz, &document("um")).await;
        edge.wait_for_version(quiz, version).await;
    }
    log.unpublish(&recent, &document("um"), now_ms() - 23 * HOUR_MS).await;
    log.unpublish(&gone, &document("um"), now_ms() - 25 * HOUR_MS).await;
    while edge.get(&format!("/quiz/{gone}"), &[]).await.status == 200 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let unknown = edge.progress("nobody-has-this", &beacon(1), &[]).await;
    assert_eq!((unknown.status, unknown.code()), (404, "unknown_quiz"));
    let refused = edge.progress(&gone, &beacon(1), &[]).await;
    assert_eq!((refused.status, refused.code()), (410, "quiz_gone"));
    assert_eq!(edge.progress(&recent, &beacon(1), &[]).await.status, 204);
    let records = log.progress_of(&recent, 1).await;
    assert_eq!((records.len(), &records[0].event.tags), (1, &vec!["unpublished".to_owned()]));
    assert!(log.progress_of(&gone, 0).await.is_empty());
    assert_eq!(edge.metric("vendzz_quiz_progress_total{outcome=\"refused\"}").await, 2.0);
}

#[tokio::test]
async fn bots_are_tagged_as_those_of_views_are() {
    let installation = Installation::shared().await;
    let (log, edge) = (installation.log().await, installation.edge(&[]).await);
    let quiz = quiz_id("progress-bots");
    let version = log.publish(&quiz, &document("Olá")).await;
    edge.wait_for_version(&quiz, version).await;
    let client = reqwest::Client::new();
    let agents = [Some("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"), None];
    for (agent, sequence) in agents.into_iter().zip(1..) {
        let request = client.post(format!("http://{}/api/quiz/{quiz}/progress", edge.address));
        let request = agent.into_iter().fold(request, |request, agent| request.header("user-agent", agent));
        assert_eq!(request.json(&beacon(sequence)).send().await.unwrap().status(), 204);
    }
    assert_eq!(edge.progress(&quiz, &beacon(3), &[]).await.status, 204);
    let records = log.progress_of(&quiz, 3).await;
    let verdicts: Vec<_> = records.iter().map(|record| record.event.bot_verdict.as_str()).collect();
    assert_eq!(verdicts, ["bot", "suspect", "human"]);
}

#[tokio::test]
async fn a_beacon_that_finds_no_place_in_the_queue_is_dropped_and_counted() {
    let installation = Installation::shared().await;
    // What is queued waits so long for others that the queue stays full.
    let env = [("VENDZZ_VIEW_QUEUE", "2"), ("VENDZZ_VIEW_LINGER", "4s")];
    let (log, edge) = (installation.log().await, installation.edge(&env).await);
    let quiz = quiz_id("progress-full");
    let version = log.publish(&quiz, &document("Olá")).await;
    edge.wait_for_version(&quiz, version).await;
    let mut statuses = Vec::new();
    for _ in 0..5 {
        let answer = edge.progress(&quiz, &beacon(1), &[]).await;
        statuses.push(answer.status);
        if answer.status == 503 {
            assert_eq!((answer.code(), answer.header("retry-after")), ("progress_dropped", "5"));
        }
    }
    let accepted = statuses.iter().filter(|status| **status == 204).count();
    assert!(
        (1..5).contains(&accepted) && statuses.iter().all(|status| [204, 503].contains(status)),
        "{statuses:?}"
    );
    assert_eq!(edge.metric("vendzz_quiz_progress_total{outcome=\"dropped\"}").await, (5 - accepted) as f64);
    assert_eq!(edge.submit(&quiz, &json!({ "answers": { "name": "Ana Souza" } }), &[]).await.status, 200);
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(log.progress_of(&quiz, accepted).await.len(), accepted, "what was accepted is in the log");
}
