//! Quizzes that are edited and unpublished while people answer them.

use serde_json::json;
use vendzz_schemas::events::RetiredElement;

use crate::harness::{Installation, answers, document, now_ms, quiz_id};

const HOUR_MS: i64 = 3_600_000;

#[tokio::test]
async fn no_lead_is_lost_because_a_quiz_was_edited() {
    let installation = Installation::shared().await;
    let (log, edge) = (installation.log().await, installation.edge(&[]).await);
    let quiz = quiz_id("edited");
    let first = log.publish(&quiz, &document("um")).await;
    let mut edited = document("dois");
    let elements = edited["elements"].as_array_mut().unwrap();
    // The question about the goal lost a choice, that about habits is gone, and there is a new one.
    elements.retain(|element| element["id"] != "habits");
    let goal = elements.iter_mut().find(|element| element["id"] == "goal").unwrap();
    goal["choices"].as_array_mut().unwrap().retain(|choice| choice["id"] != "less");
    elements.push(json!({ "id": "phone", "type": "phone", "label": "Telefone", "required": true }));
    let retired = vec![
        RetiredElement {
            element_id: "habits".into(),
            element_type: "multiple_choice".into(),
            choices: vec!["run".into(), "swim".into()],
        },
        RetiredElement {
            element_id: "goal".into(),
            element_type: "single_choice".into(),
            choices: vec!["less".into()],
        },
    ];
    let second = log.publish_with_retired(&quiz, &edited, retired).await;
    edge.wait_for_version(&quiz, second).await;

    let given = json!({ "name": "Ana Souza", "goal": "less", "habits": ["run"] });
    let stale = edge.submit(&quiz, &json!({ "version": first, "answers": given }), &[]).await;
    assert_eq!(stale.status, 200, "{stale:?}");
    let current = edge.submit(&quiz, &json!({ "version": second, "answers": given }), &[]).await;
    let mut errors = current.errors();
    errors.sort_unstable();
    let codes: Vec<_> = errors.iter().map(|(pointer, _)| *pointer).collect();
    assert_eq!((current.status, codes), (400, vec!["/answers/goal", "/answers/habits", "/answers/phone"]));
    let default = edge.submit(&quiz, &json!({ "answers": given }), &[]).await;
    assert_eq!(default.status, 400, "without a version the current one is meant");

    // What is wrong in form is refused in any version.
    for wrong in [json!({ "never": 1 }), json!({ "habits": "run" }), json!({ "name": 7 })] {
        let refused = edge.submit(&quiz, &json!({ "version": first, "answers": wrong }), &[]).await;
        assert_eq!((refused.status, refused.code()), (400, "invalid_answers"), "{wrong}");
    }
    let good = json!({ "name": "Bia Lima", "goal": "same", "phone": "+5511987654321" });
    let older_and_right = edge.submit(&quiz, &json!({ "version": first, "answers": good }), &[]).await;
    assert_eq!(older_and_right.status, 200);

    let mut records = log.submissions_of(&quiz).await;
    records.sort_by_key(|record| record.event.received_at);
    let kept: Vec<_> =
        records.iter().map(|record| (record.event.version, record.event.tags.clone())).collect();
    assert_eq!(kept, [(first, vec!["stale_definition".to_owned()]), (first, vec![])]);
    assert!(records[0].event.answers.contains_key("habits"), "the removed question's answer is kept");
}

#[tokio::test]
async fn a_version_that_never_was_is_refused() {
    let installation = Installation::shared().await;
    let (log, edge) = (installation.log().await, installation.edge(&[]).await);
    let quiz = quiz_id("never");
    let version = log.publish(&quiz, &document("um")).await;
    edge.wait_for_version(&quiz, version).await;
    let ahead = edge.submit(&quiz, &json!({ "version": version + 1_000, "answers": answers() }), &[]).await;
    assert_eq!((ahead.status, ahead.errors()), (400, vec![("/version", "unknown_version")]));
    assert!(log.submissions_of(&quiz).await.is_empty());
}

#[tokio::test]
async fn answers_are_taken_for_a_day_after_unpublishing_and_then_no_more() {
    let installation = Installation::shared().await;
    let (log, edge) = (installation.log().await, installation.edge(&[]).await);
    let (recent, gone) = (quiz_id("recent"), quiz_id("gone"));
    for quiz in [&recent, &gone] {
        let version = log.publish(quiz, &document("um")).await;
        edge.wait_for_version(quiz, version).await;
    }
    log.unpublish(&recent, &document("um"), now_ms() - 23 * HOUR_MS).await;
    log.unpublish(&gone, &document("um"), now_ms() - 25 * HOUR_MS).await;
    while edge.get(&format!("/quiz/{gone}"), &[]).await.status == 200 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let page = edge.get(&format!("/quiz/{recent}"), &[]).await;
    assert_eq!((page.status, page.code()), (404, "unknown_quiz"));

    let taken = edge.submit(&recent, &json!({ "answers": answers() }), &[]).await;
    assert_eq!(taken.status, 200, "{taken:?}");
    assert_eq!(edge.view(&recent, "application/json", "").await.status, 204);
    let refused = edge.submit(&gone, &json!({ "answers": answers() }), &[]).await;
    assert_eq!((refused.status, refused.code()), (410, "quiz_gone"));
    assert_eq!(edge.view(&gone, "application/json", "").await.status, 410);

    let records = log.submissions_of(&recent).await;
    assert_eq!((records.len(), &records[0].event.tags), (1, &vec!["unpublished".to_owned()]));
    assert!(log.submissions_of(&gone).await.is_empty());

    let again = log.publish(&gone, &document("de volta")).await;
    edge.wait_for_version(&gone, again).await;
    assert_eq!(edge.submit(&gone, &json!({ "answers": answers() }), &[]).await.status, 200);
}
