use serde_json::json;

use super::harness::{Admin, Answer, campaign_document, document, quiz_id};

fn texts(page: &Answer, list: &str, field: &str) -> Vec<String> {
    let entries = page.body[list].as_array().unwrap_or_else(|| panic!("{page:?}"));
    entries.iter().map(|entry| entry[field].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn campaigns_are_listed_by_id_in_pages_all_or_those_of_a_quiz() {
    let admin = Admin::start().await;
    let (base, quiz, other) = (quiz_id("list"), quiz_id("quiz"), quiz_id("other"));
    for quiz in [&quiz, &other] {
        assert_eq!(admin.put(quiz, &document("um"), &[]).await.status, 201);
    }
    for (suffix, of) in [("c", &quiz), ("a", &quiz), ("d", &other), ("b", &quiz)] {
        let campaign = campaign_document(of, suffix, "draft");
        assert_eq!(admin.put_campaign(&format!("{base}-{suffix}"), &campaign, &[]).await.status, 201);
    }
    let ids = |page: &Answer| texts(page, "campaigns", "campaignId");
    let full =
        |suffixes: &[&str]| suffixes.iter().map(|suffix| format!("{base}-{suffix}")).collect::<Vec<_>>();

    let page = admin.get(&format!("/api/campaigns?after={base}&limit=2"), &[]).await;
    assert_eq!((ids(&page), &page.body["next"]), (full(&["a", "b"]), &json!(format!("{base}-b"))));
    let first = &page.body["campaigns"][0];
    for (field, value) in [
        ("name", json!("a")),
        ("channel", json!("email")),
        ("audience", json!("completed")),
        ("state", json!("draft")),
        ("quizId", json!(quiz)),
        ("accountId", json!("conta-vida-leve")),
    ] {
        assert_eq!(first[field], value);
    }
    assert!(first["revision"].is_string() && first["changedAt"].is_i64() && first.get("document").is_none());
    let rest = admin.get(&format!("/api/campaigns?after={base}-b&limit=2"), &[]).await;
    assert_eq!(ids(&rest)[..2], full(&["c", "d"]));

    let of_quiz = admin.get(&format!("/api/campaigns?quiz={quiz}"), &[]).await;
    assert_eq!((ids(&of_quiz), of_quiz.body.get("next")), (full(&["a", "b", "c"]), None));
    let of_quiz = admin.get(&format!("/api/campaigns?quiz={quiz}&limit=1&after={base}-b"), &[]).await;
    assert_eq!((ids(&of_quiz), of_quiz.body.get("next")), (full(&["c"]), None));
    let of_other = admin.get(&format!("/api/campaigns?quiz={other}"), &[]).await;
    assert_eq!(ids(&of_other), full(&["d"]));
    let of_none = admin.get("/api/campaigns?quiz=no-such-quiz", &[]).await;
    assert_eq!(of_none.body, json!({ "campaigns": [] }));

    for bad in ["limit=0", "limit=1001", "limit=x", "page=2", "quiz=", "quiz=A%20b", "before=x"] {
        let answer = admin.get(&format!("/api/campaigns?{bad}"), &[]).await;
        assert_eq!((answer.status, answer.code()), (400, "bad_query"), "{bad}");
    }
}

#[tokio::test]
async fn a_campaigns_versions_are_listed_newest_first_also_by_a_process_started_later() {
    let admin = Admin::start().await;
    let id = quiz_id("history");
    assert_eq!(admin.put(&id, &document("um"), &[]).await.status, 201);
    let mut published: Vec<Answer> = Vec::new();
    for state in ["draft", "active", "paused", "active", "ended"] {
        let tag = published.last().map(|last| last.header("etag").to_owned());
        let headers: Vec<(&str, &str)> = tag.iter().map(|tag| ("If-Match", tag.as_str())).collect();
        let answer = admin.put_campaign(&id, &campaign_document(&id, "um", state), &headers).await;
        assert!(answer.status < 300, "{answer:?}");
        published.push(answer);
    }
    published.reverse();
    let revisions: Vec<String> = published.iter().map(|answer| answer.revision().to_owned()).collect();

    let later = Admin::start().await;
    for reader in [&admin, &later] {
        let all = reader.get(&format!("/api/campaigns/{id}/versions"), &[]).await;
        assert_eq!((all.status, &all.body["campaignId"], all.body.get("next")), (200, &json!(id), None));
        assert_eq!(texts(&all, "versions", "revision"), revisions);
        assert_eq!(texts(&all, "versions", "state"), ["ended", "active", "paused", "active", "draft"]);
        for (entry, answer) in all.body["versions"].as_array().unwrap().iter().zip(&published) {
            assert_eq!(entry["changedAt"], answer.body["changedAt"]);
            let delay = entry["appendedAt"].as_i64().unwrap() - entry["changedAt"].as_i64().unwrap();
            assert!((0..10_000).contains(&delay), "{delay} ms from the decision to the log");
        }
    }

    let page = |before: &str| format!("/api/campaigns/{id}/versions?limit=2{before}");
    let first = admin.get(&page(""), &[]).await;
    assert_eq!(texts(&first, "versions", "revision"), revisions[..2]);
    assert_eq!(first.body["next"], revisions[1]);
    let second = admin.get(&page(&format!("&before={}", revisions[1])), &[]).await;
    assert_eq!(texts(&second, "versions", "revision"), revisions[2..4]);
    let last = admin.get(&page(&format!("&before={}", revisions[3])), &[]).await;
    assert_eq!(
        (texts(&last, "versions", "revision"), last.body.get("next")),
        (revisions[4..].to_vec(), None)
    );
    let beyond = admin.get(&page(&format!("&before={}", revisions[4])), &[]).await;
    assert_eq!(beyond.body["versions"], json!([]));

    for bad in ["limit=0", "limit=1001", "before=x", "after=x"] {
        let answer = admin.get(&format!("/api/campaigns/{id}/versions?{bad}"), &[]).await;
        assert_eq!((answer.status, answer.code()), (400, "bad_query"), "{bad}");
    }
    let unknown = admin.get("/api/campaigns/no-such-campaign/versions", &[]).await;
    assert_eq!((unknown.status, unknown.code()), (404, "unknown_campaign"));
}
