//! The least that an HTTP service can do with a submission: what the edge's own cost is compared with.

use std::net::SocketAddr;

use anyhow::Context;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

/// Serves until the process ends: takes any POST, reads its body as JSON and answers as the edge does.
pub async fn serve_bare(address: SocketAddr) -> anyhow::Result<()> {
    let listener =
        tokio::net::TcpListener::bind(address).await.with_context(|| format!("{address} cannot be bound"))?;
    let router = Router::new().fallback(post(answer));
    axum::serve(listener, router).await?;
    Ok(())
}

async fn answer(Json(submission): Json<Value>) -> Json<Value> {
    Json(json!({
        "success": true,
        "responseId": submission["responseId"],
        "processingStatus": "queued",
    }))
}
