use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::Instance;

const POLL: Duration = Duration::from_millis(50);
/// So much of a log's end is shown when something goes wrong.
const LAST_WORDS_BYTES: u64 = 4_000;

/// A running service. Killed when it is dropped.
pub struct ServiceProcess {
    instance: Instance,
    child: Child,
    private: SocketAddr,
    log: PathBuf,
}

impl ServiceProcess {
    pub(super) fn spawn(
        instance: Instance,
        program: &Path,
        env: Vec<(String, String)>,
        private: SocketAddr,
        log: &Path,
    ) -> anyhow::Result<Self> {
        let output = OpenOptions::new().create(true).append(true).open(log)?;
        let mut command = clean_command(program, env).into_std();
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let child = command.spawn().with_context(|| {
            format!(
                "{} cannot be started: `cargo build --release --workspace --bins` makes it",
                program.display()
            )
        })?;
        Ok(Self { instance, child, private, log: log.to_owned() })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    pub fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let pid = Pid::from_raw(i32::try_from(self.pid()).context("a pid that is no pid")?);
        kill(pid, signal).with_context(|| format!("{signal} to {}", self.instance))
    }

    /// SIGKILL, also of a frozen process, and waits for its end.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill().with_context(|| format!("killing {}", self.instance))?;
        self.child.wait()?;
        Ok(())
    }

    pub(super) async fn wait_for_exit(&mut self, patience: Duration) -> anyhow::Result<ExitStatus> {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            anyhow::ensure!(
                begin.elapsed() < patience,
                "{} still runs after {} s; its log ends:\n{}",
                self.instance,
                patience.as_secs(),
                self.last_words()
            );
            tokio::time::sleep(POLL).await;
        }
    }

    pub(super) async fn wait_until_ready(&mut self, patience: Duration) -> anyhow::Result<()> {
        let url = format!("http://{}/readyz", self.private);
        let begin = Instant::now();
        let mut answered = "nothing".to_owned();
        while begin.elapsed() < patience {
            if let Some(status) = self.child.try_wait()? {
                anyhow::bail!(
                    "{} ended with {status} before it was ready:\n{}",
                    self.instance,
                    self.last_words()
                );
            }
            match reqwest::Client::new().get(&url).send().await {
                Ok(response) if response.status().is_success() => return Ok(()),
                Ok(response) => answered = response.text().await.unwrap_or_default(),
                Err(error) => answered = error.to_string(),
            }
            tokio::time::sleep(POLL).await;
        }
        anyhow::bail!(
            "{} is not ready after {} s; /readyz answers: {answered}\nits log ends:\n{}",
            self.instance,
            patience.as_secs(),
            self.last_words()
        )
    }

    fn last_words(&self) -> String {
        let read = || -> std::io::Result<String> {
            let mut file = File::open(&self.log)?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(LAST_WORDS_BYTES)))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        read().unwrap_or_else(|error| format!("(no log: {error})"))
    }
}

impl Drop for ServiceProcess {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command that knows nothing of the settings around it but those given.
pub(super) fn clean_command(program: &Path, env: Vec<(String, String)>) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(program);
    for (name, _) in std::env::vars_os() {
        if is_ours(&name) {
            command.env_remove(name);
        }
    }
    command.envs(env).kill_on_drop(true);
    command
}

fn is_ours(name: &OsStr) -> bool {
    name.to_string_lossy().starts_with("VENDZZ_")
}
