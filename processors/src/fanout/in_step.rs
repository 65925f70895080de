use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vendzz_runtime::health::Latch;
use vendzz_runtime::kafka::Follower;
use vendzz_runtime::kernel::FoldError;
use vendzz_runtime::telemetry::MetricName;

const WATCH_EVERY: Duration = Duration::from_millis(500);

/// Whether every definition that may count by now is known: only then are responses followed up.
///
/// A version of a campaign is in force the notice after its append. One that this process lacks was appended
/// after the last comparison with the topic's end, so less than `longest` ago, and cannot be in force before the
/// notice less the difference of the clocks: more than `longest`, as is checked at boot.
#[derive(Clone)]
pub struct InStep {
    campaigns: Follower,
    quizzes: Follower,
    longest: Duration,
}

impl InStep {
    pub fn new(campaigns: Follower, quizzes: Follower, longest: Duration) -> Self {
        Self { campaigns, quizzes, longest }
    }

    /// To be asked after a batch was read and before its definitions are looked up.
    pub fn check(&self) -> Result<(), FoldError> {
        match self.lagging() {
            None => Ok(()),
            Some(why) => Err(FoldError::Retry { reason: "out_of_step", source: anyhow::anyhow!(why) }),
        }
    }

    /// Waits until every version of a quiz that stood in the log at the time of this call is known.
    pub async fn read_quizzes_to_end(&self) -> Result<(), FoldError> {
        self.quizzes
            .read_to_end(self.longest)
            .await
            .map_err(|error| FoldError::Retry { reason: "quiz_definitions", source: error.into() })
    }

    /// Says in readiness and metric how it stands, until the drain.
    pub async fn watch(self, latch: Latch, drain: CancellationToken) {
        let paused = MetricName::FanoutPaused.gauge();
        while !drain.is_cancelled() {
            match self.lagging() {
                None => {
                    latch.ready();
                    paused.set(0.0);
                }
                Some(why) => {
                    latch.missing(why);
                    paused.set(1.0);
                }
            }
            tokio::select! { () = drain.cancelled() => {}, () = tokio::time::sleep(WATCH_EVERY) => {} }
        }
    }

    fn lagging(&self) -> Option<String> {
        for follower in [&self.campaigns, &self.quizzes] {
            if follower.in_step_age().is_none_or(|age| age > self.longest) {
                let (topic, longest) = (follower.topic(), self.longest.as_secs_f64());
                return Some(format!("the end of {topic} was not reached for more than {longest} s"));
            }
        }
        None
    }
}
