use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use sqlx::{Connection, FromRow as _, PgConnection, Row as _};
use tokio_util::sync::CancellationToken;
use vendzz_load_tests::campaigns::{CampaignFile, example_campaigns};
use vendzz_load_tests::cluster::{Cluster, Instance, Service};
use vendzz_load_tests::follow_up::ExpectedSend;
use vendzz_load_tests::providers::{Credentials, Faults, Simulator, SimulatorSettings};
use vendzz_load_tests::reckoning::{ViewPromise, disagreement_lines_of};
use vendzz_load_tests::sending::{
    Acceptance, SendingBaseline, SendingReckoner, SendingReckoning, SendingSettings, sending_table,
    unknown_lines_of,
};
use vendzz_load_tests::traffic::QuizFile;

use crate::follow_up_trial::FollowUpTrial;
use crate::trial::{Traffic, Trial};

const PATIENCE: Duration = Duration::from_secs(240);

/// A trial whose messages are sent: providers that misbehave, webhooks, and a worker for each channel.
pub(crate) struct SendingTrial {
    pub(crate) follow_up: FollowUpTrial,
    pub(crate) simulator: SocketAddr,
    settings: SendingSettings,
    baseline: SendingBaseline,
    stop: CancellationToken,
    _folder: tempfile::TempDir,
}

/// Messages that providers took within a time.
#[derive(Debug, Clone, Copy, Default, sqlx::FromRow)]
pub(crate) struct SentWithin {
    pub(crate) count: i64,
    /// Of these, the ones that nothing but the sending itself may delay: of those who finished (who has left is due from
    /// the last sign on, and decided later), and held by no rule of the recipient's.
    pub(crate) prompt: i64,
    /// How long after each of the prompt ones was due.
    pub(crate) p50_ms: f64,
    pub(crate) p90_ms: f64,
}

impl SendingTrial {
    pub(crate) async fn begin(faults: Faults) -> Self {
        Self::with(faults, &[], campaigns_at_any_hour()).await
    }

    /// With further quizzes, and these campaigns.
    pub(crate) async fn with(faults: Faults, quizzes: &[QuizFile], campaigns: Vec<CampaignFile>) -> Self {
        let simulator = free_address();
        let mut trial = Trial::of(Cluster::start_with_sending(simulator)).await;
        for quiz in quizzes {
            trial.publish(quiz).await;
        }
        let mut follow_up = FollowUpTrial::of(trial, campaigns).await;
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("accepted.jsonl");
        let stop = CancellationToken::new();
        start_simulator(&mut follow_up.trial.cluster, simulator, &journal, faults, &stop).await;
        let settings = SendingSettings {
            simulator,
            simulator_journal: journal,
            smtp_journal: SendingSettings::from_env().unwrap().smtp_journal,
        };
        let reckoner = reckoner(&follow_up, &settings).await;
        let baseline = reckoner.baseline(&follow_up.trial.quiz_ids()).await.unwrap();
        Self { follow_up, simulator, settings, baseline, stop, _folder: folder }
    }

    pub(crate) fn cluster(&mut self) -> &mut Cluster {
        &mut self.follow_up.trial.cluster
    }

    /// Waits for everything; answers, leads and messages must be as expected. What became of each message is reckoned.
    pub(crate) async fn reckon(&self, traffic: Traffic) -> SendingReckoning {
        let follow_up = self.follow_up.expect_agreement(traffic, ViewPromise::Exact).await;
        let reckoning = self.reckon_sent(&follow_up.expected).await;
        let sent: u64 = reckoning.channels.values().map(|channel| channel.sent).sum();
        assert!(sent > 500, "only {sent} messages were sent: the trial says little");
        reckoning
    }

    /// What became of these messages alone must be as expected.
    pub(crate) async fn expect_sent(&self, expected: &[ExpectedSend]) -> SendingReckoning {
        let reckoning = self.reckon_sent(expected).await;
        expect_no_disagreement(&reckoning);
        reckoning
    }

    async fn reckon_sent(&self, expected: &[ExpectedSend]) -> SendingReckoning {
        let reckoner = reckoner(&self.follow_up, &self.settings).await;
        let left = reckoner.wait(&self.baseline, expected, PATIENCE, |_| {}).await.unwrap();
        if !left.is_nothing() {
            let warnings: Vec<String> =
                Service::SENDERS.map(|service| self.follow_up.trial.warnings_of(service)).into();
            panic!("not done after {} s: {left}\n{}", PATIENCE.as_secs(), warnings.join("\n"));
        }
        let reckoning = reckoner.reckon(&self.baseline, expected).await.unwrap();
        println!("{}", sending_table(&reckoning));
        for line in unknown_lines_of(&reckoning) {
            println!("{line}");
        }
        reckoning
    }

    /// [`Self::reckon`], and what became of each message must be as expected too.
    pub(crate) async fn expect_agreement(&self, traffic: Traffic) -> SendingReckoning {
        let reckoning = self.reckon(traffic).await;
        expect_no_disagreement(&reckoning);
        reckoning
    }

    /// Who dies with a call under way leaves it unknown, and so does a provider that does not say what it did; nothing
    /// else: says what there is beyond that. `in_flight`: rows that said `sending` when their workers died or stood still.
    pub(crate) async fn unexplained_unknown(
        &self,
        reckoning: &SendingReckoning,
        in_flight: u64,
    ) -> Vec<String> {
        let by_reason = self.unknown_by_reason().await;
        let summary = self.summary().await;
        let unsaid: u64 = ["500", "503", "cutBefore", "cutAfter"]
            .iter()
            .filter_map(|kind| summary["answered"][kind].as_u64())
            .sum();
        println!(
            "unknown: {by_reason:?}; {in_flight} under way at the deaths, {unsaid} calls without a clear answer"
        );
        let of = |reason: &str| by_reason.get(reason).copied().unwrap_or_default();
        let all: u64 = by_reason.values().sum();
        let of_run: u64 = reckoning.channels.values().map(|channel| channel.unknown).sum();
        let (left_by_deaths, late) = (of("lease_ran_out"), of("timeout"));
        let mut unexplained = Vec::new();
        if of_run > all {
            unexplained.push(format!("the reckoning knows {of_run} unknown, the ledger {all}"));
        }
        if left_by_deaths > in_flight {
            unexplained.push(format!("{left_by_deaths} were left unknown, {in_flight} were under way"));
        }
        if all - left_by_deaths - late > unsaid {
            unexplained.push(format!("{by_reason:?}, but {unsaid} calls were not answered clearly"));
        }
        unexplained
    }

    /// What the simulator counts: `GET /journal/summary`.
    async fn summary(&self) -> serde_json::Value {
        let url = format!("http://{}/journal/summary", self.simulator);
        reqwest::get(url).await.unwrap().json().await.unwrap()
    }

    /// What the last `window` sent, by channel.
    pub(crate) async fn sent_within(&self, window: Duration) -> BTreeMap<String, SentWithin> {
        let sql = "SELECT ledger.channel, count(*) AS count, count(prompt.late_ms) AS prompt,
                COALESCE(percentile_disc(0.5) WITHIN GROUP (ORDER BY prompt.late_ms), 0) AS p50_ms,
                COALESCE(percentile_disc(0.9) WITHIN GROUP (ORDER BY prompt.late_ms), 0) AS p90_ms
            FROM sending.delivery_events AS told
            JOIN sending.message_ledger AS ledger USING (message_id)
            LEFT JOIN LATERAL (
                SELECT extract(epoch FROM told.happened_at - ledger.due_at)::float8 * 1000 AS late_ms
                WHERE ledger.message->>'trigger' = 'completed' AND NOT EXISTS (
                    SELECT FROM sending.delivery_events AS held
                    WHERE held.message_id = ledger.message_id
                        AND held.event->>'reason' IN ('pair_rate', 'frequency_cap', 'quiet_hours')
                )
            ) AS prompt ON true
            WHERE told.event->>'what' = 'sent' AND told.happened_at >= now() - $1 * interval '1 second'
            GROUP BY 1";
        let rows =
            sqlx::query(sql).bind(window.as_secs_f64()).fetch_all(&mut self.ledger().await).await.unwrap();
        rows.iter().map(|row| (row.get("channel"), SentWithin::from_row(row).unwrap())).collect()
    }

    /// Everything that the providers' journals say that they have accepted.
    pub(crate) async fn accepted(&self) -> Vec<Acceptance> {
        reckoner(&self.follow_up, &self.settings).await.accepted().unwrap()
    }

    /// Rows of a channel that say `sending` now: with one of its workers just dead, at least its calls under way.
    pub(crate) async fn being_sent(&self, service: Service) -> u64 {
        let channel = service.name().trim_start_matches("send-");
        // What it committed last may be on its way into the database yet.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let sql = "SELECT count(*) FROM sending.message_ledger WHERE channel = $1 AND state = 'sending'";
        let mut db = self.ledger().await;
        let count: i64 = sqlx::query_scalar(sql).bind(channel).fetch_one(&mut db).await.unwrap();
        count.unsigned_abs()
    }

    /// Unknown messages by their reason.
    async fn unknown_by_reason(&self) -> BTreeMap<String, u64> {
        let sql = "SELECT coalesce(reason, ''), count(*) FROM sending.message_ledger
            WHERE state = 'unknown' GROUP BY 1";
        let rows: Vec<(String, i64)> = sqlx::query_as(sql).fetch_all(&mut self.ledger().await).await.unwrap();
        rows.into_iter().map(|(reason, count)| (reason, count.unsigned_abs())).collect()
    }

    pub(crate) async fn ledger(&self) -> PgConnection {
        let url = &self.follow_up.trial.cluster.installation().postgres_url;
        PgConnection::connect(url).await.unwrap()
    }

    /// Tells the simulator how to misbehave from now on.
    pub(crate) async fn misbehave(&self, faults: &Faults) {
        let url = format!("http://{}/faults", self.simulator);
        let answer = reqwest::Client::new().put(url).json(faults).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// A second worker of each channel.
    pub(crate) async fn double_the_workers(&mut self) -> Vec<Instance> {
        let mut workers = Service::SENDERS.map(Instance::first).to_vec();
        for service in Service::SENDERS {
            let second = Instance::numbered(service, 2);
            self.cluster().start_instance(second, &[]).await.unwrap();
            workers.push(second);
        }
        workers
    }
}

fn expect_no_disagreement(reckoning: &SendingReckoning) {
    let lines = disagreement_lines_of(&reckoning.disagreements);
    assert!(lines.is_empty(), "{}", lines.join("\n"));
}

impl Drop for SendingTrial {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// The example campaigns without quiet hours: a trial shows the same by night.
fn campaigns_at_any_hour() -> Vec<CampaignFile> {
    let mut campaigns = example_campaigns().expect("the example campaigns");
    for campaign in &mut campaigns {
        if let Some(document) = campaign.document.as_object_mut() {
            document.remove("quietHours");
        }
    }
    campaigns
}

async fn start_simulator(
    cluster: &mut Cluster,
    address: SocketAddr,
    journal: &Path,
    faults: Faults,
    stop: &CancellationToken,
) {
    let settings = SimulatorSettings {
        address,
        control: None,
        journal: Some(journal.to_owned()),
        credentials: Credentials::read(&cluster.senders_file()).unwrap(),
        meta_webhook: Some(format!("{}/webhooks/{{account}}/{{provider}}", cluster.public_url().unwrap())),
        faults,
        seed: 7,
    };
    let simulator = Simulator::bind(settings, stop.clone()).await.unwrap();
    tokio::spawn(async move { simulator.run().await.unwrap() });
}

async fn reckoner(follow_up: &FollowUpTrial, settings: &SendingSettings) -> SendingReckoner {
    SendingReckoner::connect(follow_up.trial.cluster.installation(), settings.clone()).await.unwrap()
}

fn free_address() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
