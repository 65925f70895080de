//! What strangers and broken pages send: each gets the right status and a body that says what is wrong,
//! nothing reaches the log, and the process does not mind.

use std::io::Write;
use std::time::Duration;

use serde_json::json;
use vendzz_schemas::ids::TimedId;

use crate::harness::{Edge, Installation, RawAnswer, answers, document, exchange, now_ms, quiz_id};

const AT_ONCE: Duration = Duration::from_millis(20);
const PAUSE: Duration = Duration::from_millis(150);

/// One malformed request.
struct Row {
    name: &'static str,
    pieces: Vec<(Vec<u8>, Duration)>,
    status: u16,
    /// Code of the problem; of the field where a field is wrong.
    code: &'static str,
}

fn row(name: &'static str, request: impl Into<Vec<u8>>, status: u16, code: &'static str) -> Row {
    Row { name, pieces: vec![(request.into(), AT_ONCE)], status, code }
}

/// Bytes one by one, with a pause after each.
fn slowly(bytes: &[u8]) -> Vec<(Vec<u8>, Duration)> {
    bytes.iter().map(|byte| (vec![*byte], PAUSE)).collect()
}

struct Requests {
    quiz: String,
}

impl Requests {
    /// A request with this body, whose head is right.
    fn post(&self, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
        let length = body.len();
        let mut request = format!(
            "POST /api/quiz/{}/{path} HTTP/1.1\r\nHost: edge\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n",
            self.quiz
        )
        .into_bytes();
        request.extend_from_slice(body);
        request
    }

    fn submit(&self, body: impl AsRef<[u8]>) -> Vec<u8> {
        self.post("submit", "Content-Type: application/json\r\n", body.as_ref())
    }

    fn submit_with(&self, headers: &str) -> Vec<u8> {
        self.post("submit", headers, json!({ "answers": answers() }).to_string().as_bytes())
    }

    fn view(&self, body: impl AsRef<[u8]>) -> Vec<u8> {
        self.post("view", "Content-Type: application/json\r\n", body.as_ref())
    }

    fn progress(&self, body: impl AsRef<[u8]>) -> Vec<u8> {
        self.post("progress", "Content-Type: text/plain\r\n", body.as_ref())
    }

    fn get(&self, path: &str) -> Vec<u8> {
        format!("GET /api/quiz/{}/{path} HTTP/1.1\r\nHost: edge\r\nConnection: close\r\n\r\n", self.quiz)
            .into_bytes()
    }

    fn head(&self, rest: &str) -> Vec<u8> {
        format!("POST /api/quiz/{}/submit HTTP/1.1\r\nHost: edge\r\nConnection: close\r\n{rest}", self.quiz)
            .into_bytes()
    }
}

fn bad_json(to: &Requests) -> Vec<Row> {
    let nested = format!("{{\"answers\":{}1{}}}", "[".repeat(40), "]".repeat(40));
    let endless = format!("{{\"answers\":{}", "[".repeat(60_000));
    let syntax = |name, body: &str| row(name, to.submit(body), 400, "syntax");
    vec![
        syntax("no body", ""),
        syntax("only blanks", "   "),
        syntax("an object that is not closed", "{\"answers\": {}"),
        syntax("a trailing comma", "{\"answers\": {},}"),
        syntax("something after the object", "{\"answers\": {}} x"),
        syntax("two objects", "{\"answers\": {}}{}"),
        syntax("single quotes", "{'answers': {}}"),
        syntax("a comment", "{\"answers\": {} /* x */}"),
        syntax("NaN", "{\"answers\": {\"score\": NaN}}"),
        syntax("a lone high surrogate", r#"{"answers": {"name": "\ud800"}}"#),
        syntax("a lone low surrogate", r#"{"answers": {"name": "\udc00x"}}"#),
        syntax("a line break inside a text", "{\"answers\": {\"name\": \"Ana\nSouza\"}}"),
        syntax("an unknown escape", r#"{"answers": {"name": "\x41"}}"#),
        syntax("a byte order mark", "\u{feff}{\"answers\": {}}"),
        syntax("a form", "answers[name]=Ana&answers[email]=ana%40example.com"),
        row("bad UTF-8", to.submit(b"{\"answers\": {\"name\": \"\xff\xfe\"}}"), 400, "not_utf8"),
        row(
            "an overlong UTF-8 slash",
            to.submit(b"{\"answers\": {\"name\": \"\xc0\xaf\"}}"),
            400,
            "not_utf8",
        ),
        row("UTF-16", to.submit(b"\xff\xfe{\x00}\x00"), 400, "not_utf8"),
        row("U+0000 escaped", to.submit(r#"{"answers": {"name": "Ana\u0000"}}"#), 400, "null_character"),
        row("U+0000 in a key", to.submit(r#"{"answers": {"na\u0000me": "Ana"}}"#), 400, "null_character"),
        row(
            "U+0000 in what is ignored",
            to.submit(r#"{"answers": {}, "other": "\u0000"}"#),
            400,
            "null_character",
        ),
        syntax("a raw zero byte", "{\"answers\": {\"name\": \"Ana\0\"}}"),
        row(
            "duplicate keys",
            to.submit(r#"{"answers": {}, "answers": {"name": "x"}}"#),
            400,
            "duplicate_key",
        ),
        row(
            "duplicate answers",
            to.submit(r#"{"answers": {"name": "a", "n\u0061me": "b"}}"#),
            400,
            "duplicate_key",
        ),
        row("deep nesting", to.submit(nested), 400, "too_deep"),
        row("endless nesting", to.submit(endless), 400, "too_deep"),
        row(
            "an integer beyond 64 bits",
            to.submit(r#"{"answers": {"score": 99999999999999999999}}"#),
            400,
            "number_out_of_range",
        ),
        row(
            "a float beyond all bounds",
            to.submit(r#"{"answers": {"score": 1e999}}"#),
            400,
            "number_out_of_range",
        ),
    ]
}

fn wrong_types(to: &Requests) -> Vec<Row> {
    let field = |name, body: &str, code| row(name, to.submit(body), 400, code);
    let good = answers().to_string();
    let with = |member: &str| format!("{{\"answers\": {good}, {member}}}");
    vec![
        field("an array for a body", "[]", "invalid_request"),
        field("a text for a body", "\"x\"", "invalid_request"),
        field("null for a body", "null", "invalid_request"),
        field("no answers", "{}", "required"),
        field("null answers", r#"{"answers": null}"#, "required"),
        field("answers in an array", r#"{"answers": [1]}"#, "wrong_type"),
        field("answers as a text", r#"{"answers": "name=Ana"}"#, "wrong_type"),
        field("a response id that is a number", &with("\"responseId\": 7"), "wrong_type"),
        field("a response id that is no UUID", &with("\"responseId\": \"abc\""), "not_uuid7"),
        field(
            "a response id in braces",
            &with("\"responseId\": \"{01890a5d-ac96-774b-8567-0e02b2c3d479}\""),
            "not_uuid7",
        ),
        field(
            "a response id of version 4",
            &with("\"responseId\": \"f47ac10b-58cc-4372-a567-0e02b2c3d479\""),
            "not_uuid7",
        ),
        field(
            "a response id of another variant",
            &with("\"responseId\": \"01890a5d-ac96-774b-c567-0e02b2c3d479\""),
            "not_uuid7",
        ),
        field("the nil UUID", &with("\"responseId\": \"00000000-0000-0000-0000-000000000000\""), "not_uuid7"),
        field("a visitor id that is no UUID", &with("\"visitorId\": \"../../etc\""), "not_uuid7"),
        field("a version that is a text", &with("\"version\": \"1\""), "wrong_type"),
        field("a version below 0", &with("\"version\": -1"), "out_of_range"),
        field("half a version", &with("\"version\": 1.5"), "out_of_range"),
        field("a version that never was", &with("\"version\": 9007199254740993"), "unknown_version"),
        field("a time that is a text", &with("\"startedAt\": \"now\""), "wrong_type"),
        field("hidden fields in an array", &with("\"hidden\": [\"x\"]"), "wrong_type"),
        field("a hidden field that is an object", &with("\"hidden\": {\"origem\": {}}"), "wrong_type"),
        field(
            "a hidden field that is too long",
            &with(&format!("\"hidden\": {{\"origem\": \"{}\"}}", "x".repeat(1_001))),
            "too_long",
        ),
        field("UTM that is a text", &with("\"utm\": \"ig\""), "wrong_type"),
        field("UTM source that is a number", &with("\"utm\": {\"source\": 7}"), "wrong_type"),
        field("a referrer that is an object", &with("\"referrer\": {}"), "wrong_type"),
        field("a honeypot that is an array", &with("\"website\": []"), "wrong_type"),
        field(
            "an element that never was",
            r#"{"answers": {"name": "Ana Souza", "nobody": 1}}"#,
            "unknown_element",
        ),
        field(
            "an answer to what is no question",
            r#"{"answers": {"name": "Ana Souza", "intro": "x"}}"#,
            "not_a_question",
        ),
        field("an object where a text belongs", r#"{"answers": {"name": {"$ne": "x"}}}"#, "wrong_type"),
        field(
            "a required answer that is missing",
            r#"{"answers": {"email": "ana@example.com"}}"#,
            "required",
        ),
        field(
            "a choice that is not offered",
            r#"{"answers": {"name": "Ana Souza", "goal": "free-money"}}"#,
            "not_offered",
        ),
    ]
}

/// Beacons; `progress_input.rs` looks at their fields one by one.
fn bad_beacons(to: &Requests) -> Vec<Row> {
    let id = TimedId::mint();
    let with =
        |members: &str| to.progress(format!("{{\"responseId\": \"{id}\", \"sequence\": 1, {members}}}"));
    let tomorrow = TimedId::mint_at((now_ms() + 86_400_000).unsigned_abs(), &[3; 10]);
    let ahead = json!({ "responseId": tomorrow.to_string(), "sequence": 1 }).to_string();
    let long: Vec<_> = (0..300).map(|_| json!({ "id": "name", "millis": 1 })).collect();
    let deep = format!("\"elements\": {}1{}", "[".repeat(40), "]".repeat(40));
    let many_wrong = format!("\"elements\": [{}]", vec!["{}"; 20_000].join(","));
    vec![
        row("a beacon without a body", to.progress(""), 400, "syntax"),
        row("a beacon that is a list", to.progress("[]"), 400, "invalid_request"),
        row("a beacon that is a form", to.progress("sequence=1&responseId=7"), 400, "syntax"),
        row("a beacon in UTF-16", to.progress(b"\xff\xfe{\x00}\x00"), 400, "not_utf8"),
        row("an empty beacon", to.progress("{}"), 400, "required"),
        row("a member of a beacon twice", with(r#""utm": {}, "utm": {}"#), 400, "duplicate_key"),
        row("a zero in a beacon", with(r#""referrer": "\u0000""#), 400, "null_character"),
        row("a beacon too deep", with(&deep), 400, "too_deep"),
        row(
            "a beacon of too many elements",
            with(&format!("\"elements\": {}", json!(long))),
            400,
            "too_many",
        ),
        row("a beacon of very many wrong elements", with(&many_wrong), 400, "too_many"),
        row(
            "millis beyond 64 bits",
            with(r#""elements": [{"id": "name", "millis": 99999999999999999999}]"#),
            400,
            "number_out_of_range",
        ),
        row(
            "a beacon's answer that is no text",
            with(r#""answers": {"name": {"$ne": "x"}}"#),
            400,
            "wrong_type",
        ),
        row("a beacon from the future", to.progress(ahead), 422, "id_from_the_future"),
        row("a beacon too large", to.progress(vec![b' '; 65_537]), 413, "body_too_large"),
        row(
            "a beacon without a content type",
            to.post("progress", "", b"{}"),
            415,
            "unsupported_content_type",
        ),
        row(
            "a beacon as a form's type",
            to.post("progress", "Content-Type: multipart/form-data\r\n", b"{}"),
            415,
            "unsupported_content_type",
        ),
        row(
            "a packed beacon",
            to.post("progress", "Content-Type: text/plain\r\nContent-Encoding: gzip\r\n", b"{}"),
            415,
            "unsupported_content_encoding",
        ),
        row("a beacon as a picture", to.get("progress"), 405, "method_not_allowed"),
        row("a path behind a beacon", to.get("progress/1"), 404, "not_found"),
        row(
            "a submission's way that is a text",
            to.submit(r#"{"answers": {"name": "Ana Souza"}, "elements": "name"}"#),
            400,
            "wrong_type",
        ),
        row(
            "a submission's way through nowhere",
            to.submit(r#"{"answers": {"name": "Ana Souza"}, "elements": [{"id": "nobody", "millis": 1}]}"#),
            400,
            "unknown_element",
        ),
        row(
            "a submission that reported too much",
            to.submit(r#"{"answers": {"name": "Ana Souza"}, "reported": 1}"#),
            400,
            "out_of_range",
        ),
    ]
}

fn bad_heads(to: &Requests) -> Vec<Row> {
    let tomorrow = TimedId::mint_at((now_ms() + 86_400_000).unsigned_abs(), &[3; 10]).to_string();
    let from_tomorrow = json!({ "responseId": tomorrow, "answers": answers() }).to_string();
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&vec![b' '; 20_000_000]).unwrap();
    let bomb = bomb.finish().unwrap();
    let json = "Content-Type: application/json\r\n";
    vec![
        row("an id from the future", to.submit(from_tomorrow), 422, "id_from_the_future"),
        row("a view from the future", to.view(json!({ "visitorId": tomorrow }).to_string()), 422, "id_from_the_future"),
        row("no content type", to.submit_with(""), 415, "unsupported_content_type"),
        row("text/plain", to.submit_with("Content-Type: text/plain\r\n"), 415, "unsupported_content_type"),
        row("a form's content type", to.submit_with("Content-Type: application/x-www-form-urlencoded\r\n"), 415, "unsupported_content_type"),
        row("nearly JSON", to.submit_with("Content-Type: application/json5\r\n"), 415, "unsupported_content_type"),
        row("two content types", to.submit_with(&format!("{json}Content-Type: text/html\r\n")), 415, "unsupported_content_type"),
        row("a compressed bomb", to.post("submit", &format!("{json}Content-Encoding: gzip\r\n"), &bomb), 415, "unsupported_content_encoding"),
        row("an encoding twice over", to.submit_with(&format!("{json}Content-Encoding: identity\r\nContent-Encoding: br\r\n")), 415, "unsupported_content_encoding"),
        row("a bomb for a view", to.post("view", &format!("{json}Content-Encoding: deflate\r\n"), &bomb), 415, "unsupported_content_encoding"),
        row("too large by its length", to.head(&format!("{json}Content-Length: 65537\r\n\r\n")), 413, "body_too_large"),
        row("far too large by its length", to.head(&format!("{json}Content-Length: 10000000000\r\n\r\n")), 413, "body_too_large"),
        row("too large in chunks", to.head(&format!("{json}Transfer-Encoding: chunked\r\n\r\n15F90\r\n{}\r\n0\r\n\r\n", " ".repeat(90_000))), 413, "body_too_large"),
        row("a view too large", to.view(vec![b' '; 65_537]), 413, "body_too_large"),
        row("no such quiz", b"POST /api/quiz/nobody-has-this/submit HTTP/1.1\r\nHost: edge\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", 404, "unknown_quiz"),
        row("a quiz id that is a path", b"POST /api/quiz/..%2f..%2fetc/submit HTTP/1.1\r\nHost: edge\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", 404, "unknown_quiz"),
        row("a quiz id without an end", format!("POST /api/quiz/{}/submit HTTP/1.1\r\nHost: edge\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "a".repeat(5_000)), 404, "unknown_quiz"),
        row("a method that is not taken", to.get("submit"), 405, "method_not_allowed"),
        row("a method that nobody knows", b"BREW /quiz/x HTTP/1.1\r\nHost: edge\r\nConnection: close\r\n\r\n", 405, "method_not_allowed"),
        row("a tunnel", b"CONNECT edge:443 HTTP/1.1\r\nHost: edge\r\nConnection: close\r\n\r\n", 404, "not_found"),
        row("a view's bad visitor", to.view(r#"{"visitorId": 7}"#), 400, "wrong_type"),
        row("a view that is no JSON", to.view("visitor"), 400, "syntax"),
        row("a view of another type", to.post("view", "Content-Type: application/xml\r\n", b"<view/>"), 415, "unsupported_content_type"),
        row("a pixel's bad visitor", to.get("view.gif?visitorId=7"), 400, "not_uuid7"),
        row("a pixel's zero byte", to.get("view.gif?utm_source=%00"), 400, "null_character"),
        row("a pixel's bad version", to.get("view.gif?version=one"), 400, "out_of_range"),
    ]
}

fn not_http(to: &Requests) -> Vec<Row> {
    let json = "Content-Type: application/json\r\n";
    let slow_body = [
        vec![(to.head(&format!("{json}Content-Length: 40\r\n\r\n")), PAUSE)],
        slowly(b"{\"answers\": {\"na"),
    ]
    .concat();
    let stalled_body =
        vec![(to.head(&format!("{json}Content-Length: 40\r\n\r\n{{")), Duration::from_secs(10))];
    vec![
        row("no HTTP at all", b"hello there\r\n\r\n", 400, "bad_http"),
        row("TLS on a plain port", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, "bad_http"),
        row("HTTP/9.9", b"GET /quiz/x HTTP/9.9\r\n\r\n", 400, "bad_http"),
        row("a header without a colon", b"GET /quiz/x HTTP/1.1\r\nHost edge\r\n\r\n", 400, "bad_http"),
        row("a zero byte in a header", b"GET /quiz/x HTTP/1.1\r\nHost: e\0dge\r\n\r\n", 400, "bad_http"),
        row("a blank in a header's name", b"GET /quiz/x HTTP/1.1\r\nHo st: edge\r\n\r\n", 400, "bad_http"),
        row(
            "a length that is no number",
            to.head(&format!("{json}Content-Length: two\r\n\r\n{{}}")),
            400,
            "bad_http",
        ),
        row("a negative length", to.head(&format!("{json}Content-Length: -1\r\n\r\n{{}}")), 400, "bad_http"),
        row(
            "two lengths",
            to.head(&format!("{json}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}")),
            400,
            "bad_http",
        ),
        row(
            "a transfer encoding that hides a request",
            to.head(&format!("{json}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")),
            400,
            "bad_http",
        ),
        row(
            "a URI too long",
            format!("GET /quiz/{} HTTP/1.1\r\nHost: edge\r\n\r\n", "a".repeat(70_000)),
            431,
            "headers_too_large",
        ),
        row(
            "headers too long",
            format!("GET /quiz/x HTTP/1.1\r\nHost: edge\r\nCookie: {}\r\n\r\n", "a".repeat(70_000)),
            431,
            "headers_too_large",
        ),
        row(
            "too many headers",
            format!("GET /quiz/x HTTP/1.1\r\nHost: edge\r\n{}\r\n", "X: y\r\n".repeat(200)),
            431,
            "headers_too_large",
        ),
        row(
            "a chunk whose length is no number",
            to.head(&format!("{json}Transfer-Encoding: chunked\r\n\r\nzz\r\n{{}}\r\n0\r\n\r\n")),
            400,
            "body_broken",
        ),
        row(
            "a chunk whose length overflows",
            to.head(&format!(
                "{json}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{{}}\r\n0\r\n\r\n"
            )),
            400,
            "body_broken",
        ),
        Row {
            name: "a slow head",
            pieces: slowly(b"POST /api/quiz/x/submit HTTP/1.1\r\n"),
            status: 408,
            code: "head_too_slow",
        },
        Row {
            name: "a head that stalls",
            pieces: vec![(b"GET /quiz/x HTTP/1.1\r\nHost:".to_vec(), Duration::from_secs(10))],
            status: 408,
            code: "head_too_slow",
        },
        Row { name: "a slow body", pieces: slow_body, status: 408, code: "body_too_slow" },
        Row { name: "a body that stalls", pieces: stalled_body, status: 408, code: "body_too_slow" },
    ]
}

async fn send(edge: &Edge, row: &Row) -> RawAnswer {
    let pieces: Vec<(&[u8], Duration)> =
        row.pieces.iter().map(|(bytes, pause)| (&bytes[..], *pause)).collect();
    exchange(&edge.address, &pieces).await
}

/// What is wrong with the answer to a row, if anything.
async fn check(edge: &Edge, row: &Row) -> Option<String> {
    let answer = send(edge, row).await;
    let document: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let is_document = answer.head.to_lowercase().contains("content-type: application/problem+json")
        && document["status"] == answer.status
        && document["detail"].as_str().is_some_and(|detail| detail.len() > 10);
    let of_fields = document["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let has_code = answer.code() == row.code || of_fields.iter().any(|error| error["code"] == row.code);
    if answer.status == row.status && is_document && has_code {
        return None;
    }
    Some(format!("{}: expected {} {}, got {answer:?}", row.name, row.status, row.code))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_malformed_request_is_told_what_is_wrong_and_leaves_no_trace() {
    let installation = Installation::new().await;
    let env = [("VENDZZ_EDGE_HEADER_TIMEOUT", "1s"), ("VENDZZ_EDGE_BODY_TIMEOUT", "1s")];
    let (log, mut edge) = (installation.log().await, installation.edge(&env).await);
    let to = Requests { quiz: quiz_id("bad") };
    let version = log.publish(&to.quiz, &document("Olá")).await;
    edge.wait_for_version(&to.quiz, version).await;
    let kinds = [bad_json(&to), wrong_types(&to), bad_beacons(&to), bad_heads(&to), not_http(&to)];
    let rows: Vec<Row> = kinds.into_iter().flatten().collect();
    assert!(rows.len() >= 122, "{} rows", rows.len());
    let pid = edge.pid();

    let mut wrong = Vec::new();
    for row in &rows {
        wrong.extend(check(&edge, row).await);
    }
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));

    // The same again, many times over: nothing piles up.
    let quick: Vec<&Row> =
        rows.iter().filter(|row| row.pieces.len() == 1 && row.pieces[0].1 == AT_ONCE).collect();
    let settled = edge.resident_kib();
    for _ in 0..20 {
        let again = quick.iter().map(|row| send(&edge, row));
        futures::future::join_all(again).await;
    }
    let grown = edge.resident_kib().saturating_sub(settled);
    assert!(grown < 48 * 1024, "{grown} KiB more after {} requests", 20 * quick.len());

    assert_eq!(log.event_count().await, 0, "something malformed reached the log");
    assert!(edge.is_running() && edge.pid() == pid);
    assert_eq!(edge.metric("vendzz_request_panics_total").await, 0.0);
    let good = edge.submit(&to.quiz, &json!({ "answers": answers() }), &[]).await;
    assert_eq!(good.status, 200, "it goes on: {good:?}");
    assert_eq!(log.event_count().await, 1);
}
