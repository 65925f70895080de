use std::ops::Deref;

use vendzz_runtime::kafka::KafkaConfig;
use vendzz_schemas::events::{QuizAbandoned, QuizProgressed, QuizSubmitted};
use vendzz_schemas::topics::{QUIZ_ABANDONED, QUIZ_PROGRESS, QUIZ_SUBMISSION};
use vendzz_test_support::Record;

/// The log itself, with what these tests write and read.
pub(crate) struct Log(vendzz_test_support::Log);

impl Log {
    pub(crate) async fn open(kafka: KafkaConfig) -> Self {
        Self(vendzz_test_support::Log::open(kafka).await)
    }

    pub(crate) async fn progress(&self, event: &QuizProgressed) {
        self.append_of_response(QUIZ_PROGRESS, &event.quiz_id, &event.response_id, event).await;
    }

    pub(crate) async fn submit(&self, event: &QuizSubmitted) {
        self.append_of_response(QUIZ_SUBMISSION, &event.quiz_id, &event.response_id, event).await;
    }

    /// Every announcement that stands in the topic now.
    pub(crate) async fn abandonments(&self) -> Vec<Record<QuizAbandoned>> {
        self.events(QUIZ_ABANDONED).await
    }
}

impl Deref for Log {
    type Target = vendzz_test_support::Log;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
