//! What a beacon may hold, field by field, and how its answers are judged: by form alone.

use serde_json::{Value, json};
use vendzz_schemas::events::{AnswerValue, RetiredElement};
use vendzz_schemas::ids::TimedId;

use crate::harness::{Installation, document, now_ms, quiz_id};

/// A good beacon, in which these members are replaced.
fn beacon_with(members: Value) -> Value {
    let mut body = json!({
        "responseId": TimedId::mint().to_string(), "sequence": 1,
        "elements": [{ "id": "intro", "millis": 10 }, { "id": "name", "millis": 20 }], "reported": 1,
    });
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    body
}

fn elements(count: usize) -> Value {
    (0..count).map(|number| json!({ "id": format!("e{number}"), "millis": 1 })).collect()
}

#[tokio::test]
async fn every_wrong_field_is_named() {
    let installation = Installation::new().await;
    let (log, edge) = (installation.log().await, installation.edge(&[]).await);
    let quiz = quiz_id("progress-fields");
    let version = log.publish(&quiz, &document("Olá")).await;
    edge.wait_for_version(&quiz, version).await;
    let one = |id: Value, millis: Value| json!({ "elements": [{ "id": id, "millis": millis }] });
    let rows = [
        (json!({ "responseId": null }), "/responseId", "required"),
        (json!({ "responseId": 7 }), "/responseId", "wrong_type"),
        (json!({ "responseId": "abc" }), "/responseId", "not_uuid7"),
        (json!({ "responseId": "f47ac10b-58cc-4372-a567-0e02b2c3d479" }), "/responseId", "not_uuid7"),
        (json!({ "sequence": null }), "/sequence", "required"),
        (json!({ "sequence": "1" }), "/sequence", "wrong_type"),
        (json!({ "sequence": 0 }), "/sequence", "out_of_range"),
        (json!({ "sequence": 4 }), "/sequence", "out_of_range"),
        (json!({ "sequence": 1.5 }), "/sequence", "out_of_range"),
        (json!({ "sequence": 4_294_967_297_i64 }), "/sequence", "out_of_range"),
        (json!({ "visitorId": "x" }), "/visitorId", "not_uuid7"),
        (json!({ "version": -1 }), "/version", "out_of_range"),
        (json!({ "version": 9_007_199_254_740_993_i64 }), "/version", "unknown_version"),
        (json!({ "startedAt": "now" }), "/startedAt", "wrong_type"),
        (json!({ "elements": { "id": "name" } }), "/elements", "wrong_type"),
        (json!({ "elements": ["name", "email"] }), "/elements/0", "wrong_type"),
        (one(json!("nobody"), json!(1)), "/elements/0/id", "unknown_element"),
        (one(json!(""), json!(1)), "/elements/0/id", "unknown_element"),
        (one(json!(7), json!(1)), "/elements/0/id", "wrong_type"),
        (one(json!(null), json!(1)), "/elements/0/id", "required"),
        (one(json!("name"), json!(-1)), "/elements/0/millis", "out_of_range"),
        (one(json!("name"), json!(86_400_001)), "/elements/0/millis", "out_of_range"),
        (one(json!("name"), json!(0.5)), "/elements/0/millis", "out_of_range"),
        (one(json!("name"), json!("5")), "/elements/0/millis", "wrong_type"),
        (one(json!("name"), json!(null)), "/elements/0/millis", "required"),
        (
            json!({ "elements": [{ "id": "name", "millis": 1 }, { "id": "name", "millis": 2 }] }),
            "/elements/1/id",
            "duplicate_id",
        ),
        (json!({ "elements": elements(201) }), "/elements", "too_many"),
        (json!({ "reported": 3 }), "/reported", "out_of_range"),
        (json!({ "reported": -1 }), "/reported", "out_of_range"),
        (json!({ "reported": "1" }), "/reported", "wrong_type"),
        (json!({ "hidden": { "origem": {} } }), "/hidden/origem", "wrong_type"),
        (json!({ "utm": { "source": 7 } }), "/utm/source", "wrong_type"),
        (json!({ "referrer": {} }), "/referrer", "wrong_type"),
        (json!({ "answers": [] }), "/answers", "wrong_type"),
        (json!({ "answers": { "nobody": 1 } }), "/answers/nobody", "unknown_element"),
        (json!({ "answers": { "email": "ana@" } }), "/answers/email", "bad_email"),
        (json!({ "answers": { "name": 7 } }), "/answers/name", "wrong_type"),
        (json!({ "answers": { "intro": "x" } }), "/answers/intro", "not_a_question"),
    ];
    for (members, pointer, code) in &rows {
        let answer = edge.progress(&quiz, &beacon_with(members.clone()), &[]).await;
        assert_eq!(answer.status, 400, "{members}: {answer:?}");
        assert!(answer.errors().contains(&(*pointer, *code)), "{members}: {:?}", answer.errors());
        let expected = if pointer.starts_with("/answers/") { "invalid_answers" } else { "invalid_request" };
        assert_eq!(answer.code(), expected, "{members}");
    }
    assert_eq!(edge.metric("vendzz_quiz_progress_total{outcome=\"refused\"}").await, rows.len() as f64);

    let all_wrong = json!({
        "responseId": "x", "sequence": 9, "visitorId": 1, "version": version + 1_000, "startedAt": -1,
        "elements": [{ "id": "nobody", "millis": -1 }], "reported": 2, "hidden": { "origem": 1 },
        "utm": { "term": 1 }, "referrer": 1, "answers": { "email": "ana@", "nobody": 1 },
    });
    let answer = edge.progress(&quiz, &all_wrong, &[]).await;
    assert_eq!((answer.status, answer.code()), (400, "invalid_request"));
    let named: Vec<_> = answer.errors().into_iter().map(|(pointer, _)| pointer).collect();
    let expected = [
        "/version",
        "/responseId",
        "/sequence",
        "/visitorId",
        "/startedAt",
        "/elements/0/id",
        "/elements/0/millis",
        "/reported",
        "/hidden/origem",
        "/utm/term",
        "/referrer",
        "/answers/email",
        "/answers/nobody",
    ];
    assert_eq!(named, expected, "all of it at once");
    assert!(!String::from_utf8_lossy(&answer.bytes).contains("ana@"), "an answer is never repeated");

    let minute = 60_000;
    let id_at = |millis: i64| TimedId::mint_at(millis.unsigned_abs(), &[9; 10]).to_string();
    let ahead = json!({ "responseId": id_at(now_ms() + 6 * minute) });
    let answer = edge.progress(&quiz, &beacon_with(ahead), &[]).await;
    assert_eq!((answer.status, answer.code()), (422, "id_from_the_future"));
    assert_eq!(answer.errors(), [("/responseId", "id_from_the_future")]);
    assert!((answer.body["serverTime"].as_i64().unwrap() - now_ms()).abs() < 10_000);
    assert_eq!(log.event_count().await, 0, "something wrong reached the log");

    let ahead_within_bounds = json!({ "responseId": id_at(now_ms() + 4 * minute) });
    assert_eq!(edge.progress(&quiz, &beacon_with(ahead_within_bounds), &[]).await.status, 204);
    assert_eq!(log.progress_of(&quiz, 1).await.len(), 1);
}

#[tokio::test]
async fn answers_are_judged_by_form_alone_and_nothing_is_asked_for() {
    let installation = Installation::shared().await;
    let (log, edge) = (installation.log().await, installation.edge(&[]).await);
    let quiz = quiz_id("progress-form");
    let mut saving = document("um");
    saving["savePartialResponses"] = json!(true);
    let first = log.publish(&quiz, &saving).await;
    let elements = saving["elements"].as_array_mut().unwrap();
    elements.retain(|element| element["id"] != "habits");
    let retired = RetiredElement {
        element_id: "habits".into(),
        element_type: "multiple_choice".into(),
        choices: vec!["run".into(), "swim".into()],
    };
    let second = log.publish_with_retired(&quiz, &saving, vec![retired]).await;
    edge.wait_for_version(&quiz, second).await;

    let email = "ana@example.com";
    // Answers, version, tags. The required name is never given.
    let rows = [
        (json!({ "email": email }), second, vec![]),
        (json!({ "email": email }), first, vec![]),
        (json!({ "email": email, "score": 11 }), second, vec![]),
        (json!({ "email": email, "score": 11 }), first, vec!["stale_definition"]),
    ];
    for (place, (answers, version, tags)) in rows.iter().enumerate() {
        let body = beacon_with(json!({ "answers": answers, "version": version, "startedAt": place }));
        let answer = edge.progress(&quiz, &body, &[]).await;
        assert_eq!(answer.status, 204, "{answers}: {answer:?}");
        let records = log.progress_of(&quiz, place + 1).await;
        let place = place as i64;
        let event = &records.iter().find(|record| record.event.started_at == Some(place)).unwrap().event;
        assert_eq!(
            (&event.version, &event.tags.iter().map(String::as_str).collect::<Vec<_>>()),
            (version, tags)
        );
        assert_eq!(event.answers.len(), answers.as_object().unwrap().len());
    }
    // An element that is gone: its answer is kept, and it may stand in the way.
    let removed = json!({
        "answers": { "email": email, "habits": ["run"] }, "version": first, "sequence": 2,
        "elements": [{ "id": "habits", "millis": 5 }],
    });
    assert_eq!(edge.progress(&quiz, &beacon_with(removed), &[]).await.status, 204);
    let records = log.progress_of(&quiz, rows.len() + 1).await;
    let event = &records.last().unwrap().event;
    assert_eq!(event.answers["habits"], AnswerValue::List(vec!["run".to_owned()]));
    assert_eq!(
        (event.elements[0].element_id.as_str(), &event.tags[..]),
        ("habits", &["stale_definition".to_owned()][..])
    );
}
