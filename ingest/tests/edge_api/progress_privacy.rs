//! What of a response that is not finished may stand in the log.

use reqwest::Method;
use serde_json::{Value, json};
use vendzz_schemas::ids::TimedId;

use crate::harness::{Installation, document, quiz_id};

fn quiz_document(saves_partial_responses: bool) -> Value {
    let mut document = document("Olá");
    document["savePartialResponses"] = json!(saves_partial_responses);
    let phone = json!({ "id": "phone", "type": "phone", "label": "WhatsApp?" });
    let note = json!({ "id": "note", "type": "short_text", "label": "Algo mais?" });
    document["elements"].as_array_mut().unwrap().extend([phone, note]);
    document
}

#[tokio::test]
async fn answers_are_kept_only_with_a_contact_and_only_if_the_quiz_saves_them() {
    let installation = Installation::shared().await;
    let (log, edge) = (installation.log().await, installation.edge(&[]).await);
    // Answers, and whether they give a contact.
    let rows = [
        (json!({ "name": "Ana Souza", "email": "ana@example.com" }), true),
        (json!({ "name": "Ana Souza", "phone": "(11) 98765-4321" }), true),
        (json!({ "email": "ana@example.com", "phone": "1" }), true),
        (json!({ "name": "Ana Souza", "goal": "less" }), false),
        (json!({ "name": "Ana Souza", "phone": "(11) 9876" }), false),
        (json!({ "name": "Ana Souza", "email": "  ", "phone": null }), false),
        (json!({ "name": "Ana Souza", "note": "ana@example.com, (11) 98765-4321" }), false),
        (json!({}), false),
    ];
    for saves in [true, false] {
        let quiz = quiz_id(if saves { "saves" } else { "saves-not" });
        let version = log.publish(&quiz, &quiz_document(saves)).await;
        edge.wait_for_version(&quiz, version).await;
        for (place, (answers, gives_contact)) in rows.iter().enumerate() {
            let body = json!({
                "responseId": TimedId::mint().to_string(), "sequence": 1, "startedAt": place, "answers": answers,
                "elements": [{ "id": "name", "millis": 5 }], "hidden": { "origem": "instagram" },
                "utm": { "source": "ig" }, "referrer": "https://example.com/a",
            });
            let answer = edge.progress(&quiz, &body, &[]).await;
            assert_eq!(answer.status, 204, "{answers}: {answer:?}");
            let records = log.progress_of(&quiz, place + 1).await;
            let place = place as i64;
            let event = &records.iter().find(|record| record.event.started_at == Some(place)).unwrap().event;
            let given = answers.as_object().unwrap().len();
            let expected = if saves && *gives_contact { (given, 1) } else { (0, 0) };
            assert_eq!((event.answers.len(), event.hidden.len()), expected, "saves {saves}: {answers}");
            // The rest is kept in any case.
            assert_eq!((event.elements.len(), event.utm.source.as_str()), (1, "ig"));
            assert_eq!(event.referrer, "https://example.com/a");
        }
    }
}

#[tokio::test]
async fn no_line_of_the_edges_log_holds_what_was_answered() {
    let installation = Installation::shared().await;
    let (log, mut edge) = (installation.log().await, installation.edge(&[("RUST_LOG", "trace")]).await);
    let quiz = quiz_id("silent");
    let version = log.publish(&quiz, &quiz_document(true)).await;
    edge.wait_for_version(&quiz, version).await;
    let answers =
        json!({ "name": "Quitéria Xpto", "email": "quiteria.xpto@example.com", "phone": "(11) 98123-7654" });
    let whole = json!({
        "responseId": TimedId::mint().to_string(), "sequence": 1, "answers": answers,
        "hidden": { "origem": "segredo-4711" }, "elements": [{ "id": "name", "millis": 1 }],
    });
    let with = |member: &str, value: Value| {
        let mut body = whole.clone();
        body[member] = value;
        body
    };
    let wrong_answers =
        json!({ "email": "quiteria.xpto@", "phone": "(11) 98123-7654", "nobody": "Quitéria Xpto" });
    for (body, status) in [
        (whole.clone(), 204),
        (with("sequence", json!(7)), 400),
        (with("answers", wrong_answers), 400),
        (with("version", json!("quiteria.xpto@example.com")), 400),
        (with("elements", json!([{ "id": "quiteria.xpto@example.com", "millis": 1 }])), 400),
    ] {
        assert_eq!(edge.progress(&quiz, &body, &[]).await.status, status, "{body}");
        if status == 204 {
            assert_eq!(edge.submit(&quiz, &body, &[]).await.status, 200);
        }
    }
    let mut cut_short = whole.to_string();
    cut_short.pop();
    let request = edge.request(Method::POST, &format!("/api/quiz/{quiz}/progress"));
    let request = request.header("content-type", "text/plain").body(cut_short);
    assert_eq!(request.send().await.unwrap().status(), 400);
    assert_eq!(log.progress_of(&quiz, 1).await[0].event.answers.len(), 3);

    edge.signal(nix::sys::signal::Signal::SIGTERM);
    assert_eq!(edge.exit_status(std::time::Duration::from_secs(15)).await.code(), Some(0));
    let lines = edge.log();
    assert!(lines.contains("\"TRACE\""), "the log was not as talkative as it can be");
    for secret in ["xpto", "Xpto", "98123", "981237654", "segredo-4711"] {
        assert!(!lines.contains(secret), "{secret} stands in the edge's log");
    }
}
