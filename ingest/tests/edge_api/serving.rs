use std::io::Read;
use std::time::{Duration, Instant};

use reqwest::Method;

use crate::harness::{Answer, Installation, document, now_ms, quiz_id};

#[tokio::test]
async fn a_published_quiz_is_served_without_what_is_private_and_can_be_cached() {
    let installation = Installation::shared().await;
    let (log, edge) = (installation.log().await, installation.edge(&[]).await);
    let quiz = quiz_id("serving");
    let version = log.publish(&quiz, &document("Olá")).await;
    edge.wait_for_version(&quiz, version).await;
    let path = format!("/quiz/{quiz}");

    let plain = edge.get(&path, &[]).await;
    assert_eq!((plain.status, plain.body["title"].as_str()), (200, Some("Olá")));
    assert!(!plain.body.to_string().contains("\"score\":"), "scores are private: {}", plain.body);
    assert!(!plain.body.to_string().contains("conta-vida-leve"), "the account is private: {}", plain.body);
    assert_eq!(plain.header("vary"), "accept-encoding");
    assert_eq!(plain.header("cache-tag"), format!("quiz-{quiz}"));
    assert_eq!(plain.header("access-control-allow-origin"), "*");
    for part in ["public", "max-age=60", "s-maxage=3600", "stale-while-revalidate=", "stale-if-error="] {
        assert!(plain.header("cache-control").contains(part), "{part}");
    }

    let packed = edge.get(&path, &[("accept-encoding", "br, gzip")]).await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&packed.bytes[..]).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, plain.bytes);
    let (etag, packed_etag) = (plain.header("etag"), packed.header("etag"));
    assert!(etag.starts_with('"') && packed_etag.starts_with('"') && etag != packed_etag);

    let known = edge.get(&path, &[("if-none-match", etag)]).await;
    assert_eq!((known.status, known.bytes.len(), known.header("etag")), (304, 0, etag));
    assert_eq!(known.header("cache-control"), plain.header("cache-control"));
    let other = edge.get(&path, &[("if-none-match", packed_etag)]).await;
    assert_eq!(other.status, 200, "the tag of another encoding");
    let known = edge.get(&path, &[("if-none-match", packed_etag), ("accept-encoding", "gzip")]).await;
    assert_eq!(known.status, 304);

    let head = Answer::of(edge.request(Method::HEAD, &path).send().await.unwrap()).await;
    assert_eq!((head.status, head.bytes.len()), (200, 0));
    assert_eq!(head.header("content-length"), plain.bytes.len().to_string());
    assert_eq!(head.header("etag"), etag);
}

#[tokio::test]
async fn a_new_version_is_served_within_a_second_and_a_broken_one_leaves_the_former() {
    let installation = Installation::shared().await;
    let (log, edge) = (installation.log().await, installation.edge(&[]).await);
    let quiz = quiz_id("versions");
    for title in ["um", "dois", "três"] {
        let version = log.publish(&quiz, &document(title)).await;
        let published = Instant::now();
        edge.wait_for_version(&quiz, version).await;
        assert!(published.elapsed() < Duration::from_secs(1), "{title} took {:?}", published.elapsed());
    }
    let served = edge.get(&format!("/quiz/{quiz}"), &[]).await.body["version"].as_i64().unwrap();
    let alarms = edge.metric("vendzz_definitions_refused_total").await;
    let broken = log.append_definition(&quiz, "published", "{\"elements\": 7}", Vec::new(), now_ms()).await;
    assert!(broken > served);
    let deadline = Instant::now() + Duration::from_secs(5);
    while edge.metric("vendzz_definitions_refused_total").await == alarms {
        assert!(Instant::now() < deadline, "no alarm");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(edge.get(&format!("/quiz/{quiz}"), &[]).await.body["version"], served);
    assert!(edge.log().contains("the former version stays"));

    let restarted = installation.edge(&[]).await;
    let page = restarted.get(&format!("/quiz/{quiz}"), &[]).await;
    assert_eq!(page.body["version"], served, "{page:?}");
}

#[tokio::test]
async fn what_is_not_there_or_not_allowed_is_said_in_problem_documents() {
    let installation = Installation::shared().await;
    let (log, edge) = (installation.log().await, installation.edge(&[]).await);
    let quiz = quiz_id("routes");
    let version = log.publish(&quiz, &document("Olá")).await;
    edge.wait_for_version(&quiz, version).await;
    for (method, path, status, code, allow) in [
        (Method::GET, "/".to_owned(), 404, "not_found", ""),
        (Method::GET, "/quiz".to_owned(), 404, "not_found", ""),
        (Method::POST, "/api/events".to_owned(), 404, "not_found", ""),
        (Method::OPTIONS, "/api/none".to_owned(), 404, "not_found", ""),
        (Method::GET, "/quiz/nobody-has-this".to_owned(), 404, "unknown_quiz", ""),
        (Method::GET, "/quiz/%41".to_owned(), 404, "unknown_quiz", ""),
        (Method::POST, format!("/quiz/{quiz}"), 405, "method_not_allowed", "GET, HEAD, OPTIONS"),
        (Method::DELETE, format!("/quiz/{quiz}"), 405, "method_not_allowed", "GET, HEAD, OPTIONS"),
        (Method::GET, format!("/api/quiz/{quiz}/submit"), 405, "method_not_allowed", "POST, OPTIONS"),
        (Method::PUT, format!("/api/quiz/{quiz}/view"), 405, "method_not_allowed", "POST, OPTIONS"),
        (Method::POST, format!("/api/quiz/{quiz}/view.gif"), 405, "method_not_allowed", "GET, HEAD, OPTIONS"),
    ] {
        let answer = Answer::of(edge.request(method.clone(), &path).send().await.unwrap()).await;
        assert_eq!(
            (answer.status, answer.code(), answer.header("allow")),
            (status, code, allow),
            "{method} {path}"
        );
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{method} {path}");
    }
}

#[tokio::test]
async fn any_page_may_ask_after_a_preflight() {
    let installation = Installation::shared().await;
    let edge = installation.edge(&[]).await;
    for (path, methods) in [
        ("/api/quiz/any/submit", "POST, OPTIONS"),
        ("/api/quiz/any/view", "POST, OPTIONS"),
        ("/quiz/any", "GET, HEAD, OPTIONS"),
    ] {
        let preflight = edge
            .request(Method::OPTIONS, path)
            .header("origin", "https://loja.example.com")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type");
        let answer = Answer::of(preflight.send().await.unwrap()).await;
        assert_eq!((answer.status, answer.bytes.len()), (204, 0), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("access-control-allow-methods"), methods);
        assert!(answer.header("access-control-allow-headers").contains("content-type"));
        assert_eq!(answer.header("access-control-max-age"), "86400");
        assert_eq!(answer.header("access-control-allow-credentials"), "");
    }
    let counted = edge.metric("vendzz_quiz_submissions_total{outcome=\"accepted\"}").await;
    assert_eq!(counted, 0.0, "a preflight is no submission");
}
