use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, mpsc};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::{PATIENCE, eventually};

pub(crate) fn abandonment_binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_vendzz-abandonment"))
}

/// A running service; killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    program: PathBuf,
    private: String,
    log: Arc<Mutex<Vec<String>>>,
}

impl Process {
    /// Starts one and waits until its private port listens.
    pub(crate) fn spawn(program: &Path, env: &[(String, String)]) -> Self {
        assert!(program.exists(), "not built: run `cargo build --workspace --bins` in the same profile");
        let mut command = Command::new(program);
        command.env_clear().envs(env.iter().cloned()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let log = Arc::new(Mutex::new(Vec::new()));
        let into = log.clone();
        let (found, addresses) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let event: Value = serde_json::from_str(&line).unwrap_or_default();
                if event["message"] == "starting" {
                    let _ = found.send(event["private"].as_str().unwrap_or_default().to_owned());
                }
                into.lock().unwrap().push(line);
            }
        });
        let private = addresses.recv_timeout(PATIENCE);
        let private = private.unwrap_or_else(|_| panic!("no address: {:?}", log.lock().unwrap()));
        Self { child, program: program.to_owned(), private, log }
    }

    pub(crate) async fn wait_until_ready(&self) {
        eventually(&format!("{} is ready", self.program.display()), async || {
            (self.get("readyz").await?.0 == 200).then_some(())
        })
        .await;
    }

    pub(crate) async fn wait_until_unready(&self) {
        eventually("not ready any more", async || (self.get("readyz").await?.0 == 503).then_some(())).await;
    }

    async fn get(&self, path: &str) -> Option<(u16, String)> {
        let response = reqwest::get(format!("http://{}/{path}", self.private)).await.ok()?;
        Some((response.status().as_u16(), response.text().await.ok()?))
    }

    /// The value of a metric with these labels; 0 when it is not there.
    pub(crate) async fn metric(&self, name_and_labels: &str) -> f64 {
        let (_, text) = self.get("metrics").await.unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(name_and_labels)?.strip_prefix(' '));
        line.map_or(0.0, |value| value.parse().unwrap())
    }

    /// Waits until so many sweeps have begun and ended from now on.
    pub(crate) async fn sweeps(&self, count: u32) {
        const SWEEPS: &str = "vendzz_abandonment_sweep_seconds_count";
        // The one that is under way now does not count.
        let until = self.metric(SWEEPS).await + 1.0 + f64::from(count);
        eventually("sweeps", async || (self.metric(SWEEPS).await >= until).then_some(())).await;
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end.
    pub(crate) async fn exit_status(&mut self) -> ExitStatus {
        eventually("the process ends", async || self.child.try_wait().unwrap()).await
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("log of {}:\n{}", self.program.display(), self.log());
        }
    }
}
