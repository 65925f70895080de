use reqwest::Method;
use serde_json::{Value, json};

use super::harness::{Admin, Answer, TOKEN, document, quiz_id, versions_in_log};

#[tokio::test]
async fn a_published_quiz_is_read_back_as_it_was_sent_also_by_a_process_started_later() {
    let admin = Admin::start().await;
    for (name, text) in [
        ("emagrecimento", include_str!("../../../docs/examples/emagrecimento.json")),
        ("emprestimo", include_str!("../../../docs/examples/emprestimo.json")),
        ("cursos", include_str!("../../../docs/examples/cursos.json")),
    ] {
        let id = quiz_id(name);
        let sent: Value = serde_json::from_str(text).unwrap();
        let published = admin.put(&id, &sent, &[("If-None-Match", "*")]).await;
        assert_eq!((published.status, published.outcome()), (201, "created"));

        let later = Admin::start().await;
        for reader in [&admin, &later] {
            let read = reader.quiz(&id).await;
            assert_eq!((read.status, read.version()), (200, published.version()));
            assert_eq!(read.body["quizId"], id.as_str());
            assert_eq!(read.body["accountId"], sent["accountId"]);
            assert_eq!(read.body["state"], "published");
            assert_eq!(read.body["retired"], json!([]));
            assert_same_document(&read.body["document"], &sent);
        }
    }
}

/// Everything that was sent stands there; what was left out may stand there with its default.
fn assert_same_document(read: &Value, sent: &Value) {
    match (read, sent) {
        (Value::Object(read), Value::Object(sent)) => {
            for (name, value) in sent {
                assert_same_document(read.get(name).unwrap_or(&Value::Null), value);
            }
        }
        (Value::Array(read), Value::Array(sent)) => {
            assert_eq!(read.len(), sent.len());
            read.iter().zip(sent).for_each(|(read, sent)| assert_same_document(read, sent));
        }
        _ => assert_eq!(read, sent),
    }
}

#[tokio::test]
async fn each_version_names_the_one_that_it_was_made_from() {
    let admin = Admin::start().await;
    let id = quiz_id("versions");
    let missing = admin.put(&id, &document("um"), &[("If-Match", "\"0\"")]).await;
    assert_eq!((missing.status, missing.code()), (412, "version_conflict"));

    let first = admin.put(&id, &document("um"), &[]).await;
    assert_eq!(first.status, 201);
    let tag = first.header("etag").to_owned();

    let unsaid = admin.put(&id, &document("dois"), &[]).await;
    assert_eq!(
        (unsaid.status, unsaid.code(), unsaid.header("etag")),
        (428, "precondition_required", tag.as_str())
    );
    let not_new = admin.put(&id, &document("dois"), &[("If-None-Match", "*")]).await;
    assert_eq!(
        (not_new.status, not_new.code(), not_new.header("etag")),
        (412, "version_conflict", tag.as_str())
    );

    let second = admin.put(&id, &document("dois"), &[("If-Match", &tag)]).await;
    assert_eq!((second.status, second.outcome()), (200, "updated"));
    assert!(second.version() > first.version());
    let stale = admin.put(&id, &document("três"), &[("If-Match", &tag)]).await;
    assert_eq!((stale.status, stale.code()), (412, "version_conflict"));
    assert_eq!(stale.header("etag"), second.header("etag"), "the answer says which version is current");
    assert_eq!(admin.quiz(&id).await.body["document"]["title"], "dois");

    for bad in ["1", "*", "\"1"] {
        let answer = admin.put(&id, &document("três"), &[("If-Match", bad)]).await;
        assert_eq!((answer.status, answer.code()), (400, "bad_precondition"), "{bad}");
    }
    assert_eq!(versions_in_log(&id).await, [first.version(), second.version()]);
}

#[tokio::test]
async fn the_same_put_again_is_a_success_and_adds_nothing() {
    let admin = Admin::start().await;
    let id = quiz_id("again");
    let first = admin.put(&id, &document("um"), &[("If-None-Match", "*")]).await;
    let again = admin.put(&id, &document("um"), &[("If-None-Match", "*")]).await;
    assert_eq!((again.status, again.outcome(), again.version()), (200, "unchanged", first.version()));

    let tag = first.header("etag").to_owned();
    let second = admin.put(&id, &document("dois"), &[("If-Match", &tag)]).await;
    let again = admin.put(&id, &document("dois"), &[("If-Match", &tag)]).await;
    assert_eq!((again.status, again.outcome(), again.version()), (200, "unchanged", second.version()));
    assert_eq!(versions_in_log(&id).await, [first.version(), second.version()]);
}

#[tokio::test]
async fn a_quiz_belongs_for_ever_to_its_first_account() {
    let admin = Admin::start().await;
    let id = quiz_id("owned");
    let first = admin.put(&id, &document("meu"), &[]).await;
    let mut takeover = document("meu");
    takeover["accountId"] = json!("ladrao");
    let refused = async |headers: &[(&str, &str)]| {
        let answer = admin.put(&id, &takeover, headers).await;
        assert_eq!((answer.status, answer.code()), (409, "foreign_account"));
        assert_eq!(answer.body["errors"][0]["pointer"], "/accountId");
        assert!(!answer.body.to_string().contains("conta-vida-leve"), "the owner is not told to strangers");
    };
    refused(&[]).await;
    refused(&[("If-Match", first.header("etag"))]).await;
    let unpublished = admin.delete(&id, &[("If-Match", first.header("etag"))]).await;
    assert_eq!(unpublished.status, 200);
    refused(&[("If-Match", unpublished.header("etag"))]).await;
    refused(&[("If-None-Match", "*")]).await;
    assert_eq!(versions_in_log(&id).await.len(), 2);
}

#[tokio::test]
async fn what_was_removed_is_remembered_and_an_id_keeps_its_type() {
    let admin = Admin::start().await;
    let id = quiz_id("retired");
    let first = admin.put(&id, &document("um"), &[]).await;
    let mut smaller = document("dois");
    smaller["elements"].as_array_mut().unwrap().pop();
    smaller["elements"][1]["choices"].as_array_mut().unwrap().pop();
    let second = admin.put(&id, &smaller, &[("If-Match", first.header("etag"))]).await;
    assert_eq!(second.status, 200);
    let expected = json!([
        { "elementId": "email", "elementType": "email", "choices": [] },
        { "elementId": "goal", "elementType": "single_choice", "choices": ["same"] },
    ]);
    assert_eq!(admin.quiz(&id).await.body["retired"], expected);

    let mut reused = smaller.clone();
    reused["elements"][0] = json!({ "id": "email", "type": "phone", "label": "Telefone?" });
    let refused = admin.put(&id, &reused, &[("If-Match", second.header("etag"))]).await;
    assert_eq!((refused.status, refused.code()), (422, "invalid_definition"));
    assert_eq!(refused.body["errors"][0]["pointer"], "/elements/0/type");
    assert_eq!(refused.body["errors"][0]["code"], "type_changed");

    // Restored, nothing of it is removed any more.
    let third = admin.put(&id, &document("três"), &[("If-Match", second.header("etag"))]).await;
    assert_eq!(third.status, 200);
    assert_eq!(admin.quiz(&id).await.body["retired"], json!([]));
}

#[tokio::test]
async fn unpublishing_is_a_version_and_doing_it_twice_is_fine() {
    let admin = Admin::start().await;
    let id = quiz_id("unpublished");
    let unknown = admin.delete(&id, &[]).await;
    assert_eq!((unknown.status, unknown.code()), (404, "unknown_quiz"));

    let first = admin.put(&id, &document("um"), &[]).await;
    let unsaid = admin.delete(&id, &[]).await;
    assert_eq!((unsaid.status, unsaid.code()), (428, "precondition_required"));
    let stale = admin.delete(&id, &[("If-Match", "\"999999\"")]).await;
    assert_eq!(
        (stale.status, stale.code(), stale.header("etag")),
        (412, "version_conflict", first.header("etag"))
    );

    let gone = admin.delete(&id, &[("If-Match", first.header("etag"))]).await;
    assert_eq!((gone.status, gone.outcome()), (200, "updated"));
    assert_eq!(gone.body["state"], "unpublished");
    let twice = admin.delete(&id, &[("If-Match", first.header("etag"))]).await;
    assert_eq!((twice.status, twice.outcome(), twice.version()), (200, "unchanged", gone.version()));

    let read = admin.quiz(&id).await;
    assert_eq!((read.status, &read.body["state"]), (200, &json!("unpublished")));
    assert_eq!(read.body["document"]["title"], "um", "the document stays");
    let republished = admin.put(&id, &document("um"), &[("If-Match", gone.header("etag"))]).await;
    assert_eq!((republished.status, republished.outcome()), (200, "updated"));
    assert_eq!(versions_in_log(&id).await.len(), 3);
}

#[tokio::test]
async fn quizzes_are_listed_by_id_in_pages() {
    let admin = Admin::start().await;
    let base = quiz_id("list");
    for suffix in ["c", "a", "b"] {
        assert_eq!(admin.put(&format!("{base}-{suffix}"), &document(suffix), &[]).await.status, 201);
    }
    let page = admin.get(&format!("/api/quizzes?after={base}&limit=2"), &[]).await;
    let ids = |page: &Answer| -> Vec<String> {
        let quizzes = page.body["quizzes"].as_array().unwrap();
        quizzes.iter().map(|quiz| quiz["quizId"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&page), [format!("{base}-a"), format!("{base}-b")]);
    assert_eq!(page.body["next"], format!("{base}-b"));
    let first = &page.body["quizzes"][0];
    assert_eq!((&first["title"], &first["state"]), (&json!("a"), &json!("published")));
    assert!(first["version"].is_i64() && first["accountId"].is_string() && first.get("document").is_none());

    let rest = admin.get(&format!("/api/quizzes?after={base}-b&limit=1"), &[]).await;
    assert_eq!(ids(&rest), [format!("{base}-c")]);
    for bad in ["limit=0", "limit=1001", "limit=x", "page=2"] {
        let answer = admin.get(&format!("/api/quizzes?{bad}"), &[]).await;
        assert_eq!((answer.status, answer.code()), (400, "bad_query"), "{bad}");
    }
}

#[tokio::test]
async fn a_reader_that_has_the_version_is_spared_the_body() {
    let admin = Admin::start().await;
    let id = quiz_id("etag");
    let published = admin.put(&id, &document("um"), &[]).await;
    let path = format!("/api/quizzes/{id}");
    let unmodified = admin.get(&path, &[("If-None-Match", published.header("etag"))]).await;
    assert_eq!((unmodified.status, unmodified.header("etag")), (304, published.header("etag")));
    assert_eq!(admin.get(&path, &[("If-None-Match", "\"999999\"")]).await.status, 200);
    let head = admin.request(Method::HEAD, &path).bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!(head.headers()["etag"], published.header("etag"));
    let unknown = admin.quiz("no-such-quiz").await;
    assert_eq!((unknown.status, unknown.code()), (404, "unknown_quiz"));
}
