//! Sending, reckoned: what was expected, what the ledger says became of it, what the providers' own journals say, what
//! stands on the log, and whether the tallies count the same. Read with statements of our own and compared with
//! nothing of the services' code.
//!
//! ```text
//! messages expected (follow_up) ─┐
//! sending.message_ledger ────────┤
//! sending.campaign_tallies ──────┼──> compare ──> counts by channel, disagreements by message id
//! journals of the providers ─────┤
//! campaign.delivery.v1 ──────────┘
//! ```

mod compare;
mod compare_events;
mod deliveries;
mod journals;
mod ledger;
mod pair_rate;
mod report;
mod settings;
mod unsent;

#[cfg(test)]
mod compare_tests;

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use anyhow::Context;
use tokio::time::Instant;
use uuid::Uuid;
use vendzz_schemas::topics;

pub use compare::{ChannelCounts, SendingFacts, SendingReckoning, compare};
pub use deliveries::{Deliveries, LoggedDelivery};
pub use journals::{Acceptance, Acceptor};
pub use ledger::{LedgerRow, Tallies};
pub use report::{sending_table, unknown_lines_of};
pub use settings::SendingSettings;
pub use unsent::Unsent;

use crate::follow_up::ExpectedSend;
use crate::installation::Installation;
use crate::providers::ReportSummary;
use crate::reckoning::TopicOffsets;
use crate::reckoning::kafka::LogReader;
use crate::reckoning::postgres::first_id_of;
use ledger::LedgerReader;

const DELIVERY_TOPICS: [&str; 1] = [topics::CAMPAIGN_DELIVERY];
const POLL_PAUSE: Duration = Duration::from_millis(500);
/// Between two looks a message may have moved on and be reported on: only twice nothing is nothing.
const QUIET_LOOKS: usize = 2;

/// How things stood before a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SendingBaseline {
    /// No message of the run is of an older response, milliseconds since 1970 (UTC).
    pub began_at_ms: i64,
    pub quizzes: Vec<String>,
    /// Where the run's delivery events begin.
    pub offsets: TopicOffsets,
}

/// Reads everything that is compared.
pub struct SendingReckoner {
    log: LogReader,
    ledger: LedgerReader,
    settings: SendingSettings,
    http: reqwest::Client,
}

impl SendingReckoner {
    pub async fn connect(installation: &Installation, settings: SendingSettings) -> anyhow::Result<Self> {
        let ledger = LedgerReader::connect(&installation.postgres_url).await?;
        Ok(Self { log: LogReader::new(installation), ledger, settings, http: reqwest::Client::new() })
    }

    /// How things stand now.
    pub async fn baseline(&self, quizzes: &[String]) -> anyhow::Result<SendingBaseline> {
        Ok(SendingBaseline {
            began_at_ms: chrono::Utc::now().timestamp_millis(),
            quizzes: quizzes.to_vec(),
            offsets: self.log.end_offsets(&DELIVERY_TOPICS).await?,
        })
    }

    /// What is still to be sent, published or reported of these messages.
    pub async fn unsent(
        &self,
        baseline: &SendingBaseline,
        expected: &[ExpectedSend],
    ) -> anyhow::Result<Unsent> {
        // The reports first: what is sent in between is seen by the next look.
        let reports = self.reports().await?;
        let mut unsent = self.ledger.unsent(baseline).await?;
        // Who left before the run began may be announced in it.
        let first = first_id_of(baseline.began_at_ms);
        let of_run = expected.iter().filter(|message| message.message_id >= first).count();
        unsent.not_taken_in = (of_run as i64 - unsent.in_ledger).max(0);
        unsent.reports_waiting = reports.waiting;
        Ok(unsent)
    }

    /// Waits until nothing is due and unsent, every event is published and every report acknowledged; gives up after
    /// `patience` and returns what was left. `progress` is told each time.
    pub async fn wait(
        &self,
        baseline: &SendingBaseline,
        expected: &[ExpectedSend],
        patience: Duration,
        mut progress: impl FnMut(&Unsent),
    ) -> anyhow::Result<Unsent> {
        let begin = Instant::now();
        let mut quiet_looks = 0;
        loop {
            let unsent = self.unsent(baseline, expected).await?;
            quiet_looks = if unsent.is_nothing() { quiet_looks + 1 } else { 0 };
            if quiet_looks == QUIET_LOOKS || begin.elapsed() > patience {
                return Ok(unsent);
            }
            progress(&unsent);
            tokio::time::sleep(POLL_PAUSE).await;
        }
    }

    /// Compares everything since the baseline.
    pub async fn reckon(
        &self,
        baseline: &SendingBaseline,
        expected: &[ExpectedSend],
    ) -> anyhow::Result<SendingReckoning> {
        let reports = self.reports().await?;
        let ids: Vec<_> = expected.iter().map(|message| message.message_id).collect();
        let (ledger, tallies) = self.ledger(baseline, &ids).await?;
        let mut deliveries = self.deliveries(baseline).await.context("the delivery events")?;
        let mut accepted = journals::read(&self.settings)?;
        let known: BTreeSet<_> = ids.iter().chain(ledger.keys()).copied().collect();
        let first = first_id_of(baseline.began_at_ms);
        let is_of_run = |id: &Uuid| *id >= first || known.contains(id);
        // Other runs have their lines in the same files, and what they left waiting is told of in this one.
        accepted.retain(|acceptance| match &acceptance.message_id {
            Some(id) => is_of_run(id),
            None => acceptance.at_ms >= baseline.began_at_ms,
        });
        deliveries.events.retain(|id, _| is_of_run(id));
        let facts = SendingFacts {
            expected: expected.to_vec(),
            ledger,
            tallies,
            accepted,
            deliveries,
            reports_are_in: reports.waiting + reports.given_up + reports.dropped + reports.without_webhook
                == 0,
        };
        tokio::task::spawn_blocking(move || compare(&facts)).await.context("the comparison")
    }

    /// The rows of a run, those of further ids, and both counts of their campaigns, all of one moment.
    pub async fn ledger(
        &self,
        baseline: &SendingBaseline,
        ids: &[Uuid],
    ) -> anyhow::Result<(HashMap<Uuid, LedgerRow>, Tallies)> {
        self.ledger.read(baseline, ids).await.context("the ledger")
    }

    async fn reports(&self) -> anyhow::Result<ReportSummary> {
        let url = format!("http://{}/reports/summary", self.settings.simulator);
        let answer = self.http.get(&url).send().await;
        let answer =
            answer.with_context(|| format!("the simulator of the providers does not answer at {url}"))?;
        answer.error_for_status()?.json().await.context("the simulator's reports")
    }

    /// Everything that the providers' journals say, of other runs too.
    pub fn accepted(&self) -> anyhow::Result<Vec<Acceptance>> {
        journals::read(&self.settings)
    }

    /// How many messages each provider of the simulator has accepted, by channel.
    pub async fn accepted_by_channel(&self) -> anyhow::Result<HashMap<String, u64>> {
        let url = format!("http://{}/journal/summary", self.settings.simulator);
        let summary: serde_json::Value = self.http.get(&url).send().await?.error_for_status()?.json().await?;
        let by_channel = summary["byChannel"].as_object().context("the simulator's summary")?;
        let mut accepted: HashMap<String, u64> = by_channel
            .iter()
            .map(|(channel, count)| (channel.clone(), count.as_u64().unwrap_or_default()))
            .collect();
        accepted.insert("email".to_owned(), journals::count_of_mails(&self.settings.smtp_journal)?);
        Ok(accepted)
    }

    async fn deliveries(&self, baseline: &SendingBaseline) -> anyhow::Result<Deliveries> {
        let (reader, begins) = (self.log.clone(), baseline.offsets.clone());
        tokio::task::spawn_blocking(move || Deliveries::read(&reader, &begins)).await?
    }
}
