use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::acceptance::State;
use super::accepted::{Accepted, AcceptedSummary};
use super::connection;
use super::credentials::Credentials;
use super::faults::Faults;
use super::reports::{ReportSummary, Webhook};

/// What is on its way may take so long once the simulator is to stop.
const LAST_ANSWERS: Duration = Duration::from_secs(2);
/// A port that was just closed may need a moment.
const BIND_TRIES: usize = 50;
const BIND_PAUSE: Duration = Duration::from_millis(100);

pub struct SimulatorSettings {
    pub address: SocketAddr,
    /// A second address over which the simulator is asked and told, also while the first is closed.
    pub control: Option<SocketAddr>,
    /// Nothing is written without one.
    pub journal: Option<PathBuf>,
    pub credentials: Credentials,
    /// Where Meta's reports go; `{account}` and `{provider}` stand for the names in the senders file. None: nowhere.
    pub meta_webhook: Option<String>,
    pub faults: Faults,
    pub seed: u64,
}

/// A simulator that listens.
pub struct Simulator {
    state: Arc<State>,
    listener: TcpListener,
    control: Option<TcpListener>,
    stop: CancellationToken,
}

impl Simulator {
    /// Listens; connections are answered once it runs. It stops when `stop` is cancelled.
    pub async fn bind(settings: SimulatorSettings, stop: CancellationToken) -> anyhow::Result<Self> {
        let mistakes = settings.faults.mistakes();
        anyhow::ensure!(mistakes.is_empty(), "the faults: {}", mistakes.join("; "));
        if let Some(url) = &settings.meta_webhook {
            let example = url.replace("{account}", "conta").replace("{provider}", "meta");
            Webhook::parse(&example).with_context(|| format!("the webhook {url}"))?;
        }
        anyhow::ensure!(
            settings.control.is_some() || !settings.faults.refuse_connections,
            "connections can be refused only with a control address, over which that is taken back"
        );
        let accepted = Accepted::open(settings.journal.as_deref())?;
        let mut state =
            State::new(settings.credentials, accepted, settings.faults, settings.seed, stop.clone());
        state.has_control_address = settings.control.is_some();
        state.meta_webhook = settings.meta_webhook;
        let listener = listen(settings.address).await?;
        let control = match settings.control {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        Ok(Self { state: Arc::new(state), listener, control, stop })
    }

    /// Where it listens, with the port that the system gave for port 0.
    pub fn address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    pub fn control_address(&self) -> anyhow::Result<Option<SocketAddr>> {
        Ok(self.control.as_ref().map(TcpListener::local_addr).transpose()?)
    }

    /// Runs until it is stopped, or until its journal cannot be written. Returns what was accepted and reported.
    pub async fn run(self) -> anyhow::Result<(AcceptedSummary, ReportSummary)> {
        let address = self.address()?;
        let tasks = TaskTracker::new();
        if let Some(control) = self.control {
            let (state, stop, in_control) = (self.state.clone(), self.stop.clone(), tasks.clone());
            tasks.spawn(async move {
                let never = CancellationToken::new();
                while let Some(stream) = next(&control, &stop).await {
                    let (state, stop) = (state.clone(), stop.clone());
                    in_control.spawn(connection::serve(state, stream, stop, never.clone()));
                }
            });
        }
        let mut faults = self.state.faults.subscribe();
        let mut listener = Some(self.listener);
        while !self.stop.is_cancelled() {
            let Some(open) = listener.take() else {
                tokio::select! {
                    () = self.stop.cancelled() => {}
                    _ = faults.wait_for(|faults| !faults.refuse_connections) => {}
                }
                if !self.stop.is_cancelled() {
                    listener = Some(listen(address).await?);
                }
                continue;
            };
            let cut = CancellationToken::new();
            tokio::select! {
                () = accept_all(&self.state, &open, &tasks, &self.stop, &cut) => {}
                _ = faults.wait_for(|faults| faults.refuse_connections) => cut.cancel(),
            }
            // Closed here; what it had not accepted yet is reset.
            drop(open);
        }
        tasks.close();
        // What is not answered by now is cut, as by any provider that goes down.
        let _ = tokio::time::timeout(LAST_ANSWERS, tasks.wait()).await;
        if let Some(why) = self.state.broken() {
            anyhow::bail!(why);
        }
        Ok((self.state.accepted.summary(), self.state.reports.summary()))
    }
}

/// Until `stop`.
async fn accept_all(
    state: &Arc<State>,
    listener: &TcpListener,
    tasks: &TaskTracker,
    stop: &CancellationToken,
    cut: &CancellationToken,
) {
    while let Some(stream) = next(listener, stop).await {
        tasks.spawn(connection::serve(state.clone(), stream, stop.clone(), cut.clone()));
    }
}

/// The next connection; none once `stop` is cancelled.
async fn next(listener: &TcpListener, stop: &CancellationToken) -> Option<TcpStream> {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return None,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => return Some(stream),
            // Its client has gone already, or there are too many files open: both pass.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let mut tries = 1;
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return Ok(listener),
            Err(error) if tries == BIND_TRIES => {
                return Err(error).with_context(|| format!("{address} cannot be bound"));
            }
            Err(_) => {
                tries += 1;
                tokio::time::sleep(BIND_PAUSE).await;
            }
        }
    }
}
