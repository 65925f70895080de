use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use vendzz_runtime::postgres::when_up;
use vendzz_runtime::service::{Service, Work};

use super::body::BodyTimes;
use super::report_store::ReportStore;
use super::routes::Hooks;
use super::{WebhooksConfig, permissions_api, routes, server};
use crate::permissions::{Permissions, prepare};

/// The service's name in `pg_stat_activity`.
const APPLICATION: &str = "vendzz-webhooks";

/// Bodies that are not complete this long after the begin of a drain get 503.
const BODY_DRAIN: Duration = Duration::from_secs(3);

/// Serves both listeners until the drain. Requests before PostgreSQL answers get 503.
pub fn run(config: WebhooksConfig, service: Service) -> Work {
    Box::pin(serve(config, service))
}

async fn serve(config: WebhooksConfig, service: Service) -> anyhow::Result<()> {
    let postgres = service.health.latch("postgres", "the tables are not prepared");
    let public = bind(config.addr, "VENDZZ_WEBHOOKS_ADDR").await?;
    let private = bind(config.permissions_addr, "VENDZZ_PERMISSIONS_ADDR").await?;
    let body_times =
        BodyTimes { whole: config.body_timeout, drained: BODY_DRAIN, drain: service.drain.clone() };
    let permissions = Permissions::new(&config.postgres, APPLICATION);
    let hooks = Hooks {
        senders: Arc::new(config.senders),
        public_url: Arc::new(config.public_url),
        unsubscribe_key: config.unsubscribe_key,
        permissions: permissions.clone(),
        reports: ReportStore::new(&config.postgres, APPLICATION),
        body_times: body_times.clone(),
    };
    let api = permissions_api::Api { permissions, token: config.token, body_times };
    let preparing = async {
        when_up(|| prepare(&config.postgres), &postgres, &service.drain).await?;
        anyhow::Ok(())
    };
    let (connections, drain) = (config.connections, &service.drain);
    tokio::try_join!(
        preparing,
        server::serve(public, "webhooks", routes::router(hooks), connections, drain.clone()),
        server::serve(private, "permissions", permissions_api::router(api), connections, drain.clone()),
    )?;
    Ok(())
}

async fn bind(addr: SocketAddr, name: &'static str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(addr).await.with_context(|| format!("cannot listen on {addr} ({name})"))
}
