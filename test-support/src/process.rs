use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// Long, since the machine may be busy; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(90);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// A running service; killed when it is dropped.
pub struct Process {
    program: PathBuf,
    child: Child,
    /// Where its private port listens.
    private: String,
    log: Arc<Mutex<Vec<String>>>,
    client: reqwest::Client,
}

impl Process {
    /// Starts a program with nothing set but `env`, and waits until its private port listens.
    pub fn spawn<K, V>(program: impl AsRef<Path>, env: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        let program = program.as_ref().to_owned();
        assert!(program.exists(), "not built: run `cargo build --release --workspace --bins`");
        let mut command = Command::new(&program);
        let mut child = command.env_clear().envs(env).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let log = Arc::new(Mutex::new(Vec::new()));
        let into = log.clone();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                into.lock().unwrap().push(line);
            }
        });
        let client = reqwest::Client::new();
        let mut process = Self { program, child, private: String::new(), log, client };
        process.private = process.logged("starting", "private");
        process
    }

    /// Runs a program with nothing set but `env` to its end, and expects this exit status.
    pub fn exits_with(
        status: i32,
        program: impl AsRef<Path>,
        arguments: &[&str],
        env: &[(&str, &str)],
    ) -> Output {
        let mut command = Command::new(program.as_ref());
        let output = command.env_clear().envs(env.iter().copied()).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{}", String::from_utf8_lossy(&output.stderr));
        output
    }

    /// A member of the first log line whose `message`, or `what`, is this; waits for it.
    pub fn logged(&self, what: &str, member: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = self.log.lock().unwrap().iter().find_map(|line| {
                let event: Value = serde_json::from_str(line).ok()?;
                let is_it = event["message"] == what || event["what"] == what;
                is_it.then(|| event[member].as_str().map(str::to_owned))?
            });
            if let Some(found) = found {
                return found;
            }
            assert!(Instant::now() < deadline, "no {what}: {}", self.log());
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// Waits for a log line that holds this text: the log is read a moment after it is written.
    pub async fn wait_for_log(&self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.log().contains(text) {
            assert!(Instant::now() < deadline, "not in the log: {text}\n{}", self.log());
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    pub fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    pub async fn wait_until_ready(&self) {
        self.wait_for("readiness", |readiness| {
            readiness["status"] == "ready" || readiness["status"] == "degraded"
        })
        .await;
    }

    /// Waits until the body of `/readyz` is so, and returns it.
    pub async fn wait_for(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (_, readiness) = self.readiness().await;
            if is_so(&readiness) {
                return readiness;
            }
            assert!(Instant::now() < deadline, "waited for {what}: {readiness}\n{}", self.log());
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Status and body of `/readyz`; 0 when it does not answer.
    pub async fn readiness(&self) -> (u16, Value) {
        let (status, text) = self.get("readyz").await.unwrap_or_default();
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    pub async fn metrics(&self) -> String {
        self.get("metrics").await.unwrap_or_default().1
    }

    /// The value of a metric with these labels; 0 when it is not there.
    pub async fn metric(&self, name_and_labels: &str) -> f64 {
        let text = self.metrics().await;
        let line = text.lines().find_map(|line| line.strip_prefix(name_and_labels)?.strip_prefix(' '));
        line.map_or(0.0, |value| value.parse().unwrap())
    }

    /// Waits until a metric has at least this value.
    pub async fn wait_for_metric(&self, name_and_labels: &str, at_least: f64) {
        let deadline = Instant::now() + PATIENCE;
        while self.metric(name_and_labels).await < at_least {
            assert!(Instant::now() < deadline, "{name_and_labels} stays below {at_least}\n{}", self.log());
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn get(&self, path: &str) -> Option<(u16, String)> {
        let response = self.client.get(format!("http://{}/{path}", self.private)).send().await.ok()?;
        Some((response.status().as_u16(), response.text().await.ok()?))
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid().cast_signed()), signal).unwrap();
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        self.exit_status(PATIENCE).await
    }

    pub async fn exit_status(&mut self, within: Duration) -> ExitStatus {
        let deadline = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "still running: {}", self.log());
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("log of {}:\n{}", self.program.display(), self.log());
        }
    }
}
