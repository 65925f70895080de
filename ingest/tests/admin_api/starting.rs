use super::harness::{Admin, TOKEN, campaign_document, document, exits_with, fresh_prefix, furnish, quiz_id};

#[test]
fn a_start_without_a_token_is_refused_with_64_and_names_every_mistake() {
    let output = exits_with(64, &[], &[("VENDZZ_ADMIN_LOCK_WAIT", "soon")]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("VENDZZ_ADMIN_TOKEN_FILE") && said.contains("VENDZZ_ADMIN_LOCK_WAIT"), "{said}");
    let missing = exits_with(64, &[], &[("VENDZZ_ADMIN_TOKEN_FILE", "no/such/file")]);
    assert!(String::from_utf8(missing.stderr).unwrap().contains("no/such/file"));
}

#[test]
fn a_public_address_needs_a_token_of_32_bytes() {
    let public = ("VENDZZ_ADMIN_ADDR", "0.0.0.0:0");
    let short = &TOKEN[..31];
    let output = exits_with(64, &[], &[public, ("VENDZZ_ADMIN_TOKEN", short)]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("32 bytes") && !said.contains(short), "{said}");
    exits_with(0, &["--print-config"], &[public, ("VENDZZ_ADMIN_TOKEN", TOKEN)]);
    exits_with(0, &["--print-config"], &[("VENDZZ_ADMIN_TOKEN", short)]);
}

#[test]
fn help_lists_every_setting_and_print_config_hides_secrets() {
    let help = String::from_utf8(exits_with(0, &["--help"], &[]).stdout).unwrap();
    for name in ["VENDZZ_ADMIN_ADDR", "VENDZZ_ADMIN_TOKEN_FILE", "VENDZZ_POSTGRES_URL", "VENDZZ_KAFKA_PREFIX"]
    {
        assert!(help.contains(name), "{name}: {help}");
    }
    let env = [("VENDZZ_ADMIN_TOKEN", TOKEN), ("VENDZZ_POSTGRES_URL", "postgres://u:hunter2@db:5432/d")];
    let printed = String::from_utf8(exits_with(0, &["--print-config"], &env).stdout).unwrap();
    assert!(!printed.contains(TOKEN) && !printed.contains("hunter2"), "{printed}");
    assert!(printed.contains("postgres://u@db:5432/d"), "{printed}");
    exits_with(64, &["--port", "1"], &env);
}

#[tokio::test]
async fn without_topics_and_schemas_it_says_what_is_missing_and_publishes_nothing() {
    let prefix = fresh_prefix();
    let admin = Admin::spawn(&[("VENDZZ_KAFKA_PREFIX", &prefix)]);
    let (status, readiness) = admin.readiness().await;
    assert_eq!((status, readiness["status"].as_str()), (503, Some("unready")));
    for part in ["schema", "epochs", "definitions", "producer"] {
        for part in [part.to_owned(), format!("campaign_{part}")] {
            assert!(readiness["missing"][&part].is_string(), "{part}: {readiness}");
        }
    }
    let refused = admin.put(&quiz_id("early"), &document("um"), &[]).await;
    assert_eq!((refused.status, refused.code(), refused.header("retry-after")), (503, "unavailable", "1"));
    let refused = admin.put_campaign("early", &campaign_document("early", "um", "draft"), &[]).await;
    assert_eq!((refused.status, refused.code(), refused.header("retry-after")), (503, "unavailable", "1"));
}

#[tokio::test]
async fn with_empty_topics_it_is_ready_and_takes_the_first_quiz_and_its_first_campaign() {
    let prefix = fresh_prefix();
    furnish(&prefix);
    let env = [("VENDZZ_KAFKA_PREFIX", prefix.as_str())];
    let admin = Admin::start_with(&env).await;
    assert_eq!(admin.get("/api/campaigns", &[]).await.body.to_string(), r#"{"campaigns":[]}"#);
    let campaign = campaign_document("quiz", "um", "draft");
    let early = admin.put_campaign("campanha", &campaign, &[]).await;
    assert_eq!((early.status, early.errors()), (422, vec![("/quizId", "unknown_quiz")]));
    assert_eq!(admin.put("quiz", &document("um"), &[]).await.status, 201);
    assert_eq!(admin.put_campaign("campanha", &campaign, &[]).await.status, 201);
    assert_eq!(Admin::start_with(&env).await.campaign("campanha").await.status, 200);
}

#[tokio::test]
async fn without_postgresql_it_is_not_ready_and_still_shows_quizzes() {
    let id = quiz_id("shown");
    let before = Admin::start().await;
    assert_eq!(before.put(&id, &document("um"), &[]).await.status, 201);
    let campaign = campaign_document(&id, "um", "draft");
    assert_eq!(before.put_campaign(&id, &campaign, &[]).await.status, 201);
    let admin = Admin::spawn(&[("VENDZZ_POSTGRES_URL", "postgres://vendzz@127.0.0.1:1/vendzz")]);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    // Everything else becomes ready.
    loop {
        let (status, readiness) = admin.readiness().await;
        assert_eq!(status, 503);
        let missing: Vec<&String> = readiness["missing"].as_object().unwrap().keys().collect();
        let reason = readiness["missing"]["postgres"].as_str().unwrap();
        if missing == ["postgres"] && reason.contains("away") {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "{readiness}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let refused = admin.put(&quiz_id("unlockable"), &document("um"), &[]).await;
    assert_eq!((refused.status, refused.code()), (503, "unavailable"));
    assert!(refused.body["detail"].as_str().unwrap().contains("PostgreSQL"));
    let campaign = campaign_document(&id, "dois", "active");
    assert_eq!(admin.put_campaign(&id, &campaign, &[]).await.status, 503);
    assert_eq!(admin.quiz(&id).await.status, 200);
    assert_eq!(admin.campaign(&id).await.status, 200);
}

#[tokio::test]
async fn metrics_tell_what_was_asked_and_what_became_of_it() {
    let admin = Admin::start().await;
    let id = quiz_id("counted");
    admin.put(&id, &document("um"), &[]).await;
    admin.put(&id, &document("um"), &[]).await;
    admin.put(&id, &document("dois"), &[]).await;
    admin.delete("no-such-quiz", &[]).await;
    let campaign = |state| campaign_document(&id, "Nome da campanha", state);
    let first = admin.put_campaign(&id, &campaign("draft"), &[]).await;
    admin.put_campaign(&id, &campaign("draft"), &[]).await;
    admin.put_campaign(&id, &campaign("active"), &[]).await;
    admin.put_campaign(&id, &campaign("paused"), &[("If-Match", first.header("etag"))]).await;
    admin.put_campaign(&id, &campaign_document("no-such-quiz", "um", "ended"), &[]).await;
    admin.put_campaign(&id, &campaign("sleeping"), &[("If-Match", "bad")]).await;
    admin.get(&format!("/api/campaigns/{id}/versions"), &[]).await;
    admin.get("/no/such/place", &[]).await;
    let metrics = admin.metrics().await;
    for line in [
        "vendzz_quiz_changes_total{action=\"publish\",outcome=\"created\"} 1",
        "vendzz_quiz_changes_total{action=\"publish\",outcome=\"unchanged\"} 1",
        "vendzz_quiz_changes_total{action=\"publish\",outcome=\"conflict\"} 1",
        "vendzz_quiz_changes_total{action=\"unpublish\",outcome=\"refused\"} 1",
        "vendzz_campaign_changes_total{action=\"draft\",outcome=\"created\"} 1",
        "vendzz_campaign_changes_total{action=\"draft\",outcome=\"unchanged\"} 1",
        "vendzz_campaign_changes_total{action=\"activate\",outcome=\"conflict\"} 1",
        "vendzz_campaign_changes_total{action=\"pause\",outcome=\"updated\"} 1",
        "vendzz_campaign_changes_total{action=\"end\",outcome=\"refused\"} 1",
        "vendzz_campaign_changes_total{action=\"unknown\",outcome=\"refused\"} 1",
        "vendzz_http_responses_total{route=\"admin_publish_campaign\",status=\"201\"} 1",
        "vendzz_http_responses_total{route=\"admin_campaign_versions\",status=\"200\"} 1",
        "vendzz_http_responses_total{route=\"admin_publish\",status=\"201\"} 1",
        "vendzz_http_responses_total{route=\"admin_other\",status=\"404\"} 1",
        "vendzz_response_time_seconds_count{route=\"admin_publish\"} 3",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line}\n{metrics}");
    }
    let log = admin.log();
    assert!(log.contains(&id) && log.contains(first.revision()), "the log names what was changed:\n{log}");
    for word in ["Nome da campanha", "Seu plano", "Olá"] {
        assert!(!log.contains(word), "but not what it says: {word}");
    }
}

#[tokio::test]
async fn in_production_a_topic_on_one_broker_is_too_little() {
    let admin = Admin::spawn(&[("VENDZZ_PROFILE", "production")]);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let (status, readiness) = admin.readiness().await;
        assert_eq!(status, 503, "{readiness}");
        let is_refused = |part: &str| {
            let reason = readiness["missing"][part].as_str().unwrap_or_default();
            reason.contains("min.insync.replicas")
        };
        if is_refused("durability") && is_refused("campaign_durability") {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "{readiness}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let refused = admin.put(&quiz_id("single"), &document("um"), &[]).await;
    assert_eq!((refused.status, refused.code()), (503, "unavailable"));
    let refused = admin.put_campaign("single", &campaign_document("single", "um", "draft"), &[]).await;
    assert_eq!((refused.status, refused.code()), (503, "unavailable"));
}
