use vendzz_schemas::events::QuizSubmitted;
use vendzz_schemas::topics;

use super::following_up::{id_of, in_force};
use super::harness::now_ms;
use super::log::Log;
use super::process::Fanout;
use super::samples::{EMAIL, NAME, PHONE, QUIZ, campaign, quiz, submission};

/// What must stand in no log line and in no header.
fn assert_impersonal(text: &str) {
    for secret in [EMAIL, PHONE, &PHONE[3..], NAME, "Tavares", "marina.tavares"] {
        assert!(!text.contains(secret), "{secret} was told: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_never_be_read_is_set_aside_and_its_neighbours_are_followed_up() {
    let log = Log::new().await;
    let version = log.publish_quiz(QUIZ, &quiz()).await;
    in_force(log.put_campaign("c", &campaign("sms", "all", "Oi {{ contact.name }}")).await).await;
    log.submit(&submission(1, version)).await;
    log.append_bytes(topics::QUIZ_SUBMISSION, 0, "x/y", EMAIL.as_bytes()).await;
    let bad = QuizSubmitted { account_id: format!("{NAME} {EMAIL}"), ..submission(2, version) };
    log.append(topics::QUIZ_SUBMISSION, 1, "a/b", &bad).await;
    log.append_bytes(topics::QUIZ_ABANDONED, 1, "x/z", &[0, 1]).await;
    log.submit(&submission(3, version)).await;
    let fanout = Fanout::start(&log, &[("RUST_LOG", "debug")]).await;
    let messages = log.wait_for_messages(2).await;
    assert!(messages.contains_key(&id_of("c", "sms", "completed", 1)));
    assert!(messages.contains_key(&id_of("c", "sms", "completed", 3)));
    for (reason, count) in [("bad_frame", 2.0), ("bad_id", 1.0)] {
        let metric = format!("vendzz_dead_letters_total{{group=\"process.fanout\",reason=\"{reason}\"}}");
        fanout.wait_for_metric(&metric, count).await;
    }
    let letters = log.read(topics::DLQ_FANOUT).await;
    assert_eq!(letters.len(), 3);
    assert!(letters.iter().any(|letter| letter.value == EMAIL.as_bytes()), "the original bytes");
    assert_impersonal(&fanout.log());
    fanout.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_broker_refuses_is_set_aside_and_not_tried_for_ever() {
    let log = Log::with_settings(&[(topics::CAMPAIGN_EMAIL, "max.message.bytes", "2000")]).await;
    let version = log.publish_quiz(QUIZ, &quiz()).await;
    log.put_campaign("sms", &campaign("sms", "all", "Oi")).await;
    // Nothing that a batch's compression makes small.
    let noise: String = (0..200).map(|_| uuid::Uuid::new_v4().simple().to_string()).collect();
    in_force(log.put_campaign("longa", &campaign("email", "all", &noise)).await).await;
    let fanout = Fanout::start(&log, &[("RUST_LOG", "debug")]).await;
    log.submit(&submission(1, version)).await;
    let mut without_email = submission(2, version);
    without_email.answers.remove("email");
    log.submit(&without_email).await;
    let refused = "vendzz_dead_letters_total{group=\"process.fanout\",reason=\"refused_by_broker\"}";
    fanout.wait_for_metric(refused, 1.0).await;
    let messages = log.wait_for_messages(2).await;
    assert!(messages.contains_key(&id_of("sms", "sms", "completed", 2)));
    assert_eq!(log.read(topics::DLQ_FANOUT).await.len(), 1);
    assert_impersonal(&fanout.log());
    fanout.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_offset_somebody_must_say_from_when_on_messages_are_made() {
    let log = Log::new().await;
    let version = log.publish_quiz(QUIZ, &quiz()).await;
    in_force(log.put_campaign("c", &campaign("sms", "all", "Oi")).await).await;
    for number in 0..20 {
        log.submit(&submission(number, version)).await;
    }
    let silent = Fanout::spawn(&log, &[("VENDZZ_FANOUT_EMIT_FROM", "")]);
    let readiness = silent
        .wait_for("the partitions that are not empty to stop", |readiness| {
            readiness["missing"]["partitions"]
                .as_str()
                .is_some_and(|why| why.contains("2 partition(s) stopped"))
        })
        .await;
    assert!(readiness.to_string().contains("VENDZZ_FANOUT_EMIT_FROM"), "{readiness}");
    silent.stop().await;
    assert_eq!(log.messages().await.len(), 0);

    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    let from = now_ms().to_string();
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    let fanout = Fanout::start(&log, &[("VENDZZ_FANOUT_EMIT_FROM", &from)]).await;
    log.submit(&submission(5, version)).await;
    log.submit(&submission(100, version)).await;
    let messages = log.wait_for_messages(1).await;
    assert_eq!(messages.into_keys().collect::<Vec<_>>(), [id_of("c", "sms", "completed", 100)]);
    fanout.wait_for_metric("vendzz_fanout_skipped_total{reason=\"before_emit_from\"}", 20.0).await;
    // The resend of what came before is one.
    fanout.wait_for_metric("vendzz_fanout_skipped_total{reason=\"duplicate\"}", 1.0).await;
    fanout.stop().await;
    // Now offsets are committed, and nothing needs to be said.
    let goes_on = Fanout::start(&log, &[("VENDZZ_FANOUT_EMIT_FROM", "")]).await;
    goes_on.stop().await;
}
