//! `vendzz-fanout` as a process.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::harness::{kafka_address, registry_address};
use super::log::Log;

const START: Duration = Duration::from_secs(60);

/// Small: a campaign is in force this long after its append.
pub(crate) const NOTICE_MS: i64 = 3_000;

/// A running fan-out; killed when it is dropped.
pub(crate) struct Fanout {
    child: Child,
    private: String,
    log: Arc<Mutex<Vec<String>>>,
}

impl Fanout {
    pub(crate) fn spawn(log: &Log, env: &[(&str, &str)]) -> Self {
        let (kafka, registry) = (kafka_address(), registry_address());
        let usual = [
            ("VENDZZ_KAFKA_BOOTSTRAP", kafka.as_str()),
            ("VENDZZ_REGISTRY_URL", registry.as_str()),
            ("VENDZZ_KAFKA_PREFIX", log.kafka.namespace.prefix()),
            ("VENDZZ_PRIVATE_ADDR", "127.0.0.1:0"),
            ("VENDZZ_LEAD_KEY", "a secret for tests, of 32 bytes or more"),
            ("VENDZZ_FANOUT_EMIT_FROM", "all"),
            ("VENDZZ_CAMPAIGN_NOTICE", "3s"),
            ("VENDZZ_CLOCK_DIFFERENCE", "500ms"),
            ("VENDZZ_FANOUT_IN_STEP", "2s"),
            ("VENDZZ_BATCH_LINGER", "20ms"),
            ("VENDZZ_SESSION_TIMEOUT", "6s"),
        ];
        let mut command = Command::new(env!("CARGO_BIN_EXE_vendzz-fanout"));
        command.env_clear().envs(usual).envs(env.iter().copied()).stderr(Stdio::piped());
        // A fault planted in a build with `planted-faults`, by which somebody sees these tests fail.
        if let Ok(planted) = std::env::var("VENDZZ_PLANT") {
            command.env("VENDZZ_PLANT", planted);
        }
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (found, address) = mpsc::channel();
        let into = lines.clone();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let event: Value = serde_json::from_str(&line).unwrap_or_default();
                if event["message"] == "starting" {
                    let _ = found.send(event["private"].as_str().unwrap_or_default().to_owned());
                }
                into.lock().unwrap().push(line);
            }
        });
        let private =
            address.recv_timeout(START).unwrap_or_else(|_| panic!("no address: {:?}", lines.lock().unwrap()));
        Self { child, private, log: lines }
    }

    /// One that is ready.
    pub(crate) async fn start(log: &Log, env: &[(&str, &str)]) -> Self {
        let mut fanout = Self::spawn(log, env);
        fanout.wait_for("readiness", |readiness| readiness["status"] == "ready").await;
        fanout
    }

    /// Waits until `/readyz` says so.
    pub(crate) async fn wait_for(&mut self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + START;
        loop {
            let readiness = self.readiness().await;
            if is_so(&readiness) {
                return readiness;
            }
            assert!(Instant::now() < deadline, "waited for {what}: {readiness}\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) async fn readiness(&self) -> Value {
        serde_json::from_str(&self.get("/readyz").await).unwrap_or_default()
    }

    /// The value of a metric with these labels; 0 when it is not there.
    pub(crate) async fn metric(&self, name_and_labels: &str) -> f64 {
        let text = self.get("/metrics").await;
        let line = text.lines().find_map(|line| line.strip_prefix(name_and_labels)?.strip_prefix(' '));
        line.map_or(0.0, |value| value.trim().parse().unwrap())
    }

    /// Waits until a metric has at least this value.
    pub(crate) async fn wait_for_metric(&self, name_and_labels: &str, at_least: f64) {
        let deadline = Instant::now() + START;
        while self.metric(name_and_labels).await < at_least {
            assert!(Instant::now() < deadline, "{name_and_labels} stays below {at_least}\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The body of an answer of the private port; empty when it does not answer.
    async fn get(&self, path: &str) -> String {
        let ask = async {
            let mut stream = tokio::net::TcpStream::connect(&self.private).await?;
            let request =
                format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.private);
            stream.write_all(request.as_bytes()).await?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await?;
            std::io::Result::Ok(answer)
        };
        let answer = ask.await.unwrap_or_default();
        answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and waits for its end.
    pub(crate) async fn stop(mut self) {
        let status = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(status.success());
        let ended = self.ended().await;
        assert!(ended.success(), "{ended:?}\n{}", self.log());
    }

    /// Waits for its own end.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + START;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "still running\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }
}

impl Drop for Fanout {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("log of fan-out:\n{}", self.log());
        }
    }
}
