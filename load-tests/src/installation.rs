//! Where one installation is found: its servers, its services, and the names it uses on them.

use std::env;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use vendzz_schemas::topics::Namespace;

/// The local defaults are those of `infra/local/env`.
#[derive(Debug, Clone)]
pub struct Installation {
    pub kafka_bootstrap: String,
    /// Real names of topics and groups.
    pub kafka_names: Namespace,
    /// Base of Confluent's API.
    pub registry_url: String,
    pub postgres_url: String,
    /// host:port.
    pub cql_nodes: Vec<String>,
    pub cql_keyspace: String,
    pub edge: SocketAddr,
    /// Metrics and health of the edge.
    pub edge_private: SocketAddr,
    pub admin: SocketAddr,
    pub admin_token: AdminToken,
}

/// Bearer token of the admin API; never shown.
#[derive(Clone)]
pub struct AdminToken(String);

impl AdminToken {
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for AdminToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[redacted]")
    }
}

impl Installation {
    /// From the variables that the services themselves read.
    pub fn from_env() -> anyhow::Result<Self> {
        Ok(Self { admin_token: admin_token()?, ..Self::of_servers_in_env()? })
    }

    /// The same without the admin API's token, which exists only once services have run.
    pub fn of_servers_in_env() -> anyhow::Result<Self> {
        Ok(Self {
            kafka_bootstrap: variable("VENDZZ_KAFKA_BOOTSTRAP", "127.0.0.1:19092"),
            kafka_names: Namespace::new(variable("VENDZZ_KAFKA_PREFIX", "")),
            registry_url: variable("VENDZZ_REGISTRY_URL", "http://127.0.0.1:18081/apis/ccompat/v7"),
            postgres_url: variable("VENDZZ_POSTGRES_URL", "postgres://vendzz@127.0.0.1:15432/vendzz"),
            cql_nodes: variable("VENDZZ_CQL_NODES", "127.0.0.1:19042")
                .split(',')
                .map(str::to_owned)
                .collect(),
            cql_keyspace: variable("VENDZZ_CQL_KEYSPACE", "vendzz"),
            edge: address("VENDZZ_EDGE_ADDR", "127.0.0.1:8080")?,
            edge_private: private_address("VENDZZ_EDGE_PRIVATE_PORT", "9464")?,
            admin: address("VENDZZ_ADMIN_ADDR", "127.0.0.1:8081")?,
            admin_token: AdminToken::new(""),
        })
    }
}

/// Folder of pid files, logs and the admin token of the local stack.
pub fn local_folder() -> PathBuf {
    PathBuf::from(variable("VENDZZ_LOCAL_DIR", ".local"))
}

fn variable(name: &str, default: &str) -> String {
    env::var(name).ok().filter(|text| !text.is_empty()).unwrap_or_else(|| default.to_owned())
}

fn address(name: &str, default: &str) -> anyhow::Result<SocketAddr> {
    let text = variable(name, default);
    text.parse().with_context(|| format!("{name}: {text:?} is not an address such as {default}"))
}

fn private_address(port_name: &str, default_port: &str) -> anyhow::Result<SocketAddr> {
    let port = variable(port_name, default_port);
    format!("127.0.0.1:{port}").parse().with_context(|| format!("{port_name}: {port:?} is not a port"))
}

fn admin_token() -> anyhow::Result<AdminToken> {
    if let Some(token) = env::var("VENDZZ_ADMIN_TOKEN").ok().filter(|token| !token.is_empty()) {
        return Ok(AdminToken(token));
    }
    let default = local_folder().join("admin-token");
    let file = variable("VENDZZ_ADMIN_TOKEN_FILE", &default.to_string_lossy());
    let token = std::fs::read_to_string(&file).with_context(|| {
        format!("the admin token cannot be read from {file}: `infra/local/services up` makes it")
    })?;
    Ok(AdminToken(token.trim().to_owned()))
}
