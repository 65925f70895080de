use reqwest::Method;
use serde_json::json;

use super::harness::{Admin, Answer, TOKEN, document, quiz_id, versions_in_log};

#[tokio::test]
async fn nobody_gets_in_without_the_token() {
    let admin = Admin::start().await;
    let id = quiz_id("secret");
    let longer = format!("Bearer {TOKEN}0");
    let shorter = format!("Bearer {}", &TOKEN[1..]);
    let basic = format!("Basic {TOKEN}");
    let wrong: [Option<&str>; 7] =
        [None, Some(""), Some("Bearer"), Some("Bearer "), Some(&longer), Some(&shorter), Some(&basic)];
    for authorization in wrong {
        for (method, path) in [
            (Method::GET, "/api/quizzes".to_owned()),
            (Method::GET, format!("/api/quizzes/{id}")),
            (Method::PUT, format!("/api/quizzes/{id}")),
            (Method::DELETE, format!("/api/quizzes/{id}")),
            (Method::GET, "/api/campaigns".to_owned()),
            (Method::GET, format!("/api/campaigns/{id}/versions")),
            (Method::PUT, format!("/api/campaigns/{id}")),
            (Method::GET, "/no/such/place".to_owned()),
        ] {
            let mut request = admin.request(method.clone(), &path).json(&document("um"));
            if let Some(value) = authorization {
                request = request.header("Authorization", value);
            }
            let answer = Answer::of(request.send().await.unwrap()).await;
            assert_eq!(
                (answer.status, answer.code()),
                (401, "unauthorised"),
                "{method} {path} {authorization:?}"
            );
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
    }
    assert!(versions_in_log(&id).await.is_empty());
    assert!(!admin.log().contains(TOKEN), "the token is not logged");
}

#[tokio::test]
async fn places_and_methods_that_do_not_exist_are_named() {
    let admin = Admin::start().await;
    let asked = async |method: Method, path: &str| {
        Answer::of(admin.request(method, path).bearer_auth(TOKEN).send().await.unwrap()).await
    };
    for path in [
        "/",
        "/api",
        "/api/quizzes/",
        "/api/quizzes/a/b",
        "/api/quiz/a/submit",
        "/api/campaigns/",
        "/api/campaigns/a/revisions",
        "/api/campaigns/a/versions/b",
    ] {
        let answer = asked(Method::GET, path).await;
        assert_eq!((answer.status, answer.code()), (404, "no_such_place"), "{path}");
    }
    let answer = asked(Method::POST, "/api/quizzes").await;
    assert_eq!(
        (answer.status, answer.code(), answer.header("allow")),
        (405, "method_not_allowed", "GET, HEAD")
    );
    let answer = asked(Method::PATCH, "/api/quizzes/a").await;
    assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD, PUT, DELETE"));
    // A campaign is never deleted: `ended` is one of its states.
    let answer = asked(Method::DELETE, "/api/campaigns/a").await;
    assert_eq!(
        (answer.status, answer.code(), answer.header("allow")),
        (405, "method_not_allowed", "GET, HEAD, PUT")
    );
    for path in ["/api/campaigns", "/api/campaigns/a/versions"] {
        let answer = asked(Method::PUT, path).await;
        assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD"), "{path}");
    }
    for id in ["A", "a%20b", "%FF", "a%2Fb", "ação", &"x".repeat(65)] {
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let answer = asked(method, &format!("/api/quizzes/{id}")).await;
            assert_eq!((answer.status, answer.code()), (400, "bad_quiz_id"), "{id}");
        }
        for (method, rest) in [(Method::GET, ""), (Method::PUT, ""), (Method::GET, "/versions")] {
            let answer = asked(method, &format!("/api/campaigns/{id}{rest}")).await;
            assert_eq!((answer.status, answer.code()), (400, "bad_campaign_id"), "{id}{rest}");
        }
    }
}

#[tokio::test]
async fn what_is_not_plain_json_never_reaches_the_log() {
    let admin = Admin::start().await;
    let id = quiz_id("json");
    let with_title = |title: &str| document("TITLE").to_string().replace("TITLE", title).into_bytes();
    let mut bad_utf8 = with_title("x");
    let title = bad_utf8.windows(3).position(|window| window == b"\"x\"").unwrap();
    bad_utf8[title + 1] = 0xff;
    let cases: [(&str, Vec<u8>, &str); 10] = [
        ("nothing", Vec::new(), "syntax"),
        ("no json", b"accountId=1".to_vec(), "syntax"),
        ("cut off", document("um").to_string().into_bytes()[..50].to_vec(), "syntax"),
        ("more behind it", b"{} {}".to_vec(), "syntax"),
        ("a key twice", br#"{"title":"a","title":"b"}"#.to_vec(), "duplicate_key"),
        ("too deep", format!("{}{}", "[".repeat(33), "]".repeat(33)).into_bytes(), "too_deep"),
        ("bad UTF-8", bad_utf8, "not_utf8"),
        ("a lone surrogate", with_title("\\ud800"), "syntax"),
        ("a null character", with_title("a\\u0000b"), "null_character"),
        ("a huge number", br#"{"title":123456789012345678901234567890}"#.to_vec(), "number_out_of_range"),
    ];
    for (name, body, code) in cases {
        let answer = admin.put_bytes(&id, "application/json", body).await;
        assert_eq!((answer.status, answer.code()), (400, "bad_json"), "{name}");
        assert_eq!(answer.body["errors"][0]["code"], code, "{name}");
    }
    assert!(versions_in_log(&id).await.is_empty());
}

#[tokio::test]
async fn bodies_are_bounded_and_of_one_type() {
    let admin = Admin::start().await;
    let id = quiz_id("body");
    let good = document("um").to_string();
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""] {
        let answer = admin.put_bytes(&id, content_type, good.clone()).await;
        assert_eq!((answer.status, answer.code()), (415, "not_json"), "{content_type}");
    }
    let compressed = admin.put_request(&id, &document("um"), &[("Content-Encoding", "gzip")]);
    let answer = Answer::of(compressed.send().await.unwrap()).await;
    assert_eq!((answer.status, answer.code()), (415, "content_encoding"));

    let padded = |bytes: usize| format!("{good}{}", " ".repeat(bytes - good.len()));
    let answer = admin.put_bytes(&id, "application/json", padded(512 * 1024 + 1)).await;
    assert_eq!((answer.status, answer.code()), (413, "body_too_large"));
    let mut long = document("um");
    long["elements"] = (0..180)
        .map(|number| {
            let text = "x".repeat(1_900);
            json!({ "id": format!("p{number}"), "type": "paragraph", "properties": { "text": text } })
        })
        .collect();
    assert!((256 * 1024..512 * 1024).contains(&long.to_string().len()));
    let answer = admin.put(&id, &long, &[]).await;
    assert_eq!((answer.status, answer.code()), (422, "invalid_definition"));
    assert_eq!(answer.body["errors"][0]["code"], "too_large");
    assert!(versions_in_log(&id).await.is_empty());

    let answer = admin.put_bytes(&id, "application/json; charset=utf-8", padded(512 * 1024)).await;
    assert_eq!(answer.status, 201, "{answer:?}");
}
