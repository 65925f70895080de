use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::MetricName;
use crate::health::Health;

/// Upper bounds of the histograms' buckets, in seconds.
const BUCKETS: &[f64] = &[0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];

#[derive(Debug, thiserror::Error)]
pub enum PrivateServerError {
    #[error("cannot listen on {address} for metrics and health (VENDZZ_PRIVATE_ADDR): {source}")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("cannot install the metrics recorder: {0}")]
    Recorder(#[from] metrics_exporter_prometheus::BuildError),
    #[error("cannot start the thread of the private port: {0}")]
    Thread(std::io::Error),
}

/// `/livez`, `/readyz` and `/metrics`, on a thread and runtime of their own, so that probes are
/// answered while the main runtime is saturated.
pub struct PrivateServer {
    /// Where it listens (the port chosen by the system when 0 was asked for).
    pub address: SocketAddr,
}

impl PrivateServer {
    /// Installs the metrics recorder of the process and starts to serve.
    pub fn start(address: SocketAddr, health: Health) -> Result<Self, PrivateServerError> {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), BUCKETS)?
            .install_recorder()?;
        MetricName::describe_all();
        let listener = std::net::TcpListener::bind(address)
            .map_err(|source| PrivateServerError::Listen { address, source })?;
        listener.set_nonblocking(true).map_err(|source| PrivateServerError::Listen { address, source })?;
        let address =
            listener.local_addr().map_err(|source| PrivateServerError::Listen { address, source })?;
        std::thread::Builder::new()
            .name("private-port".to_owned())
            .spawn(move || serve(listener, health, recorder))
            .map_err(PrivateServerError::Thread)?;
        Ok(Self { address })
    }
}

fn serve(listener: std::net::TcpListener, health: Health, recorder: PrometheusHandle) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return tracing::error!(%error, "the private port has no runtime"),
    };
    runtime.block_on(async move {
        let upkeep = recorder.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_secs(5)).await;
                upkeep.run_upkeep();
            }
        });
        let router = Router::new()
            .route("/livez", get(|| async { "alive\n" }))
            .route("/readyz", get(move || async move { readyz(&health) }))
            .route("/metrics", get(move || async move { recorder.render() }));
        let served = match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => axum::serve(listener, router).await,
            Err(error) => Err(error),
        };
        if let Err(error) = served {
            tracing::error!(%error, "the private port stopped");
        }
    });
}

fn readyz(health: &Health) -> Response {
    let readiness = health.readiness();
    let status = if readiness.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(readiness)).into_response()
}
