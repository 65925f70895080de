use std::fs::Permissions;
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;
use vendzz_connectors::webhooks::{meta_signature, twilio_signature};
use vendzz_test_support::Process;

use super::{SENDERS, UNSUBSCRIBE_KEY};

/// Not where the test's service listens: what is signed is the public URL, whatever was asked.
pub(crate) const PUBLIC_URL: &str = "https://hooks.example.com/vendzz";

const TOKEN: &str = "test-token";

/// What no log line may hold: the contacts, texts and secrets of the tests.
const NEVER_LOGGED: &[&str] =
    &["98765", "8765432", "exemplo.com", "quero", "token-of", "app-secret", "verify-1", TOKEN];

/// A running `vendzz-webhooks`; its log is looked into when it is dropped.
pub(crate) struct Service {
    process: Process,
    pub(crate) public: String,
    pub(crate) api: String,
    _folder: TempDir,
}

/// An answer, read whole.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The last part of a problem's type.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        self.json()["type"].as_str().unwrap().rsplit(':').next().unwrap().to_owned()
    }
}

pub(crate) fn private_file(folder: &Path, name: &str, content: &[u8], mode: u32) -> String {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    path.display().to_string()
}

pub(crate) fn variables(folder: &Path, postgres_url: &str) -> Vec<(&'static str, String)> {
    vec![
        ("VENDZZ_POSTGRES_URL", postgres_url.to_owned()),
        ("VENDZZ_WEBHOOKS_ADDR", "127.0.0.1:0".to_owned()),
        ("VENDZZ_PERMISSIONS_ADDR", "127.0.0.1:0".to_owned()),
        ("VENDZZ_PRIVATE_ADDR", "127.0.0.1:0".to_owned()),
        ("VENDZZ_PUBLIC_URL", PUBLIC_URL.to_owned()),
        ("VENDZZ_SENDERS_FILE", private_file(folder, "senders.json", SENDERS.as_bytes(), 0o600)),
        ("VENDZZ_UNSUBSCRIBE_KEY_FILE", private_file(folder, "key", UNSUBSCRIBE_KEY, 0o600)),
        ("VENDZZ_ADMIN_TOKEN", TOKEN.to_owned()),
        ("RUST_LOG", "debug".to_owned()),
    ]
}

impl Service {
    pub(crate) async fn start(postgres_url: &str, env: &[(&'static str, &str)]) -> Self {
        let service = Self::spawn(postgres_url, env);
        service.wait_until_ready().await;
        service
    }

    /// Does not wait until it is ready.
    pub(crate) fn spawn(postgres_url: &str, env: &[(&'static str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut all = variables(folder.path(), postgres_url);
        all.extend(env.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let process = Process::spawn(env!("CARGO_BIN_EXE_vendzz-webhooks"), all);
        let public = format!("http://{}", process.logged("webhooks", "address"));
        let api = format!("http://{}", process.logged("permissions", "address"));
        Self { process, public, api, _folder: folder }
    }

    pub(crate) async fn ask(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let mut request = reqwest::Client::new().request(method, url).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut answer = Answer { status, headers, text: response.text().await.unwrap() };
        answer.headers.remove("date");
        answer
    }

    pub(crate) async fn get(&self, url: &str) -> Answer {
        self.ask(Method::GET, url, &[], "").await
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        self.ask(Method::POST, &format!("{}{path}", self.public), headers, body).await
    }

    /// A form from Twilio, signed with this token.
    pub(crate) async fn twilio_with(&self, token: &str, path: &str, form: &[u8]) -> Answer {
        let signature = twilio_signature(token, &format!("{PUBLIC_URL}{path}"), form);
        let headers = [
            ("x-twilio-signature", signature.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        self.post(path, &headers, form.to_vec()).await
    }

    pub(crate) async fn twilio(&self, path: &str, form: &str) -> Answer {
        self.twilio_with("token-of-conta-1", path, form.as_bytes()).await
    }

    /// A status callback of a message of `conta-1`.
    pub(crate) async fn report(&self, id: Uuid, form: &str) -> Answer {
        self.twilio(&format!("/webhooks/conta-1/twilio/report?message={id}"), form).await
    }

    pub(crate) async fn meta(&self, body: &str) -> Answer {
        let signature = meta_signature("app-secret-1", body.as_bytes());
        let headers = [("x-hub-signature-256", signature.as_str()), ("content-type", "application/json")];
        self.post("/webhooks/conta-1/meta", &headers, body.to_owned()).await
    }

    /// A request to the permissions API with its token.
    pub(crate) async fn api(&self, method: Method, path: &str, body: &str) -> Answer {
        let token = format!("Bearer {TOKEN}");
        let url = format!("{}/api/accounts/{path}", self.api);
        self.ask(method, &url, &[("authorization", &token)], body.to_owned()).await
    }
}

impl Deref for Service {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.process.kill();
        // Its last lines may still stand in the pipe.
        std::thread::sleep(Duration::from_millis(50));
        if std::thread::panicking() {
            return;
        }
        let log = self.log();
        for secret in NEVER_LOGGED {
            let line = log.lines().find(|line| line.contains(secret));
            assert!(line.is_none(), "{secret} stands in the log: {line:?}");
        }
    }
}
