//! Publishing the quizzes that are sent to, through the admin API like anybody else.

use std::time::Duration;

use anyhow::Context;
use serde_json::Value;
use tokio::time::Instant;

use crate::admin_api::AdminApi;
use crate::installation::Installation;
use crate::traffic::{QuizFile, TrafficQuiz};

/// A version is served within a second of its publication; an edge that has just started needs longer.
const SERVED_WITHIN: Duration = Duration::from_secs(20);

/// A client of the admin API, and of the edge's public view.
pub struct Quizzes<'i> {
    installation: &'i Installation,
    admin: AdminApi<'i>,
    http: reqwest::Client,
}

impl<'i> Quizzes<'i> {
    pub fn new(installation: &'i Installation) -> Self {
        Self { installation, admin: AdminApi::new(installation), http: reqwest::Client::new() }
    }

    /// Publishes a quiz, as the next version where it is there already, and waits until the edge
    /// serves that version.
    pub async fn publish(&self, quiz: &QuizFile) -> anyhow::Result<TrafficQuiz> {
        let published = self
            .admin
            .put_next(&path(&quiz.id), &quiz.document)
            .await
            .with_context(|| format!("quiz {} was not published", quiz.id))?;
        let version = version_in(&published)?;
        self.wait_until_served(&quiz.id, version).await?;
        TrafficQuiz::new(&quiz.id, version, &quiz.document)
    }

    /// The version that is published now.
    pub async fn published(&self, id: &str) -> anyhow::Result<TrafficQuiz> {
        let (_, current) = self
            .admin
            .current(&path(id))
            .await?
            .with_context(|| format!("there is no quiz {id}: `vendzz-load demo` publishes three"))?;
        let version = version_in(&current)?;
        self.wait_until_served(id, version).await?;
        TrafficQuiz::new(id, version, &current["document"])
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
}

fn path(id: &str) -> String {
    format!("/api/quizzes/{id}")
}

fn version_in(body: &Value) -> anyhow::Result<i64> {
    body["version"].as_i64().context("the answer holds no version")
}
