//! The demo: publish quizzes and campaigns, a minute of traffic, wait for the projections, for who left, for fan-out
//! and for the messages to be sent, and the reckoning.

mod farewell;
mod follow_up;
mod preflight;
mod progress;
mod sending;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use follow_up::FollowUp;
pub use progress::Progress;
use sending::Sending;

use crate::generator::{LoadFigures, LoadPlan, Scoreboard, generate};
use crate::installation::Installation;
use crate::journal::Journal;
use crate::quizzes::Quizzes;
use crate::reckoning::{
    Baseline, Behind, Reckoner, Reckoning, ViewPromise, disagreement_lines, run_table, traffic_lines,
    unknown_lines,
};
use crate::sent::Sent;
use crate::traffic::{Crowd, TrafficQuiz, read_quiz_files};

/// sysexits.h: EX_UNAVAILABLE.
const EXIT_UNAVAILABLE: u8 = 69;
/// As a shell has it for a process that SIGINT ended.
const EXIT_INTERRUPTED: u8 = 130;

/// What the demo is asked to do.
#[derive(Debug, Clone)]
pub struct Demo {
    pub plan: LoadPlan,
    pub quizzes: PathBuf,
    /// How long the projections may take to catch up.
    pub patience: Duration,
    pub journal: Option<PathBuf>,
    /// How long sending may take; `None` leaves it out.
    pub sending_patience: Option<Duration>,
}

impl Demo {
    pub async fn run(
        &self,
        installation: &Installation,
        stop: CancellationToken,
    ) -> anyhow::Result<ExitCode> {
        if let Err(missing) = preflight::check(installation, self.sending_patience.is_some()).await {
            eprintln!("{missing}");
            return Ok(ExitCode::from(EXIT_UNAVAILABLE));
        }
        match self.play(installation, &stop).await {
            Err(error) if error.is::<Interrupted>() => {
                farewell::say_interrupted();
                Ok(ExitCode::from(EXIT_INTERRUPTED))
            }
            outcome => outcome,
        }
    }

    async fn play(&self, installation: &Installation, stop: &CancellationToken) -> anyhow::Result<ExitCode> {
        let quizzes = unless(stop, self.publish(installation)).await?;
        let ids: Vec<String> = quizzes.iter().map(|quiz| quiz.id.to_string()).collect();
        let reckoner = unless(stop, Reckoner::connect(installation)).await?;
        let follow_up = unless(stop, FollowUp::begin(installation, &ids)).await?;
        let mut baseline = unless(stop, reckoner.baseline(&ids, self.patience)).await?;
        baseline.follow_up = Some(unless(stop, follow_up.baseline(&ids, self.patience)).await?);
        let sending = match self.sending_patience {
            Some(patience) => Some(unless(stop, Sending::begin(installation, &ids, patience)).await?),
            None => None,
        };
        let (figures, sent) = self.traffic(installation, &quizzes, &baseline, stop.clone()).await?;
        unless(stop, self.wait_for_projections(&reckoner)).await?;
        unless(stop, follow_up.wait(&baseline, self.patience)).await?;
        // What fan-out has found since is folded too.
        unless(stop, self.wait_for_projections(&reckoner)).await?;
        let reckoning = unless(stop, reckoner.reckon(&baseline, &sent, ViewPromise::Exact)).await?;
        let answers_agree = show(&figures, &reckoning);
        let of_messages = unless(stop, follow_up.reckon(&baseline)).await?;
        let messages_agree = FollowUp::show(&of_messages);
        let mut agrees = answers_agree && messages_agree;
        if let Some(sending) = &sending {
            unless(stop, sending.wait(&of_messages.expected)).await?;
            agrees &= unless(stop, sending.show(&of_messages.expected)).await?;
        }
        println!("\n{}", if agrees { "Every line agrees." } else { "The lines do not agree." });
        farewell::say(installation, &ids);
        Ok(if agrees { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    async fn wait_for_projections(&self, reckoner: &Reckoner) -> anyhow::Result<()> {
        let mut progress = Progress::start();
        let show = |behind: &Behind| progress.show(&format!("the projections catch up: {behind}"));
        reckoner.wait_until_caught_up(self.patience, show).await?;
        progress.finish("the projections have caught up with the log");
        Ok(())
    }

    async fn publish(&self, installation: &Installation) -> anyhow::Result<Vec<TrafficQuiz>> {
        let api = Quizzes::new(installation);
        let mut published = Vec::new();
        for file in read_quiz_files(&self.quizzes)? {
            let quiz = api.publish(&file).await?;
            println!(
                "published {} (version {}, {} elements): {}",
                quiz.id,
                quiz.version,
                quiz.document.elements.len(),
                quiz.document.title
            );
            published.push(quiz);
        }
        Ok(published)
    }

    async fn traffic(
        &self,
        installation: &Installation,
        quizzes: &[TrafficQuiz],
        baseline: &Baseline,
        stop: CancellationToken,
    ) -> anyhow::Result<(LoadFigures, Sent)> {
        let plan = &self.plan;
        println!(
            "\n{} s of traffic: {} submissions, {:.0} people who leave and {} views a second, seed {}",
            plan.length.as_secs(),
            plan.mix.submissions_per_second,
            plan.mix.leavers_per_second(),
            plan.mix.views_per_second,
            plan.seed
        );
        let scoreboard = match &self.journal {
            Some(path) => Scoreboard::with_journal(Journal::create(path, baseline)?),
            None => Scoreboard::default(),
        };
        let scoreboard = Arc::new(scoreboard);
        let crowd = Crowd::gather(quizzes, &plan.mix, installation.edge, plan.seed);
        let figures = with_progress(
            plan,
            scoreboard.clone(),
            generate(plan, crowd, installation.edge, scoreboard.clone(), stop),
        )
        .await?;
        let sent = scoreboard.sent();
        scoreboard.close_journal()?;
        Ok((figures, sent))
    }
}

/// Shows how a run goes while it runs.
pub async fn with_progress(
    plan: &LoadPlan,
    scoreboard: Arc<Scoreboard>,
    running: impl Future<Output = anyhow::Result<LoadFigures>>,
) -> anyhow::Result<LoadFigures> {
    let mut progress = Progress::start();
    let mut every = tokio::time::interval(Duration::from_millis(500));
    tokio::pin!(running);
    loop {
        tokio::select! {
            figures = &mut running => {
                let figures = figures?;
                progress.finish(&progress::traffic_line(&figures, plan.length));
                return Ok(figures);
            }
            _ = every.tick() => progress.show(&progress::traffic_line(&scoreboard.figures(), plan.length)),
        }
    }
}

/// Prints the table and what does not agree; whether everything agrees.
fn show(figures: &LoadFigures, reckoning: &Reckoning) -> bool {
    println!("\n{}\n", run_table(reckoning, figures));
    for line in traffic_lines(figures) {
        println!("{line}");
    }
    for line in unknown_lines(reckoning).into_iter().chain(disagreement_lines(reckoning)) {
        println!("{line}");
    }
    if figures.surprises > 0 {
        println!("DISAGREES: {} event(s) were answered as they should not have been:", figures.surprises);
        for surprise in &figures.first_surprises {
            println!("    {surprise}");
        }
    }
    // Zeros agree with zeros: a run in which nothing was accepted shows nothing.
    let has_accepted = figures.submissions.accepted > 0 && figures.views.accepted > 0;
    if !has_accepted {
        println!("DISAGREES: no submission or no view was accepted; see .local/log/edge.log");
    }
    reckoning.agrees() && figures.surprises == 0 && has_accepted
}

/// The demo was stopped by its user.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
struct Interrupted;

/// Does something that can be left at any time. (The traffic cannot: it is stopped by its token, and
/// waits for what is on its way.)
async fn unless<T>(
    stop: &CancellationToken,
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    tokio::select! {
        biased;
        () = stop.cancelled() => Err(Interrupted.into()),
        outcome = work => outcome,
    }
}
