use reqwest::Method;
use serde_json::{Value, json};
use vendzz_schemas::ids::TimedId;

use super::harness::{
    Admin, Answer, HeldLock, TOKEN, campaign_document, document, quiz_id, revisions_in_log,
};

/// An admin, and a quiz that it published.
async fn with_quiz() -> (Admin, String) {
    let admin = Admin::start().await;
    let quiz = quiz_id("quiz");
    assert_eq!(admin.put(&quiz, &document("um"), &[]).await.status, 201);
    (admin, quiz)
}

#[tokio::test]
async fn a_published_campaign_is_read_back_as_it_was_sent_also_by_a_process_started_later() {
    let (admin, quiz) = with_quiz().await;
    let id = quiz_id("campaign");
    let mut sent = campaign_document(&quiz, "Boas-vindas", "active");
    sent["activeFrom"] = json!(1_767_225_600_000_i64);
    sent["when"] = json!({ "all": [{ "variable": "answers.goal", "is": "equals", "value": "less" }] });
    sent["quietHours"] = json!({ "from": "22:00", "to": "08:00" });
    sent["frequencyCap"] = json!({ "messages": 3, "hours": 24 });
    sent["defaults"] = json!({ "answers.name": "você" });
    sent["steps"][0]["maxLateSeconds"] = json!(3_600);
    let published = admin.put_campaign(&id, &sent, &[("If-None-Match", "*")]).await;
    assert_eq!((published.status, published.outcome()), (201, "created"), "{published:?}");
    let revision = published.revision();
    let minted = TimedId::parse(revision).unwrap().minted_at();
    let changed_at = published.body["changedAt"].as_i64().unwrap();
    assert!((0..1_000).contains(&(changed_at - minted).abs()), "{changed_at} {minted}");

    let later = Admin::start().await;
    for reader in [&admin, &later] {
        let read = reader.campaign(&id).await;
        assert_eq!((read.status, read.revision()), (200, revision));
        assert_eq!(read.body["campaignId"], id.as_str());
        assert_eq!(read.body["quizId"], quiz.as_str());
        assert_eq!(read.body["accountId"], "conta-vida-leve");
        assert_eq!(read.body["state"], "active");
        assert_eq!(read.body["changedAt"], changed_at);
        assert_eq!(read.body["document"], sent);
    }
    assert_eq!(revisions_in_log(&id).await, [revision]);
    let unknown = admin.campaign("no-such-campaign").await;
    assert_eq!((unknown.status, unknown.code()), (404, "unknown_campaign"));
}

#[tokio::test]
async fn each_version_names_the_one_that_it_was_made_from() {
    let (admin, quiz) = with_quiz().await;
    let id = quiz_id("versions");
    let named = |name: &str| campaign_document(&quiz, name, "draft");
    let elsewhere = format!("\"{}\"", TimedId::mint());
    let missing = admin.put_campaign(&id, &named("um"), &[("If-Match", &elsewhere)]).await;
    assert_eq!((missing.status, missing.code()), (412, "version_conflict"));

    let first = admin.put_campaign(&id, &named("um"), &[]).await;
    assert_eq!(first.status, 201);
    let tag = first.header("etag").to_owned();
    let refused = async |headers: &[(&str, &str)]| {
        let answer = admin.put_campaign(&id, &named("dois"), headers).await;
        assert_eq!(answer.header("etag"), tag, "the answer says which version is current");
        (answer.status, answer.code().to_owned())
    };
    assert_eq!(refused(&[]).await, (428, "precondition_required".to_owned()));
    let conflict = (412, "version_conflict".to_owned());
    assert_eq!(refused(&[("If-None-Match", "*")]).await, conflict);
    assert_eq!(refused(&[("If-Match", &elsewhere)]).await, conflict);
    assert_eq!(refused(&[("If-Match", &tag.to_uppercase())]).await, conflict);
    assert_eq!(refused(&[("If-Match", &format!("W/{tag}"))]).await, conflict);
    assert_eq!(refused(&[("If-Match", "\"0\"")]).await, conflict);
    for bad in [first.revision(), "*", "\"1"] {
        let answer = admin.put_campaign(&id, &named("dois"), &[("If-Match", bad)]).await;
        assert_eq!((answer.status, answer.code()), (400, "bad_precondition"), "{bad}");
    }

    let several = format!("{elsewhere}, {tag}");
    let second = admin.put_campaign(&id, &named("dois"), &[("If-Match", &several)]).await;
    assert_eq!((second.status, second.outcome()), (200, "updated"));
    assert_ne!(second.revision(), first.revision());
    let stale = admin.put_campaign(&id, &named("três"), &[("If-Match", &tag)]).await;
    assert_eq!((stale.status, stale.header("etag")), (412, second.header("etag")));
    assert_eq!(admin.campaign(&id).await.body["document"]["name"], "dois");
    assert_eq!(revisions_in_log(&id).await, [first.revision(), second.revision()]);
}

#[tokio::test]
async fn the_same_put_again_is_a_success_and_adds_nothing() {
    let (admin, quiz) = with_quiz().await;
    let id = quiz_id("again");
    let first = admin.put_campaign(&id, &campaign_document(&quiz, "um", "draft"), &[]).await;
    let tag = first.header("etag").to_owned();
    let next = campaign_document(&quiz, "dois", "active");
    let second = admin.put_campaign(&id, &next, &[("If-Match", &tag)]).await;
    let conditions: [&[(&str, &str)]; 4] =
        [&[], &[("If-None-Match", "*")], &[("If-Match", &tag)], &[("If-Match", second.header("etag"))]];
    for headers in conditions {
        let again = admin.put_campaign(&id, &next, headers).await;
        assert_eq!(
            (again.status, again.outcome(), again.revision()),
            (200, "unchanged", second.revision()),
            "{headers:?}"
        );
        assert_eq!(again.body["changedAt"], second.body["changedAt"]);
    }
    assert_eq!(revisions_in_log(&id).await, [first.revision(), second.revision()]);
}

#[tokio::test]
async fn account_quiz_and_channel_are_those_of_the_first_version_for_ever() {
    let (admin, quiz) = with_quiz().await;
    let (id, other_quiz) = (quiz_id("fixed"), quiz_id("other"));
    assert_eq!(admin.put(&other_quiz, &document("outro"), &[]).await.status, 201);
    let good = campaign_document(&quiz, "um", "active");
    let first = admin.put_campaign(&id, &good, &[]).await;
    for (field, value, code) in [
        ("accountId", "ladrao", "foreign_account"),
        ("quizId", other_quiz.as_str(), "other_quiz"),
        ("channel", "sms", "other_channel"),
    ] {
        let mut changed = good.clone();
        changed[field] = json!(value);
        let conditions: [&[(&str, &str)]; 3] =
            [&[], &[("If-None-Match", "*")], &[("If-Match", first.header("etag"))]];
        for headers in conditions {
            let answer = admin.put_campaign(&id, &changed, headers).await;
            assert_eq!((answer.status, answer.code()), (409, code), "{headers:?}");
            assert_eq!(answer.errors(), [(format!("/{field}").as_str(), code)]);
            let body = answer.body.to_string();
            assert!(!body.contains("conta-vida-leve"), "the owner is not told to strangers: {body}");
        }
    }
    assert_eq!(revisions_in_log(&id).await.len(), 1);
}

#[tokio::test]
async fn the_quiz_must_exist_and_be_of_the_same_account() {
    let (admin, quiz) = with_quiz().await;
    let id = quiz_id("orphan");
    let refused = async |document: &Value, pointer: &str, code: &str| {
        let answer = admin.put_campaign(&id, document, &[]).await;
        assert_eq!((answer.status, answer.code()), (422, "invalid_definition"));
        assert!(answer.errors().contains(&(pointer, code)), "{answer:?}");
    };
    let campaign = |quiz: &str| campaign_document(quiz, "um", "draft");
    refused(&campaign("no-such-quiz"), "/quizId", "unknown_quiz").await;
    refused(&campaign("No such quiz"), "/quizId", "unknown_quiz").await;
    refused(&campaign(""), "/quizId", "unknown_quiz").await;
    let mut without = campaign(&quiz);
    without.as_object_mut().unwrap().remove("quizId");
    refused(&without, "/quizId", "missing").await;
    without["quizId"] = json!([quiz]);
    refused(&without, "/quizId", "wrong_type").await;
    refused(&json!([]), "", "wrong_type").await;
    refused(&json!("text"), "", "wrong_type").await;
    let mut foreign = campaign(&quiz);
    foreign["accountId"] = json!("outra-conta");
    let answer = admin.put_campaign(&id, &foreign, &[]).await;
    assert_eq!((answer.status, answer.code()), (422, "invalid_definition"));
    assert!(answer.errors().iter().any(|(pointer, _)| *pointer == "/accountId"), "{answer:?}");
    assert!(revisions_in_log(&id).await.is_empty());

    // An unpublished quiz is one still: its last responses may be on their way.
    let version = admin.quiz(&quiz).await;
    assert_eq!(admin.delete(&quiz, &[("If-Match", version.header("etag"))]).await.status, 200);
    assert_eq!(admin.put_campaign(&id, &campaign(&quiz), &[]).await.status, 201);
}

#[tokio::test]
async fn a_quiz_that_another_process_has_just_published_is_known() {
    let (left, right) = futures::future::join(Admin::start(), Admin::start()).await;
    for round in 0..10 {
        let id = quiz_id("fresh");
        let (publisher, other) = if round % 2 == 0 { (&left, &right) } else { (&right, &left) };
        assert_eq!(publisher.put(&id, &document("um"), &[]).await.status, 201);
        let campaign = other.put_campaign(&id, &campaign_document(&id, "um", "draft"), &[]).await;
        assert_eq!(campaign.status, 201, "round {round}: {campaign:?}");
    }
}

#[tokio::test]
async fn a_campaign_is_started_paused_and_resumed_but_never_comes_back_from_its_end() {
    let (admin, quiz) = with_quiz().await;
    let id = quiz_id("life");
    let mut tag = String::new();
    let mut revisions = Vec::new();
    for state in ["draft", "active", "paused", "active", "draft", "active", "ended"] {
        let condition = if tag.is_empty() { ("If-None-Match", "*") } else { ("If-Match", tag.as_str()) };
        let answer = admin.put_campaign(&id, &campaign_document(&quiz, "um", state), &[condition]).await;
        assert!(answer.status < 300, "{state}: {answer:?}");
        assert_eq!(answer.body["state"], state);
        revisions.push(answer.revision().to_owned());
        tag = answer.header("etag").to_owned();
    }
    let conditions: [&[(&str, &str)]; 3] = [&[], &[("If-None-Match", "*")], &[("If-Match", &tag)]];
    for headers in conditions {
        for state in ["draft", "active", "paused"] {
            let answer = admin.put_campaign(&id, &campaign_document(&quiz, "um", state), headers).await;
            assert_eq!((answer.status, answer.code()), (409, "ended_for_ever"), "{state} {headers:?}");
            assert_eq!(answer.errors(), [("/state", "ended_for_ever")]);
        }
    }
    let renamed = campaign_document(&quiz, "dois", "ended");
    let renamed = admin.put_campaign(&id, &renamed, &[("If-Match", &tag)]).await;
    assert_eq!((renamed.status, renamed.code()), (409, "ended_for_ever"));
    let again = admin.put_campaign(&id, &campaign_document(&quiz, "um", "ended"), &[]).await;
    assert_eq!((again.status, again.outcome()), (200, "unchanged"));

    let path = format!("/api/campaigns/{id}");
    let deleted = admin.request(Method::DELETE, &path).bearer_auth(TOKEN).header("If-Match", &tag);
    let deleted = Answer::of(deleted.send().await.unwrap()).await;
    assert_eq!((deleted.status, deleted.header("allow")), (405, "GET, HEAD, PUT"));
    assert_eq!(revisions_in_log(&id).await, revisions);
}

#[tokio::test]
async fn a_reader_that_has_the_version_is_spared_the_body() {
    let (admin, quiz) = with_quiz().await;
    let id = quiz_id("etag");
    let published = admin.put_campaign(&id, &campaign_document(&quiz, "um", "draft"), &[]).await;
    let path = format!("/api/campaigns/{id}");
    let unmodified = admin.get(&path, &[("If-None-Match", published.header("etag"))]).await;
    assert_eq!((unmodified.status, unmodified.header("etag")), (304, published.header("etag")));
    assert_eq!(admin.get(&path, &[("If-None-Match", "\"other\"")]).await.status, 200);
    let head = admin.request(Method::HEAD, &path).bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!((head.status().as_u16(), &head.headers()["etag"]), (200, &published.headers["etag"]));
}

#[tokio::test]
async fn a_quiz_and_a_campaign_of_the_same_id_do_not_wait_for_each_other() {
    let (admin, quiz) = with_quiz().await;
    let patient = Admin::start_with(&[("VENDZZ_ADMIN_LOCK_WAIT", "500ms")]).await;
    let lock_of_quiz = HeldLock::take(&quiz).await;
    let campaign = campaign_document(&quiz, "um", "draft");
    assert_eq!(admin.put_campaign(&quiz, &campaign, &[]).await.status, 201);
    drop(lock_of_quiz);
    let mut lock = HeldLock::take_of_campaign(&quiz).await;
    let next = campaign_document(&quiz, "dois", "draft");
    let refused = patient.put_campaign(&quiz, &next, &[]).await;
    assert_eq!((refused.status, refused.code(), refused.header("retry-after")), (503, "locked", "1"));
    assert_eq!(patient.put(&quiz, &document("um"), &[]).await.outcome(), "unchanged");
    lock.release().await;
    assert_eq!(patient.put_campaign(&quiz, &campaign, &[]).await.outcome(), "unchanged");
}
