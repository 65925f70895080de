use std::sync::Arc;

use vendzz_runtime::http;
use vendzz_runtime::postgres::when_up;
use vendzz_runtime::service::{Service, Work};

use super::report_store::ReportStore;
use super::routes::Hooks;
use super::{WebhooksConfig, body, permissions_api, routes};
use crate::permissions::{Permissions, prepare};

/// The service's name in `pg_stat_activity`.
const APPLICATION: &str = "vendzz-webhooks";

/// Serves both listeners until the drain. Requests before PostgreSQL answers get 503.
pub fn run(config: WebhooksConfig, service: Service) -> Work {
    Box::pin(serve(config, service))
}

async fn serve(config: WebhooksConfig, service: Service) -> anyhow::Result<()> {
    let postgres = service.health.latch("postgres", "the tables are not prepared");
    let public = http::listen(config.addr, "VENDZZ_WEBHOOKS_ADDR").await?;
    let private = http::listen(config.permissions_addr, "VENDZZ_PERMISSIONS_ADDR").await?;
    let body_limits = body::limits(config.body_timeout, service.drain.clone());
    let permissions = Permissions::new(&config.postgres, APPLICATION);
    let hooks = Hooks {
        senders: Arc::new(config.senders),
        public_url: Arc::new(config.public_url),
        unsubscribe_key: config.unsubscribe_key,
        permissions: permissions.clone(),
        reports: ReportStore::new(&config.postgres, APPLICATION),
        body_limits: body_limits.clone(),
    };
    let api = permissions_api::Api { permissions, token: config.token, body_limits };
    let preparing = async {
        when_up(|| prepare(&config.postgres), &postgres, &service.drain).await?;
        anyhow::Ok(())
    };
    let (connections, drain) = (config.connections, &service.drain);
    tokio::try_join!(
        preparing,
        http::serve(public, "webhooks", routes::router(hooks), connections, drain.clone()),
        http::serve(private, "permissions", permissions_api::router(api), connections, drain.clone()),
    )?;
    Ok(())
}
