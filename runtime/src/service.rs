//! The life of a service, top to bottom: configuration, logs, private port, run, drain.

use std::future::Future;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::config::{Env, Profile};
use crate::health::Health;
use crate::telemetry::{PrivateServer, start_logs};

/// sysexits.h: EX_USAGE, EX_UNAVAILABLE.
pub const EXIT_USAGE: u8 = 64;
pub const EXIT_UNAVAILABLE: u8 = 69;

/// What the run of a service is handed.
#[derive(Clone)]
pub struct Service {
    pub health: Health,
    /// Cancelled by the first SIGTERM or SIGINT; the second ends the process at once.
    pub drain: CancellationToken,
}

/// A service's work until its drain. Boxed, so that its own crate compiles it, and not each program that runs it again.
pub type Work = BoxFuture<'static, anyhow::Result<()>>;

/// Who the service is, for `--help` and for the logs.
pub struct Identity {
    pub name: &'static str,
    pub about: &'static str,
    /// Port of metrics and health, unless `VENDZZ_PRIVATE_ADDR` says otherwise.
    pub private_port: u16,
    /// A drain that takes longer is cut, and said so (DESIGN: 15 s, less than the orchestrator's kill).
    pub drain_deadline: Duration,
}

/// Runs a service to its end: reads the configuration (`--print-config` shows it, `--help` lists
/// it), serves the private port, runs, and on SIGTERM or SIGINT gives `run` until the deadline.
pub fn run<C, F, R>(identity: Identity, read_config: F, run: impl FnOnce(C, Service) -> R) -> ExitCode
where
    F: Fn(&Env) -> C,
    R: Future<Output = anyhow::Result<()>>,
{
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] | ["--print-config"] => {}
        ["--help" | "-h"] => return help(&identity, &read_config),
        ["--version" | "-V"] => {
            println!("{} {}", identity.name, env!("CARGO_PKG_VERSION"));
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!(
                "{}: takes --help, --version or --print-config; everything else is set by environment",
                identity.name
            );
            return ExitCode::from(EXIT_USAGE);
        }
    }
    let env = Env::process();
    let config = read_config(&env);
    let private_addr = private_addr(&env, identity.private_port);
    let profile = Profile::read(&env);
    let settings = match env.finish() {
        Ok(settings) => settings,
        Err(mistakes) => {
            eprint!("{}: {mistakes}", identity.name);
            return ExitCode::from(EXIT_USAGE);
        }
    };
    if !arguments.is_empty() {
        print!("{settings}");
        return ExitCode::SUCCESS;
    }
    start_logs();
    if !settings.unknown.is_empty() {
        tracing::warn!(names = ?settings.unknown, "variables that this service does not know");
    }
    tracing::info!(service = identity.name, %profile, version = env!("CARGO_PKG_VERSION"), "configured");
    let service = Service { health: Health::default(), drain: CancellationToken::new() };
    match start(&identity, private_addr, config, service, run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "the service failed");
            ExitCode::FAILURE
        }
    }
}

fn start<C, R>(
    identity: &Identity,
    private_addr: SocketAddr,
    config: C,
    service: Service,
    run: impl FnOnce(C, Service) -> R,
) -> anyhow::Result<()>
where
    R: Future<Output = anyhow::Result<()>>,
{
    let private = PrivateServer::start(private_addr, service.health.clone())?;
    tracing::info!(service = identity.name, private = %private.address, "starting");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(async {
        watch_signals(service.clone())?;
        let running = run(config, service.clone());
        tokio::pin!(running);
        tokio::select! {
            result = &mut running => result,
            () = past_deadline(&service.drain, identity.drain_deadline) => {
                tracing::error!(deadline_seconds = identity.drain_deadline.as_secs(), "the drain took too long and was cut");
                anyhow::bail!("the drain took longer than {} s", identity.drain_deadline.as_secs())
            }
        }
    });
    runtime.shutdown_timeout(Duration::from_millis(500));
    tracing::info!(service = identity.name, "stopped");
    result
}

async fn past_deadline(drain: &CancellationToken, deadline: Duration) {
    drain.cancelled().await;
    tokio::time::sleep(deadline).await;
}

fn watch_signals(service: Service) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        let mut draining = false;
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if draining {
                tracing::warn!("second signal: ending at once");
                std::process::exit(130);
            }
            draining = true;
            tracing::info!("draining");
            service.health.drain();
            service.drain.cancel();
        }
    });
    Ok(())
}

fn private_addr(env: &Env, port: u16) -> SocketAddr {
    env.value(
        "VENDZZ_PRIVATE_ADDR",
        SocketAddr::from(([127, 0, 0, 1], port)),
        "where metrics and health are served",
    )
}

fn help<C>(identity: &Identity, read_config: &impl Fn(&Env) -> C) -> ExitCode {
    let env = Env::of([]);
    read_config(&env);
    private_addr(&env, identity.private_port);
    Profile::read(&env);
    println!(
        "{}: {}\n\nUsage: {} [--help | --version | --print-config]\n\nEnvironment, with defaults:",
        identity.name, identity.about, identity.name
    );
    print!("{}", env.listing());
    ExitCode::SUCCESS
}
