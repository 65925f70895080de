use std::ops::Deref;
use std::time::Duration;

use serde_json::Value;
use vendzz_runtime::kafka::KafkaConfig;
use vendzz_schemas::events::{QuizDefinition, QuizProgressed, QuizSubmitted, QuizViewed, RetiredElement};
use vendzz_schemas::topics::{EDGE_ADDRESS_KEY, QUIZ_DEFINITION, QUIZ_PROGRESS, QUIZ_SUBMISSION, QUIZ_VIEW};
use vendzz_test_support::Record;

use super::now_ms;

/// The log itself, with what these tests write and read.
pub(crate) struct Log(vendzz_test_support::Log);

impl Log {
    pub(crate) async fn open(kafka: KafkaConfig) -> Self {
        Self(vendzz_test_support::Log::open(kafka).await)
    }

    /// Publishes a version, and returns its number.
    pub(crate) async fn publish(&self, quiz_id: &str, document: &Value) -> i64 {
        self.append_definition(quiz_id, "published", &document.to_string(), Vec::new(), now_ms()).await
    }

    pub(crate) async fn publish_with_retired(
        &self,
        quiz_id: &str,
        document: &Value,
        retired: Vec<RetiredElement>,
    ) -> i64 {
        self.append_definition(quiz_id, "published", &document.to_string(), retired, now_ms()).await
    }

    pub(crate) async fn unpublish(&self, quiz_id: &str, document: &Value, at_ms: i64) -> i64 {
        self.append_definition(quiz_id, "unpublished", &document.to_string(), Vec::new(), at_ms).await
    }

    /// Whatever the document is.
    pub(crate) async fn append_definition(
        &self,
        quiz_id: &str,
        state: &str,
        document: &str,
        retired: Vec<RetiredElement>,
        changed_at: i64,
    ) -> i64 {
        let definition = QuizDefinition {
            account_id: "conta-vida-leve".to_owned(),
            quiz_id: quiz_id.to_owned(),
            state: state.to_owned(),
            changed_at,
            document: document.to_owned(),
            retired,
        };
        self.append(QUIZ_DEFINITION, 0, quiz_id, &definition).await.offset
    }

    pub(crate) async fn submissions(&self) -> Vec<Record<QuizSubmitted>> {
        self.events::<QuizSubmitted>(QUIZ_SUBMISSION).await
    }

    /// Those of one quiz.
    pub(crate) async fn submissions_of(&self, quiz_id: &str) -> Vec<Record<QuizSubmitted>> {
        let mut submissions = self.submissions().await;
        submissions.retain(|record| record.event.quiz_id == quiz_id);
        submissions
    }

    /// Views are durable a little after they were accepted; waits until `count` of the quiz are.
    pub(crate) async fn views_of(&self, quiz_id: &str, count: usize) -> Vec<Record<QuizViewed>> {
        for _ in 0..100 {
            let mut views = self.events::<QuizViewed>(QUIZ_VIEW).await;
            views.retain(|record| record.event.quiz_id == quiz_id);
            if views.len() >= count {
                return views;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("fewer than {count} views of {quiz_id} reached the log");
    }

    /// As for views; in the order of their sequence.
    pub(crate) async fn progress_of(&self, quiz_id: &str, count: usize) -> Vec<Record<QuizProgressed>> {
        for _ in 0..100 {
            let mut progress = self.events::<QuizProgressed>(QUIZ_PROGRESS).await;
            progress.retain(|record| record.event.quiz_id == quiz_id);
            if progress.len() >= count {
                progress.sort_by_key(|record| (record.event.sequence, record.event.received_at));
                return progress;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("fewer than {count} beacons of {quiz_id} reached the log");
    }

    /// Records of all topics that the edge writes events to.
    pub(crate) async fn event_count(&self) -> usize {
        let mut count = 0;
        for topic in [QUIZ_SUBMISSION, QUIZ_VIEW, QUIZ_PROGRESS] {
            count += self.read(topic).await.len();
        }
        count
    }

    /// Days and keys, as they stand in the log.
    pub(crate) async fn address_keys(&self) -> Vec<Value> {
        let records = self.read(EDGE_ADDRESS_KEY).await;
        records.iter().map(|record| serde_json::from_slice(&record.value).unwrap()).collect()
    }
}

impl Deref for Log {
    type Target = vendzz_test_support::Log;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
