//! `vendzz-load`: the demo, the generator alone, the reckoning alone, and what the system takes and costs.

mod commands;

use std::process::ExitCode;

use clap::Parser;
use tokio_util::sync::CancellationToken;

#[derive(Debug, Parser)]
#[command(
    name = "vendzz-load",
    version,
    about = "Traffic for Vendzz Stream, and the reckoning of what became of it"
)]
struct Arguments {
    #[command(subcommand)]
    command: commands::Command,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let stop = CancellationToken::new();
    stop_on_ctrl_c(stop.clone());
    match commands::run(arguments.command, stop).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("vendzz-load: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The first Ctrl-C stops in order, the second at once.
fn stop_on_ctrl_c(stop: CancellationToken) {
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if stop.is_cancelled() {
                std::process::exit(130);
            }
            eprintln!("\nstopping; what is on its way is waited for (Ctrl-C again ends at once)");
            stop.cancel();
        }
    });
}
