use std::collections::BTreeMap;
use std::ops::Deref;
use std::time::{Duration, Instant};

use serde_json::Value;
use vendzz_runtime::kafka::Delivered;
use vendzz_schemas::campaign::Channel;
use vendzz_schemas::events::{
    CampaignDefinition, CampaignMessage, LeadDetected, QuizAbandoned, QuizDefinition, QuizSubmitted,
};
use vendzz_schemas::topics;
use vendzz_test_support::Record;

use super::harness::make_namespace;
use super::samples::ACCOUNT;

const WAIT: Duration = Duration::from_secs(60);

/// The log itself, with what these tests write and read.
pub(crate) struct Log(vendzz_test_support::Log);

impl Log {
    pub(crate) async fn new() -> Self {
        Self::with_settings(&[]).await
    }

    pub(crate) async fn with_settings(topic_settings: &[(&str, &str, &str)]) -> Self {
        Self(vendzz_test_support::Log::open(make_namespace(topic_settings).await).await)
    }

    /// Publishes a version of a quiz, and returns it.
    pub(crate) async fn publish_quiz(&self, quiz_id: &str, document: &Value) -> i64 {
        let definition = QuizDefinition {
            account_id: ACCOUNT.to_owned(),
            quiz_id: quiz_id.to_owned(),
            state: "published".to_owned(),
            changed_at: 0,
            document: document.to_string(),
            retired: Vec::new(),
        };
        self.append(topics::QUIZ_DEFINITION, 0, quiz_id, &definition).await.offset
    }

    /// Appends a version of a campaign, and returns its append time.
    pub(crate) async fn put_campaign(&self, campaign_id: &str, document: &Value) -> i64 {
        let text = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
        let definition = CampaignDefinition {
            account_id: text("accountId"),
            campaign_id: campaign_id.to_owned(),
            revision: uuid::Uuid::new_v4().to_string(),
            quiz_id: text("quizId"),
            state: text("state"),
            changed_at: 0,
            document: document.to_string(),
        };
        let key = format!("{campaign_id}/{}", definition.revision);
        self.append(topics::CAMPAIGN_DEFINITION, 0, &key, &definition).await.append_ms.unwrap()
    }

    pub(crate) async fn submit(&self, submission: &QuizSubmitted) -> Delivered {
        let QuizSubmitted { quiz_id, response_id, .. } = submission;
        self.append_of_response(topics::QUIZ_SUBMISSION, quiz_id, response_id, submission).await
    }

    pub(crate) async fn abandon(&self, abandoned: &QuizAbandoned) -> Delivered {
        let QuizAbandoned { quiz_id, response_id, .. } = abandoned;
        self.append_of_response(topics::QUIZ_ABANDONED, quiz_id, response_id, abandoned).await
    }

    /// Every message on every channel topic, copies included.
    pub(crate) async fn messages(&self) -> Vec<CampaignMessage> {
        let mut messages = Vec::new();
        for channel in Channel::ALL {
            for Record { key, event: message, .. } in self.events::<CampaignMessage>(channel.topic()).await {
                assert_eq!(key, message.message_id);
                assert_eq!(message.channel, channel.name(), "on the topic of another channel");
                messages.push(message);
            }
        }
        messages
    }

    /// By id, each once; copies must be the same, value for value.
    pub(crate) async fn distinct_messages(&self) -> BTreeMap<String, CampaignMessage> {
        let mut distinct = BTreeMap::new();
        for message in self.messages().await {
            let former = distinct.insert(message.message_id.clone(), message.clone());
            if let Some(former) = former {
                assert_eq!(former, message, "two copies of a message differ");
            }
        }
        distinct
    }

    /// Waits until this many distinct messages are there, and returns them.
    pub(crate) async fn wait_for_messages(&self, count: usize) -> BTreeMap<String, CampaignMessage> {
        let deadline = Instant::now() + WAIT;
        loop {
            let distinct = self.distinct_messages().await;
            if distinct.len() >= count {
                return distinct;
            }
            assert!(Instant::now() < deadline, "{} of {count} messages", distinct.len());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    pub(crate) async fn leads(&self) -> Vec<LeadDetected> {
        let leads = self.events::<LeadDetected>(topics::LEAD_DETECTED).await;
        leads.into_iter().map(|record| record.event).collect()
    }
}

impl Deref for Log {
    type Target = vendzz_test_support::Log;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
