use std::ops::{Deref, DerefMut};
use std::process::Output;

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;
use vendzz_test_support::{Process, kafka_address, postgres_url, with_headers};

use super::namespace::{admin_binary, prefix};

pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// Runs the binary to its end, and expects this exit status.
pub(crate) fn exits_with(status: i32, arguments: &[&str], env: &[(&str, &str)]) -> Output {
    Process::exits_with(status, admin_binary(), arguments, env)
}

/// A running `vendzz-admin`.
pub(crate) struct Admin {
    process: Process,
    pub(crate) address: String,
    client: Client,
}

impl Admin {
    /// Starts one in this run's namespace and waits until it is ready.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub(crate) async fn start_with(env: &[(&str, &str)]) -> Self {
        let admin = Self::spawn(env);
        admin.wait_until_ready().await;
        admin
    }

    /// Starts one and waits until it listens.
    pub(crate) fn spawn(env: &[(&str, &str)]) -> Self {
        let (kafka, postgres) = (kafka_address(), postgres_url());
        let usual = [
            ("VENDZZ_KAFKA_BOOTSTRAP", kafka.as_str()),
            ("VENDZZ_KAFKA_PREFIX", prefix()),
            ("VENDZZ_POSTGRES_URL", &postgres),
            ("VENDZZ_ADMIN_TOKEN", TOKEN),
            ("VENDZZ_ADMIN_ADDR", "127.0.0.1:0"),
            ("VENDZZ_PRIVATE_ADDR", "127.0.0.1:0"),
        ];
        let process = Process::spawn(admin_binary(), usual.iter().chain(env).copied());
        let address = process.logged("admin", "address");
        Self { process, address, client: Client::new() }
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
}

impl Deref for Admin {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}

impl DerefMut for Admin {
    fn deref_mut(&mut self) -> &mut Process {
        &mut self.process
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer(vendzz_test_support::Answer);

impl Deref for Answer {
    type Target = vendzz_test_support::Answer;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Self {
        Self(vendzz_test_support::Answer::of(response).await)
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

    pub(crate) fn outcome(&self) -> &str {
        self.body["outcome"].as_str().unwrap_or_else(|| panic!("{self:?}"))
    }
}
