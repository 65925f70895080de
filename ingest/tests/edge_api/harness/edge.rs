use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use vendzz_test_support::{Answer, Process, kafka_address, with_headers};

const PHONE: &str =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1";

pub(crate) fn edge_binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_vendzz-edge"))
}

/// Runs the binary to its end, and expects this exit status.
pub(crate) fn exits_with(status: i32, arguments: &[&str], env: &[(&str, &str)]) -> Output {
    Process::exits_with(status, edge_binary(), arguments, env)
}

/// A running `vendzz-edge`.
pub(crate) struct Edge {
    process: Process,
    pub address: String,
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
        let process = Process::spawn(edge_binary(), usual.iter().chain(env).copied());
        let address = process.logged("listening", "address");
        Self { process, address, client: Client::new() }
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

    /// Memory in use, KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Deref for Edge {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}

impl DerefMut for Edge {
    fn deref_mut(&mut self) -> &mut Process {
        &mut self.process
    }
}
