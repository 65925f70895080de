use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vendzz_load_tests::cluster::{Cluster, Instance, Servers, Service};
use vendzz_load_tests::generator::{LoadFigures, LoadPlan, Scoreboard, generate};
use vendzz_load_tests::quizzes::Quizzes;
use vendzz_load_tests::reckoning::{
    Baseline, Reckoner, ViewPromise, disagreement_lines, reckoning_table, traffic_lines,
};
use vendzz_load_tests::traffic::{Crowd, Mix, QuizFile, TrafficQuiz, read_quiz_files};

/// What a trial sends each second. Small, so that faults and not the machine's limits are met.
pub(crate) const SUBMISSIONS_PER_SECOND: f64 = 80.0;
/// The projections have this long to apply what is left once the traffic has ended.
const CATCH_UP: Duration = Duration::from_secs(120);

/// Of each projector, when they do not catch up.
const WARNINGS_SHOWN: usize = 30;

/// Services of their own, quizzes published, and how everything stood before the traffic.
pub(crate) struct Trial {
    pub(crate) cluster: Cluster,
    pub(crate) servers: Servers,
    pub(crate) quizzes: Vec<TrafficQuiz>,
    baseline: Baseline,
}

/// Traffic that runs beside the faults.
pub(crate) struct Traffic {
    scoreboard: Arc<Scoreboard>,
    running: tokio::task::JoinHandle<anyhow::Result<LoadFigures>>,
    stop: CancellationToken,
}

impl Traffic {
    pub(crate) fn is_running(&self) -> bool {
        !self.running.is_finished()
    }

    /// Nothing new is sent from now on; what is under way is answered.
    pub(crate) fn end(&self) {
        self.stop.cancel();
    }
}

impl Trial {
    pub(crate) async fn begin() -> Self {
        Self::of(Cluster::start()).await
    }

    /// With these services, started when the servers are ours.
    pub(crate) async fn of(starting: impl Future<Output = anyhow::Result<Cluster>>) -> Self {
        let servers = Servers::hold().await;
        let cluster = starting.await.expect("the services start");
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/examples");
        let mut trial = Self { cluster, servers, quizzes: Vec::new(), baseline: Baseline::default() };
        for file in read_quiz_files(&examples).expect("the example quizzes") {
            trial.publish(&file).await;
        }
        trial.note_baseline().await;
        trial
    }

    /// A quiz besides the examples.
    pub(crate) async fn publish(&mut self, quiz: &QuizFile) {
        self.quizzes.push(Quizzes::new(self.cluster.installation()).publish(quiz).await.expect("published"));
    }

    /// Notes how everything stands now: for a trial that has started the edge anew before its traffic.
    pub(crate) async fn note_baseline(&mut self) {
        let reckoner = Reckoner::connect(self.cluster.installation()).await.expect("the reckoner connects");
        self.baseline = reckoner.baseline(&self.quiz_ids(), CATCH_UP).await.expect("a baseline");
    }

    /// Starts traffic: with views, resends and invalid submissions, as real traffic has them.
    pub(crate) fn start_traffic(&self, length: Duration, seed: u64) -> Traffic {
        let mix = Mix {
            submissions_per_second: SUBMISSIONS_PER_SECOND,
            views_per_second: SUBMISSIONS_PER_SECOND * 3.0,
            resend_share: 0.05,
            invalid_share: 0.01,
            ..Mix::only_submissions(SUBMISSIONS_PER_SECOND)
        };
        self.start_traffic_of(mix, length, seed)
    }

    pub(crate) fn start_traffic_of(&self, mix: Mix, length: Duration, seed: u64) -> Traffic {
        let plan = LoadPlan { patience: Duration::from_secs(90), ..LoadPlan::new(mix, length, seed) };
        let edge = self.cluster.installation().edge;
        let crowd = Crowd::gather(&self.quizzes, &mix, edge, seed);
        let scoreboard = Arc::new(Scoreboard::default());
        let board = scoreboard.clone();
        let stop = CancellationToken::new();
        let until = stop.clone();
        let running = tokio::spawn(async move { generate(&plan, crowd, edge, board, until).await });
        Traffic { scoreboard, running, stop }
    }

    /// Waits for the traffic's end and the projections, and says what does not agree.
    pub(crate) async fn reckon(&self, traffic: Traffic, views: ViewPromise) -> Vec<String> {
        let figures = traffic.running.await.expect("the generator lives").expect("the generator ran");
        for line in traffic_lines(&figures) {
            println!("{line}");
        }
        assert!(figures.submissions.accepted > 100, "too little was accepted for the trial to say anything");
        assert_eq!(figures.surprises, 0, "unexpected answers: {:?}", figures.first_surprises);
        // Connections of its own: those of the baseline may lead to a server that was killed since.
        let reckoner = Reckoner::connect(self.cluster.installation()).await.expect("the reckoner connects");
        if let Err(behind) = reckoner.wait_until_caught_up(CATCH_UP, |_| {}).await {
            return vec![
                format!("{behind:#}"),
                self.warnings_of(Service::State),
                self.warnings_of(Service::Analytics),
            ];
        }
        // What a late or frozen writer would still do, it does now.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let sent = traffic.scoreboard.sent();
        let reckoning = reckoner.reckon(&self.baseline, &sent, views).await.expect("a reckoning");
        println!("{}", reckoning_table(&reckoning));
        disagreement_lines(&reckoning)
    }

    pub(crate) fn quiz_ids(&self) -> Vec<String> {
        self.quizzes.iter().map(|quiz| quiz.id.to_string()).collect()
    }

    /// The last warnings and errors that a service has logged: why it stands still.
    pub(crate) fn warnings_of(&self, service: Service) -> String {
        let log = self.cluster.log_of(Instance::first(service)).unwrap_or_default();
        let warnings: Vec<&str> =
            log.lines().filter(|line| line.contains("WARN") || line.contains("ERROR")).collect();
        let last = &warnings[warnings.len().saturating_sub(WARNINGS_SHOWN)..];
        format!("{} of {} warnings of {}:\n{}", last.len(), warnings.len(), service.name(), last.join("\n"))
    }

    /// Waits until both projections have applied the whole log.
    pub(crate) async fn catch_up(&self) {
        let reckoner = Reckoner::connect(self.cluster.installation()).await.expect("the reckoner connects");
        reckoner.wait_until_caught_up(CATCH_UP, |_| {}).await.expect("the projections catch up");
    }

    /// [`Trial::reckon`], and everything must agree.
    pub(crate) async fn expect_agreement(&self, traffic: Traffic, views: ViewPromise) {
        let disagreements = self.reckon(traffic, views).await;
        assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
    }
}

/// A pause of a random length, so that a fault meets any moment.
pub(crate) async fn pause(from: Duration, to: Duration) {
    let length = rand::random_range(from..to);
    tokio::time::sleep(length).await;
}
