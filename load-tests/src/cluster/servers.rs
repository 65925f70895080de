use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::Context;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::Command;

use crate::installation::local_folder;
use crate::processes::pid_in;

/// A server of the local stack, shared by everything that runs on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    Kafka,
    Cassandra,
    Postgres,
    PostgresReplica,
    Registry,
}

impl Server {
    pub fn name(self) -> &'static str {
        match self {
            Self::Kafka => "kafka",
            Self::Cassandra => "cassandra",
            Self::Postgres => "postgres",
            Self::PostgresReplica => "postgres-replica",
            Self::Registry => "registry",
        }
    }
}

/// Disturbs the shared servers. Whoever holds it may count on being the only one of this process who
/// does; what was killed or frozen is brought back when it is dropped, also by a panic.
pub struct Servers {
    script: PathBuf,
    down: Vec<Server>,
    frozen: Vec<Server>,
    _only_one: tokio::sync::MutexGuard<'static, ()>,
}

static ONLY_ONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

impl Servers {
    pub async fn hold() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/local/stack");
        Self { script, down: Vec::new(), frozen: Vec::new(), _only_one: ONLY_ONE.lock().await }
    }

    /// Kill -9 of a server and all its processes.
    pub async fn kill(&mut self, server: Server) -> anyhow::Result<()> {
        self.stack("kill", server).await?;
        self.down.push(server);
        Ok(())
    }

    /// Starts a server and waits until it answers.
    pub async fn start(&mut self, server: Server) -> anyhow::Result<()> {
        self.stack("up", server).await?;
        self.down.retain(|down| *down != server);
        Ok(())
    }

    /// SIGSTOP: its connections stay open and nothing is answered.
    pub fn freeze(&mut self, server: Server) -> anyhow::Result<()> {
        signal(server, Signal::SIGSTOP)?;
        self.frozen.push(server);
        Ok(())
    }

    /// SIGCONT.
    pub fn thaw(&mut self, server: Server) -> anyhow::Result<()> {
        signal(server, Signal::SIGCONT)?;
        self.frozen.retain(|frozen| *frozen != server);
        Ok(())
    }

    async fn stack(&self, action: &str, server: Server) -> anyhow::Result<()> {
        let output =
            Command::new(&self.script).args([action, server.name()]).stdin(Stdio::null()).output().await;
        let output = output.with_context(|| format!("{}", self.script.display()))?;
        anyhow::ensure!(
            output.status.success(),
            "`infra/local/stack {action} {}` ended with {}: {}{}",
            server.name(),
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }
}

fn signal(server: Server, signal: Signal) -> anyhow::Result<()> {
    let name = server.name();
    // Tests run in the folder of their crate.
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let pid = pid_in(&checkout.join(local_folder()), name).with_context(|| format!("{name} does not run"))?;
    kill(Pid::from_raw(i32::try_from(pid)?), signal).with_context(|| format!("{signal} to {name}"))
}

impl Drop for Servers {
    fn drop(&mut self) {
        for server in &self.frozen {
            if let Err(error) = signal(*server, Signal::SIGCONT) {
                eprintln!("{} could not be thawed: {error:#}", server.name());
            }
        }
        for server in &self.down {
            let started = std::process::Command::new(&self.script).args(["up", server.name()]).status();
            if !started.is_ok_and(|status| status.success()) {
                eprintln!("{} could not be started again: infra/local/stack up {0}", server.name());
            }
        }
    }
}
