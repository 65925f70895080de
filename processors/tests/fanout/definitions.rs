use std::time::Duration;

use vendzz_schemas::codec::Encoder;
use vendzz_schemas::events::{AvroEvent, CampaignDefinition};
use vendzz_schemas::registry::SchemaId;
use vendzz_schemas::topics;

use super::following_up::{id_of, in_force};
use super::log::Log;
use super::process::Fanout;
use super::samples::{ACCOUNT, QUIZ, campaign, quiz, submission};

#[tokio::test(flavor = "multi_thread")]
async fn a_response_waits_for_its_quiz_and_is_read_by_the_version_that_was_answered() {
    let log = Log::new().await;
    in_force(log.put_campaign("c", &campaign("sms", "all", "{{ answers.meta }}")).await).await;
    let fanout = Fanout::start(&log, &[]).await;
    log.submit(&submission(1, 0)).await;
    let waiting = "vendzz_consumer_retries_total{group=\"process.fanout\",reason=\"unknown_quiz\"}";
    fanout.wait_for_metric(waiting, 2.0).await;
    assert_eq!(log.messages().await.len(), 0);
    let first = log.publish_quiz(QUIZ, &quiz()).await;
    assert_eq!(first, 0);
    log.wait_for_messages(1).await;
    assert_eq!(fanout.metric("vendzz_fanout_version_replaced_total").await, 0.0);

    let mut changed = quiz();
    changed["elements"][3]["choices"][0]["label"] = "Emagrecer".into();
    let second = log.publish_quiz(QUIZ, &changed).await;
    // At once: whoever answers a new version must not be read by the old one.
    log.submit(&submission(2, second)).await;
    log.submit(&submission(3, first)).await;
    log.submit(&submission(4, second + 40)).await;
    let messages = log.wait_for_messages(4).await;
    let body = |number| messages[&id_of("c", "sms", "completed", number)].body.as_str();
    assert_eq!(
        (body(1), body(2), body(3), body(4)),
        ("Perder peso", "Emagrecer", "Perder peso", "Emagrecer")
    );
    fanout.wait_for_metric("vendzz_fanout_version_replaced_total", 1.0).await;
    fanout.stop().await;
}

/// An id under which no schema is registered.
const LATE_SCHEMA: u32 = 0x7fff_ff00;

#[tokio::test(flavor = "multi_thread")]
async fn out_of_step_with_the_campaigns_nothing_is_followed_up() {
    let log = Log::new().await;
    let version = log.publish_quiz(QUIZ, &quiz()).await;
    in_force(log.put_campaign("c", &campaign("sms", "all", "antes")).await).await;
    // The registry is away, so the next version cannot be read.
    let fanout = Fanout::start(&log, &[("VENDZZ_REGISTRY_URL", "http://127.0.0.1:9/")]).await;
    let definition = CampaignDefinition {
        account_id: ACCOUNT.to_owned(),
        campaign_id: "c".to_owned(),
        revision: "r2".to_owned(),
        quiz_id: QUIZ.to_owned(),
        state: "active".to_owned(),
        changed_at: 0,
        document: campaign("sms", "all", "depois").to_string(),
    };
    let payload = Encoder::<CampaignDefinition>::new(LATE_SCHEMA).unwrap().encode(&definition).unwrap();
    let edited = log.append_bytes(topics::CAMPAIGN_DEFINITION, 0, "c/r2", &payload).await;
    in_force(edited.append_ms.unwrap()).await;
    log.submit(&submission(1, version)).await;
    let readiness = fanout.wait_for("a pause", |readiness| readiness["status"] == "unready").await;
    assert!(readiness["missing"]["definitions"].as_str().unwrap().contains("campaign.definition.v1"));
    let waiting = "vendzz_consumer_retries_total{group=\"process.fanout\",reason=\"out_of_step\"}";
    fanout.wait_for_metric(waiting, 3.0).await;
    assert_eq!(fanout.metric("vendzz_fanout_paused").await, 1.0);
    assert_eq!(log.messages().await.len(), 0);

    let schema = SchemaId {
        id: LATE_SCHEMA,
        subject: topics::subject(&log.kafka.name(topics::CAMPAIGN_DEFINITION), CampaignDefinition::FULL_NAME),
        version: 2,
        schema: CampaignDefinition::SCHEMA.to_owned(),
    };
    let json = serde_json::to_vec(&schema).unwrap();
    log.append_bytes(topics::SCHEMA_ID, 0, &schema.key(), &json).await;
    fanout.wait_for("to go on", |readiness| readiness["status"] == "ready").await;
    let messages = log.wait_for_messages(1).await;
    assert_eq!(messages[&id_of("c", "sms", "completed", 1)].body, "depois", "the version in force by then");
    tokio::time::sleep(Duration::from_millis(100)).await;
    fanout.stop().await;
}
