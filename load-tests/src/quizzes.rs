//! Publishing the quizzes that are sent to, through the admin API like anybody else.

use std::time::Duration;

use anyhow::Context;
use reqwest::header::{ETAG, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use reqwest::{Response, StatusCode};
use serde_json::Value;
use tokio::time::Instant;

use crate::installation::Installation;
use crate::traffic::{QuizFile, TrafficQuiz};

/// A version is served within a second of its publication; an edge that has just started needs longer.
const SERVED_WITHIN: Duration = Duration::from_secs(20);

/// A client of the admin API, and of the edge's public view.
pub struct Quizzes<'i> {
    installation: &'i Installation,
    http: reqwest::Client,
}

impl<'i> Quizzes<'i> {
    pub fn new(installation: &'i Installation) -> Self {
        Self { installation, http: reqwest::Client::new() }
    }

    /// Publishes a quiz, as the next version where it is there already, and waits until the edge
    /// serves that version.
    pub async fn publish(&self, quiz: &QuizFile) -> anyhow::Result<TrafficQuiz> {
        let precondition = match self.current(&quiz.id).await? {
            Some((tag, _)) => (IF_MATCH, tag),
            None => (IF_NONE_MATCH, HeaderValue::from_static("*")),
        };
        let request = self.http.put(self.admin_url(&quiz.id)).header(precondition.0, precondition.1);
        let response = self.send(request.json(&quiz.document)).await?;
        let published =
            accepted(response).await.with_context(|| format!("quiz {} was not published", quiz.id))?;
        let version = version_in(&published)?;
        self.wait_until_served(&quiz.id, version).await?;
        TrafficQuiz::new(&quiz.id, version, &quiz.document)
    }

    /// The version that is published now.
    pub async fn published(&self, id: &str) -> anyhow::Result<TrafficQuiz> {
        let (_, current) = self
            .current(id)
            .await?
            .with_context(|| format!("there is no quiz {id}: `vendzz-load demo` publishes three"))?;
        let version = version_in(&current)?;
        self.wait_until_served(id, version).await?;
        TrafficQuiz::new(id, version, &current["document"])
    }

    /// The entity tag and the body of the current version, if there is one.
    async fn current(&self, id: &str) -> anyhow::Result<Option<(HeaderValue, Value)>> {
        let response = self.send(self.http.get(self.admin_url(id))).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let tag = response.headers().get(ETAG).cloned();
        let body = accepted(response).await.with_context(|| format!("quiz {id} cannot be read"))?;
        Ok(Some((tag.context("the admin API gave no ETag")?, body)))
    }

    async fn wait_until_served(&self, id: &str, version: i64) -> anyhow::Result<()> {
        let url = format!("http://{}/quiz/{id}", self.installation.edge);
        let begin = Instant::now();
        loop {
            let seen = match self.http.get(&url).send().await {
                Ok(response) if response.status().is_success() => {
                    let served = version_in(&response.json().await?)?;
                    if served >= version {
                        return Ok(());
                    }
                    format!("version {served}")
                }
                Ok(response) => response.status().to_string(),
                Err(error) => format!("{error}"),
            };
            anyhow::ensure!(
                begin.elapsed() < SERVED_WITHIN,
                "version {version} of quiz {id} was published, and after {} s the edge at {url} still answers: {seen}",
                SERVED_WITHIN.as_secs()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Response> {
        let sent = request.bearer_auth(self.installation.admin_token.reveal()).send().await;
        sent.with_context(|| format!("the admin API at {} does not answer", self.installation.admin))
    }

    fn admin_url(&self, id: &str) -> String {
        format!("http://{}/api/quizzes/{id}", self.installation.admin)
    }
}

/// The body of a 2xx, or an error with what the API says is wrong.
async fn accepted(response: Response) -> anyhow::Result<Value> {
    let status = response.status();
    let body = response.text().await?;
    anyhow::ensure!(status.is_success(), "the admin API answers {status}: {body}");
    Ok(serde_json::from_str(&body)?)
}

fn version_in(body: &Value) -> anyhow::Result<i64> {
    body["version"].as_i64().context("the answer holds no version")
}
