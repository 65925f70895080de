//! `vendzz stats QUIZ`: what both projections hold of a quiz.

mod show;
mod stores;

use serde::Serialize;
use vendzz_projections::analytics::read::{Funnel, QuizSummary};
use vendzz_runtime::config::Env;
use vendzz_schemas::ids::check_name;

use crate::exit::{Answer, Usage};
use crate::lag::WATCH_EVERY;
use crate::output;
use stores::{StoreSettings, Stores};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[arg(help = "Id of the quiz")]
    quiz: String,
    #[arg(long, help = "Again every 2 s")]
    watch: bool,
    #[arg(long, help = "Print JSON")]
    json: bool,
}

/// One quiz in both stores.
#[derive(Debug, Serialize)]
struct QuizStats {
    quiz: String,
    /// From the CQL store.
    #[serde(flatten)]
    counted: QuizSummary,
    /// Rows in PostgreSQL; `submissions + bots` once both projections are at the log's end.
    responses: u64,
    /// From the CQL store, in the order of the elements in PostgreSQL.
    funnel: Funnel,
}

pub(crate) async fn run(options: Options) -> anyhow::Result<Answer> {
    if let Err(error) = check_name(&options.quiz) {
        return Err(Usage(format!("a quiz id {error}")).into());
    }
    let env = Env::process();
    let settings = StoreSettings::read(&env);
    env.finish().map_err(|mistakes| Usage(mistakes.to_string()))?;
    let stores = Stores::connect(settings).await?;
    loop {
        let stats = stores.read(&options.quiz).await?;
        if options.watch {
            output::clear();
        }
        match (options.json, options.watch) {
            (true, true) => output::json_line(&stats)?,
            (true, false) => output::json(&stats)?,
            (false, _) => show::for_people(&stats)?,
        }
        if !options.watch {
            return Ok(Answer::Yes);
        }
        tokio::time::sleep(WATCH_EVERY).await;
    }
}
