//! The admin API as anybody else sees it: versions of quizzes and campaigns, each put under the tag of the one before.

use anyhow::Context;
use reqwest::header::{ETAG, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::Value;

use crate::installation::Installation;

/// Somebody else may put a version between our reading and our writing.
const TRIES: usize = 3;

pub(crate) struct AdminApi<'i> {
    installation: &'i Installation,
    http: reqwest::Client,
}

impl<'i> AdminApi<'i> {
    pub(crate) fn new(installation: &'i Installation) -> Self {
        Self { installation, http: reqwest::Client::new() }
    }

    /// Puts a document as the next version, or the first; what the API answers.
    pub(crate) async fn put_next(&self, path: &str, document: &Value) -> anyhow::Result<Value> {
        for _ in 1..TRIES {
            let response = self.put_once(path, document).await?;
            if response.status() != StatusCode::PRECONDITION_FAILED {
                return accepted(response).await;
            }
        }
        accepted(self.put_once(path, document).await?).await
    }

    /// The entity tag and the body of the current version, if there is one.
    pub(crate) async fn current(&self, path: &str) -> anyhow::Result<Option<(HeaderValue, Value)>> {
        let response = self.send(self.http.get(self.url(path))).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let tag = response.headers().get(ETAG).cloned();
        let body = accepted(response).await.with_context(|| format!("{path} cannot be read"))?;
        Ok(Some((tag.context("the admin API gave no ETag")?, body)))
    }

    async fn put_once(&self, path: &str, document: &Value) -> anyhow::Result<Response> {
        let (name, value): (HeaderName, HeaderValue) = match self.current(path).await? {
            Some((tag, _)) => (IF_MATCH, tag),
            None => (IF_NONE_MATCH, HeaderValue::from_static("*")),
        };
        self.send(self.http.put(self.url(path)).header(name, value).json(document)).await
    }

    async fn send(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        let sent = request.bearer_auth(self.installation.admin_token.reveal()).send().await;
        sent.with_context(|| format!("the admin API at {} does not answer", self.installation.admin))
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.installation.admin)
    }
}

/// The body of a 2xx, or an error with what the API says is wrong.
async fn accepted(response: Response) -> anyhow::Result<Value> {
    let status = response.status();
    let body = response.text().await?;
    anyhow::ensure!(status.is_success(), "the admin API answers {status}: {body}");
    Ok(serde_json::from_str(&body)?)
}
