use super::harness::{Admin, TOKEN, document, exits_with, fresh_prefix, quiz_id};

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
        assert!(readiness["missing"][part].is_string(), "{part}: {readiness}");
    }
    let refused = admin.put(&quiz_id("early"), &document("um"), &[]).await;
    assert_eq!((refused.status, refused.code(), refused.header("retry-after")), (503, "unavailable", "1"));
}

#[tokio::test]
async fn without_postgresql_it_is_not_ready_and_still_shows_quizzes() {
    let id = quiz_id("shown");
    assert_eq!(Admin::start().await.put(&id, &document("um"), &[]).await.status, 201);
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
    assert_eq!(admin.quiz(&id).await.status, 200);
}

#[tokio::test]
async fn metrics_tell_what_was_asked_and_what_became_of_it() {
    let admin = Admin::start().await;
    let id = quiz_id("counted");
    admin.put(&id, &document("um"), &[]).await;
    admin.put(&id, &document("um"), &[]).await;
    admin.put(&id, &document("dois"), &[]).await;
    admin.delete("no-such-quiz", &[]).await;
    admin.get("/no/such/place", &[]).await;
    let metrics = admin.metrics().await;
    for line in [
        "vendzz_quiz_changes_total{action=\"publish\",outcome=\"created\"} 1",
        "vendzz_quiz_changes_total{action=\"publish\",outcome=\"unchanged\"} 1",
        "vendzz_quiz_changes_total{action=\"publish\",outcome=\"conflict\"} 1",
        "vendzz_quiz_changes_total{action=\"unpublish\",outcome=\"refused\"} 1",
        "vendzz_http_responses_total{route=\"admin_publish\",status=\"201\"} 1",
        "vendzz_http_responses_total{route=\"admin_other\",status=\"404\"} 1",
        "vendzz_response_time_seconds_count{route=\"admin_publish\"} 3",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line}\n{metrics}");
    }
}

#[tokio::test]
async fn in_production_a_topic_on_one_broker_is_too_little() {
    let admin = Admin::spawn(&[("VENDZZ_PROFILE", "production")]);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let (status, readiness) = admin.readiness().await;
        assert_eq!(status, 503, "{readiness}");
        let durability = readiness["missing"]["durability"].as_str().unwrap_or_default();
        if durability.contains("min.insync.replicas") {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "{readiness}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let refused = admin.put(&quiz_id("single"), &document("um"), &[]).await;
    assert_eq!((refused.status, refused.code()), (503, "unavailable"));
}
