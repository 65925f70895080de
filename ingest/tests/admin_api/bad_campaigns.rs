use serde_json::{Value, json};

use super::harness::{Admin, campaign_document, document, quiz_id, revisions_in_log};

type Spoil = fn(&mut Value);

/// What is done to a good document, and the pointer that names it.
const CASES: &[(&str, Spoil, &str)] = &[
    ("an unknown field", |campaign| campaign["colour"] = json!("red"), "/colour"),
    ("no account", |campaign| remove(campaign, "accountId"), "/accountId"),
    ("an account that is a number", |campaign| campaign["accountId"] = json!(1), "/accountId"),
    ("no name", |campaign| remove(campaign, "name"), "/name"),
    ("a name that is a list", |campaign| campaign["name"] = json!([]), "/name"),
    ("an empty name", |campaign| campaign["name"] = json!(" "), "/name"),
    ("no channel", |campaign| remove(campaign, "channel"), "/channel"),
    ("an unknown channel", |campaign| campaign["channel"] = json!("pigeon"), "/channel"),
    ("an unknown audience", |campaign| campaign["audience"] = json!("everybody"), "/audience"),
    ("no state", |campaign| remove(campaign, "state"), "/state"),
    ("an unknown state", |campaign| campaign["state"] = json!("sleeping"), "/state"),
    ("a time that is a text", |campaign| campaign["activeFrom"] = json!("2026-01-01"), "/activeFrom"),
    (
        "a condition on nothing",
        |campaign| campaign["when"] = json!({ "variable": "answers.nothing", "is": "answered" }),
        "/when/variable",
    ),
    (
        "an unknown comparison",
        |campaign| campaign["when"] = json!({ "variable": "score", "is": "resembles", "value": 1 }),
        "/when/is",
    ),
    ("no steps", |campaign| campaign["steps"] = json!([]), "/steps"),
    ("steps that are a text", |campaign| campaign["steps"] = json!("ola"), "/steps"),
    ("a step with a bad id", |campaign| campaign["steps"][0]["id"] = json!("a b"), "/steps/0/id"),
    (
        "a step twice",
        |campaign| {
            let step = campaign["steps"][0].clone();
            campaign["steps"].as_array_mut().unwrap().push(step);
        },
        "/steps/1/id",
    ),
    (
        "a delay before the response",
        |campaign| campaign["steps"][0]["delaySeconds"] = json!(-1),
        "/steps/0/delaySeconds",
    ),
    (
        "a delay of a century",
        |campaign| campaign["steps"][0]["delaySeconds"] = json!(3_155_760_000_i64),
        "/steps/0/delaySeconds",
    ),
    (
        "a lateness before it is due",
        |campaign| campaign["steps"][0]["maxLateSeconds"] = json!(-1),
        "/steps/0/maxLateSeconds",
    ),
    (
        "an unknown variable",
        |campaign| campaign["steps"][0]["template"]["text"] = json!("{{ answers.nothing }}"),
        "/steps/0/template/text",
    ),
    (
        "a template that does not end",
        |campaign| campaign["steps"][0]["template"]["text"] = json!("{{ answers.name"),
        "/steps/0/template/text",
    ),
    (
        "an unknown part of a template",
        |campaign| campaign["steps"][0]["template"]["colour"] = json!("red"),
        "/steps/0/template/colour",
    ),
    ("no sender", |campaign| remove(campaign, "senderPool"), "/senderPool"),
    (
        "an hour that is none",
        |campaign| campaign["quietHours"] = json!({ "from": "25:00", "to": "08:00" }),
        "/quietHours/from",
    ),
    (
        "a cap of nothing",
        |campaign| campaign["frequencyCap"] = json!({ "messages": 0, "hours": 24 }),
        "/frequencyCap/messages",
    ),
    (
        "a default for nothing",
        |campaign| campaign["defaults"] = json!({ "answers.nothing": "x" }),
        "/defaults/answers.nothing",
    ),
];

fn remove(value: &mut Value, name: &str) {
    value.as_object_mut().unwrap().remove(name).unwrap();
}

#[tokio::test]
async fn each_thing_wrong_is_named_by_its_pointer_and_none_is_published() {
    let admin = Admin::start().await;
    let id = quiz_id("wrong");
    assert_eq!(admin.put(&id, &document("um"), &[]).await.status, 201);
    for (name, spoil, pointer) in CASES {
        let mut campaign = campaign_document(&id, "um", "active");
        spoil(&mut campaign);
        let answer = admin.put_campaign(&id, &campaign, &[]).await;
        assert_eq!((answer.status, answer.code()), (422, "invalid_definition"), "{name}");
        assert!(answer.errors().iter().any(|(named, _)| named == pointer), "{name}: {answer:?}");
    }
    assert!(revisions_in_log(&id).await.is_empty());
}

#[tokio::test]
async fn a_body_that_is_no_campaign_at_all_is_refused_and_the_service_goes_on() {
    let admin = Admin::start().await;
    let id = quiz_id("nonsense");
    assert_eq!(admin.put(&id, &document("um"), &[]).await.status, 201);
    for nonsense in [json!(null), json!([]), json!(7), json!("text"), json!({})] {
        let answer = admin.put_campaign(&id, &nonsense, &[]).await;
        assert_eq!((answer.status, answer.code()), (422, "invalid_definition"), "{nonsense}");
    }
    let mut broken = campaign_document(&id, "um", "draft");
    broken["steps"] = json!({ "not": "a list" });
    let answer = admin.put_campaign(&id, &broken, &[]).await;
    assert_eq!((answer.status, answer.code()), (422, "invalid_definition"));
    for (content_type, body, status, code) in [
        ("text/plain", "{}".to_owned(), 415, "not_json"),
        ("application/json", "{".to_owned(), 400, "bad_json"),
        ("application/json", "{\"name\":1,\"name\":2}".to_owned(), 400, "bad_json"),
        ("application/json", "[".repeat(100_000), 400, "bad_json"),
        ("application/json", " ".repeat(512 * 1024 + 1), 413, "body_too_large"),
    ] {
        let answer = admin.put_campaign_bytes(&id, content_type, body).await;
        assert_eq!((answer.status, answer.code()), (status, code));
    }
    assert!(revisions_in_log(&id).await.is_empty());
    assert_eq!(admin.put_campaign(&id, &campaign_document(&id, "um", "draft"), &[]).await.status, 201);
}

#[tokio::test]
async fn a_campaign_whose_quiz_has_changed_under_it_can_be_stopped_but_not_edited() {
    let admin = Admin::start().await;
    let id = quiz_id("stopped");
    let mut quiz = document("um");
    quiz["hiddenFields"] = json!(["parceiro"]);
    let first = admin.put(&id, &quiz, &[]).await;
    assert_eq!(first.status, 201, "{first:?}");
    let mut campaign = campaign_document(&id, "um", "active");
    campaign["steps"][0]["template"]["text"] = json!("Olá de {{ hidden.parceiro }}!");
    let running = admin.put_campaign(&id, &campaign, &[]).await;
    assert_eq!(running.status, 201, "{running:?}");
    let without = admin.put(&id, &document("dois"), &[("If-Match", first.header("etag"))]).await;
    assert_eq!(without.status, 200, "{without:?}");

    let again = admin.put_campaign(&id, &campaign, &[]).await;
    assert_eq!((again.status, again.outcome()), (200, "unchanged"));
    let mut edited = campaign.clone();
    edited["name"] = json!("dois");
    let mut tag = running.header("etag").to_owned();
    let refused = admin.put_campaign(&id, &edited, &[("If-Match", &tag)]).await;
    assert_eq!((refused.status, refused.code()), (422, "invalid_definition"));
    assert_eq!(refused.errors(), [("/steps/0/template/text", "unknown_variable")]);
    for state in ["paused", "ended"] {
        campaign["state"] = json!(state);
        let stopped = admin.put_campaign(&id, &campaign, &[("If-Match", &tag)]).await;
        assert_eq!(
            (stopped.status, stopped.outcome(), &stopped.body["state"]),
            (200, "updated", &json!(state))
        );
        tag = stopped.header("etag").to_owned();
    }
    assert_eq!(revisions_in_log(&id).await.len(), 3);
}
