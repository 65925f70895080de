use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

use super::kafka_address;

const START: Duration = Duration::from_secs(30);
const PHONE: &str =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1";

pub(crate) fn edge_binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_vendzz-edge"))
}

/// Runs the binary to its end, and expects this exit status.
pub(crate) fn exits_with(status: i32, arguments: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(edge_binary());
    let output = command.env_clear().envs(env.iter().copied()).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(status), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// A running `vendzz-edge`; killed when it is dropped.
pub(crate) struct Edge {
    child: Child,
    pub address: String,
    private: String,
    log: Arc<Mutex<Vec<String>>>,
    client: Client,
}

impl Edge {
    /// Starts one and waits until it listens. Limits are far away unless `env` brings them near.
    pub(crate) fn spawn(prefix: &str, env: &[(&str, &str)]) -> Self {
        let kafka = kafka_address();
        let usual = [
            ("VENDZZ_KAFKA_BOOTSTRAP", kafka.as_str()),
            ("VENDZZ_KAFKA_PREFIX", prefix),
            ("VENDZZ_EDGE_ADDR", "127.0.0.1:0"),
            ("VENDZZ_PRIVATE_ADDR", "127.0.0.1:0"),
            // More than the default of a small machine.
            ("VENDZZ_EDGE_WORKERS", "3"),
            ("VENDZZ_LIMIT_SUBMISSIONS_PER_MINUTE", "1000000"),
            ("VENDZZ_LIMIT_SUBMISSIONS_BURST", "1000000"),
            ("VENDZZ_LIMIT_VIEWS_PER_MINUTE", "1000000"),
            ("VENDZZ_LIMIT_VIEWS_BURST", "1000000"),
            ("VENDZZ_LIMIT_PROGRESS_PER_MINUTE", "1000000"),
            ("VENDZZ_LIMIT_PROGRESS_BURST", "1000000"),
        ];
        let mut command = Command::new(edge_binary());
        command.env_clear().envs(usual).envs(env.iter().copied()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let log = Arc::new(Mutex::new(Vec::new()));
        let (found, addresses) = mpsc::channel();
        let into = log.clone();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let event: Value = serde_json::from_str(&line).unwrap_or_default();
                for (message, field) in [("starting", "private"), ("listening", "address")] {
                    if event["message"] == message {
                        let _ = found.send(event[field].as_str().unwrap_or_default().to_owned());
                    }
                }
                into.lock().unwrap().push(line);
            }
        });
        let next = || {
            addresses.recv_timeout(START).unwrap_or_else(|_| panic!("no address: {:?}", log.lock().unwrap()))
        };
        let (private, address) = (next(), next());
        Self { child, address, private, log, client: Client::new() }
    }

    pub(crate) async fn wait_until_ready(&self) {
        let deadline = Instant::now() + START;
        while self.readiness().await.0 != 200 {
            assert!(Instant::now() < deadline, "not ready: {:?}\n{}", self.readiness().await, self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until the edge serves this version of a quiz.
    pub(crate) async fn wait_for_version(&self, quiz_id: &str, version: i64) {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let answer = self.get(&format!("/quiz/{quiz_id}"), &[]).await;
            if answer.body["version"] == version {
                return;
            }
            assert!(Instant::now() < deadline, "version {version} of {quiz_id} is not served: {answer:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.address)).header("user-agent", PHONE)
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        Answer::of(with_headers(self.request(Method::GET, path), headers).send().await.unwrap()).await
    }

    /// Submits a body as it is.
    pub(crate) async fn submit(&self, quiz_id: &str, body: &Value, headers: &[(&str, &str)]) -> Answer {
        let request = self.request(Method::POST, &format!("/api/quiz/{quiz_id}/submit")).json(body);
        Answer::of(with_headers(request, headers).send().await.unwrap()).await
    }

    /// Submits answers under an id, without anything else.
    pub(crate) async fn submit_answers(&self, quiz_id: &str, response_id: &str, answers: &Value) -> Answer {
        self.submit(quiz_id, &json!({ "responseId": response_id, "answers": answers }), &[]).await
    }

    pub(crate) async fn view(&self, quiz_id: &str, content_type: &str, body: &str) -> Answer {
        let request = self.request(Method::POST, &format!("/api/quiz/{quiz_id}/view"));
        let request = request.header("content-type", content_type).body(body.to_owned());
        Answer::of(request.send().await.unwrap()).await
    }

    /// Sends a progress beacon as it is.
    pub(crate) async fn progress(&self, quiz_id: &str, body: &Value, headers: &[(&str, &str)]) -> Answer {
        let request = self.request(Method::POST, &format!("/api/quiz/{quiz_id}/progress")).json(body);
        Answer::of(with_headers(request, headers).send().await.unwrap()).await
    }

    /// Status and body of `/readyz`.
    pub(crate) async fn readiness(&self) -> (u16, Value) {
        let response = self.client.get(format!("http://{}/readyz", self.private)).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// The value of a metric with these labels; 0 when it is not there.
    pub(crate) async fn metric(&self, name_and_labels: &str) -> f64 {
        let response = self.client.get(format!("http://{}/metrics", self.private)).send().await.unwrap();
        let text = response.text().await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name_and_labels)?.strip_prefix(' '));
        line.map_or(0.0, |value| value.parse().unwrap())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Memory in use, KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid().cast_signed()), signal).unwrap();
    }

    /// Waits for its end; `None` when a signal ended it.
    pub(crate) async fn exit_status(&mut self, within: Duration) -> Option<i32> {
        let deadline = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < deadline, "still running: {}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Whether the process that was started still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("log of the edge:\n{}", self.log());
        }
    }
}

fn with_headers(mut request: RequestBuilder, headers: &[(&str, &str)]) -> RequestBuilder {
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub bytes: Vec<u8>,
    /// Null when it is not JSON.
    pub body: Value,
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.unwrap().to_vec();
        Self { status, headers, body: serde_json::from_slice(&bytes).unwrap_or_default(), bytes }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Of a problem document.
    pub(crate) fn code(&self) -> &str {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        assert_eq!(self.body["status"], self.status, "{self:?}");
        let code = self.body["type"].as_str().and_then(|text| text.strip_prefix("urn:vendzz:problem:"));
        code.unwrap_or_else(|| panic!("no problem document: {self:?}"))
    }

    /// Pointer and code of each field that is wrong.
    pub(crate) fn errors(&self) -> Vec<(&str, &str)> {
        let errors = self.body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        errors
            .iter()
            .map(|error| (error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap()))
            .collect()
    }
}
