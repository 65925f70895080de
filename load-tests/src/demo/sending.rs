use std::time::Duration;

use super::Progress;
use crate::follow_up::ExpectedSend;
use crate::installation::Installation;
use crate::reckoning::disagreement_lines_of;
use crate::sending::{
    SendingBaseline, SendingReckoner, SendingSettings, Unsent, sending_table, unknown_lines_of,
};

/// The demo's third part: what became of the messages.
pub(super) struct Sending {
    reckoner: SendingReckoner,
    baseline: SendingBaseline,
    patience: Duration,
}

impl Sending {
    pub(super) async fn begin(
        installation: &Installation,
        quizzes: &[String],
        patience: Duration,
    ) -> anyhow::Result<Self> {
        let reckoner = SendingReckoner::connect(installation, SendingSettings::from_env()?).await?;
        let baseline = reckoner.baseline(quizzes).await?;
        Ok(Self { reckoner, baseline, patience })
    }

    /// Waits until nothing due is unsent, and all that happened is told. What is left after its patience is shown by the
    /// reckoning.
    pub(super) async fn wait(&self, expected: &[ExpectedSend]) -> anyhow::Result<()> {
        let mut progress = Progress::start();
        let show = |unsent: &Unsent| progress.show(&format!("the messages are sent: {unsent}"));
        let left = self.reckoner.wait(&self.baseline, expected, self.patience, show).await?;
        let line = match left.is_nothing() {
            true => "every message that is due is sent, and every event is on the log".to_owned(),
            false => format!("not done after {} s: {left}", self.patience.as_secs()),
        };
        progress.finish(&line);
        Ok(())
    }

    /// Prints the table and what does not agree; whether everything agrees.
    pub(super) async fn show(&self, expected: &[ExpectedSend]) -> anyhow::Result<bool> {
        let reckoning = self.reckoner.reckon(&self.baseline, expected).await?;
        println!("\n{}\n", sending_table(&reckoning));
        for line in unknown_lines_of(&reckoning) {
            println!("{line}");
        }
        for line in disagreement_lines_of(&reckoning.disagreements) {
            println!("{line}");
        }
        // Zeros agree with zeros.
        let missing = reckoning.what_did_not_happen();
        for what in &missing {
            println!("DISAGREES: {what}: the demo shows nothing of it");
        }
        Ok(reckoning.agrees() && missing.is_empty())
    }
}
