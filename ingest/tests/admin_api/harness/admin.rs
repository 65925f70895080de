use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;

use super::namespace::{address, admin_binary, prefix};

pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const START: Duration = Duration::from_secs(30);

/// The binary with nothing set but what the test says.
fn command(env: &[(&str, &str)]) -> Command {
    let mut command = Command::new(admin_binary());
    command.env_clear().envs(env.iter().copied());
    command
}

/// Runs the binary to its end, and expects this exit status.
pub(crate) fn exits_with(status: i32, arguments: &[&str], env: &[(&str, &str)]) -> Output {
    let output = command(env).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(status), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// A running `vendzz-admin`; killed when it is dropped.
pub(crate) struct Admin {
    child: Child,
    pub(crate) address: String,
    private: String,
    log: Arc<Mutex<Vec<String>>>,
    client: Client,
}

impl Admin {
    /// Starts one in this run's namespace and waits until it is ready.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub(crate) async fn start_with(env: &[(&str, &str)]) -> Self {
        let admin = Self::spawn(env);
        let deadline = Instant::now() + START;
        while admin.readiness().await.0 != 200 {
            assert!(Instant::now() < deadline, "not ready: {:?}\n{}", admin.readiness().await, admin.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        admin
    }

    /// Starts one and waits until it listens.
    pub(crate) fn spawn(env: &[(&str, &str)]) -> Self {
        let postgres = address("VENDZZ_POSTGRES_URL");
        let kafka = address("VENDZZ_KAFKA_BOOTSTRAP");
        let usual = [
            ("VENDZZ_KAFKA_BOOTSTRAP", kafka.as_str()),
            ("VENDZZ_KAFKA_PREFIX", prefix()),
            ("VENDZZ_POSTGRES_URL", &postgres),
            ("VENDZZ_ADMIN_TOKEN", TOKEN),
            ("VENDZZ_ADMIN_ADDR", "127.0.0.1:0"),
            ("VENDZZ_PRIVATE_ADDR", "127.0.0.1:0"),
        ];
        let mut child = command(&usual).envs(env.iter().copied()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let log = Arc::new(Mutex::new(Vec::new()));
        let (found, addresses) = mpsc::channel();
        let into = log.clone();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let event: Value = serde_json::from_str(&line).unwrap_or_default();
                for (message, field) in [("starting", "private"), ("listens", "address")] {
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

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.address))
    }

    pub(crate) fn put_request(
        &self,
        quiz_id: &str,
        document: &Value,
        headers: &[(&str, &str)],
    ) -> RequestBuilder {
        self.put_request_at(&format!("/api/quizzes/{quiz_id}"), document, headers)
    }

    fn put_request_at(&self, path: &str, document: &Value, headers: &[(&str, &str)]) -> RequestBuilder {
        with_headers(self.request(Method::PUT, path).bearer_auth(TOKEN).json(document), headers)
    }

    pub(crate) fn put_campaign_request(
        &self,
        campaign_id: &str,
        document: &Value,
        headers: &[(&str, &str)],
    ) -> RequestBuilder {
        self.put_request_at(&format!("/api/campaigns/{campaign_id}"), document, headers)
    }

    pub(crate) async fn put_campaign(
        &self,
        campaign_id: &str,
        document: &Value,
        headers: &[(&str, &str)],
    ) -> Answer {
        Answer::of(self.put_campaign_request(campaign_id, document, headers).send().await.unwrap()).await
    }

    pub(crate) async fn campaign(&self, campaign_id: &str) -> Answer {
        self.get(&format!("/api/campaigns/{campaign_id}"), &[]).await
    }

    pub(crate) async fn put(&self, quiz_id: &str, document: &Value, headers: &[(&str, &str)]) -> Answer {
        Answer::of(self.put_request(quiz_id, document, headers).send().await.unwrap()).await
    }

    pub(crate) async fn put_bytes(
        &self,
        quiz_id: &str,
        content_type: &str,
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        self.put_bytes_at(&format!("/api/quizzes/{quiz_id}"), content_type, body.into()).await
    }

    pub(crate) async fn put_campaign_bytes(
        &self,
        campaign_id: &str,
        content_type: &str,
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        self.put_bytes_at(&format!("/api/campaigns/{campaign_id}"), content_type, body.into()).await
    }

    async fn put_bytes_at(&self, path: &str, content_type: &str, body: reqwest::Body) -> Answer {
        let request = self.request(Method::PUT, path).bearer_auth(TOKEN);
        let request = request.header("Content-Type", content_type).body(body);
        Answer::of(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request = with_headers(self.request(Method::GET, path).bearer_auth(TOKEN), headers);
        Answer::of(request.send().await.unwrap()).await
    }

    pub(crate) async fn quiz(&self, quiz_id: &str) -> Answer {
        self.get(&format!("/api/quizzes/{quiz_id}"), &[]).await
    }

    pub(crate) async fn delete(&self, quiz_id: &str, headers: &[(&str, &str)]) -> Answer {
        let request = self.request(Method::DELETE, &format!("/api/quizzes/{quiz_id}")).bearer_auth(TOKEN);
        Answer::of(with_headers(request, headers).send().await.unwrap()).await
    }

    /// Status and body of `/readyz`.
    pub(crate) async fn readiness(&self) -> (u16, Value) {
        let response = self.client.get(format!("http://{}/readyz", self.private)).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    pub(crate) async fn metrics(&self) -> String {
        let response = self.client.get(format!("http://{}/metrics", self.private)).send().await.unwrap();
        response.text().await.unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
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

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }
}

impl Drop for Admin {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("log of the admin API:\n{}", self.log());
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
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.unwrap();
        Self { status, headers, body: serde_json::from_slice(&bytes).unwrap_or_default() }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Of a problem document.
    pub(crate) fn code(&self) -> &str {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        assert_eq!(self.body["status"], self.status, "{self:?}");
        self.body["type"].as_str().unwrap().strip_prefix("urn:vendzz:problem:").unwrap()
    }

    /// Of a quiz; the body and the entity tag must agree.
    pub(crate) fn version(&self) -> i64 {
        let version = self.body["version"].as_i64().unwrap_or_else(|| panic!("{self:?}"));
        assert_eq!(self.header("etag"), format!("\"{version}\""));
        version
    }

    /// Of a campaign; the body and the entity tag must agree.
    pub(crate) fn revision(&self) -> &str {
        let revision = self.body["revision"].as_str().unwrap_or_else(|| panic!("{self:?}"));
        assert_eq!(self.header("etag"), format!("\"{revision}\""));
        revision
    }

    /// Of a problem document: the pointer and code of each thing wrong.
    pub(crate) fn errors(&self) -> Vec<(&str, &str)> {
        let errors = self.body["errors"].as_array().unwrap_or_else(|| panic!("{self:?}"));
        errors
            .iter()
            .map(|error| (error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap()))
            .collect()
    }

    pub(crate) fn outcome(&self) -> &str {
        self.body["outcome"].as_str().unwrap_or_else(|| panic!("{self:?}"))
    }
}
