use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use vendzz_runtime::config::{Env, Profile, Secret};

/// The analytics projector's own settings.
#[derive(Debug, Clone)]
pub struct AnalyticsConfig {
    pub cql: CqlConfig,
    /// Dirty rows of one source at which a flush is due at once.
    pub flush_rows: usize,
    /// Rows of each kind that one source keeps in memory.
    pub held_rows: usize,
    /// W: how long a resend is recognised.
    pub dedupe_window: Duration,
}

impl AnalyticsConfig {
    pub fn read(env: &Env) -> Self {
        let config = Self {
            cql: CqlConfig::read(env),
            flush_rows: env.value(
                "VENDZZ_ANALYTICS_FLUSH_ROWS",
                2_000,
                "dirty rows of a partition that make a flush due at once",
            ),
            held_rows: env.value(
                "VENDZZ_ANALYTICS_HELD_ROWS",
                4_000,
                "rows of a partition kept in memory, of each kind",
            ),
            dedupe_window: env.span(
                "VENDZZ_DEDUPE_WINDOW",
                Duration::from_secs(15 * 60),
                "how long a resend is recognised (W)",
            ),
        };
        if config.flush_rows == 0 || config.held_rows == 0 {
            env.mistake("VENDZZ_ANALYTICS_FLUSH_ROWS and VENDZZ_ANALYTICS_HELD_ROWS must be 1 or more");
        }
        // Only the projector makes a keyspace; who reads one need not know how it is kept.
        if Profile::read(env).is_production() && config.cql.replication.is_none() {
            env.mistake("VENDZZ_CQL_REPLICATION: must be said in the production profile (three copies over three racks)");
        }
        config
    }
}

/// How the CQL store is reached.
#[derive(Debug, Clone)]
pub struct CqlConfig {
    /// Nodes to begin with, host:port.
    pub nodes: Vec<String>,
    pub keyspace: String,
    pub user: Option<String>,
    pub password: Option<Secret>,
    /// The data centre that LOCAL_QUORUM means; `None`: that of the first node asked.
    pub datacenter: Option<String>,
    /// Of a keyspace that is made here; `None`: one copy in the local data centre.
    pub replication: Option<Replication>,
    pub request_timeout: Duration,
    pub connect_timeout: Duration,
}

impl CqlConfig {
    pub fn read(env: &Env) -> Self {
        let nodes: String = env.value(
            "VENDZZ_CQL_NODES",
            "127.0.0.1:19042".to_owned(),
            "CQL nodes to begin with, host:port, comma between",
        );
        let config = Self {
            nodes: nodes
                .split(',')
                .map(str::trim)
                .filter(|node| !node.is_empty())
                .map(str::to_owned)
                .collect(),
            keyspace: env.value(
                "VENDZZ_CQL_KEYSPACE",
                "vendzz".to_owned(),
                "keyspace of the analytics tables",
            ),
            user: env.optional("VENDZZ_CQL_USER", "CQL user"),
            password: env.secret("VENDZZ_CQL_PASSWORD", "CQL password"),
            datacenter: env.optional(
                "VENDZZ_CQL_DATACENTER",
                "data centre of LOCAL_QUORUM; that of the first node when absent",
            ),
            replication: env.optional(
                "VENDZZ_CQL_REPLICATION",
                "copies by data centre of a keyspace made here, e.g. {\"dc1\":3}",
            ),
            request_timeout: env.span(
                "VENDZZ_CQL_REQUEST_TIMEOUT",
                Duration::from_secs(2),
                "one CQL request",
            ),
            connect_timeout: env.span(
                "VENDZZ_CQL_CONNECT_TIMEOUT",
                Duration::from_secs(5),
                "connecting to one CQL node",
            ),
        };
        if config.nodes.is_empty() {
            env.mistake("VENDZZ_CQL_NODES: names no node");
        }
        if !is_keyspace_name(&config.keyspace) {
            env.mistake("VENDZZ_CQL_KEYSPACE: must be 1 to 48 characters of a-z, 0-9 and '_', beginning with a letter");
        }
        if config.user.is_some() != config.password.is_some() {
            env.mistake("VENDZZ_CQL_USER and VENDZZ_CQL_PASSWORD belong together");
        }
        config
    }

    /// For a server on this machine, as the tests use it.
    pub fn local(node: &str, keyspace: &str) -> Self {
        Self {
            nodes: vec![node.to_owned()],
            keyspace: keyspace.to_owned(),
            user: None,
            password: None,
            datacenter: None,
            replication: None,
            request_timeout: Duration::from_secs(2),
            connect_timeout: Duration::from_secs(5),
        }
    }
}

fn is_keyspace_name(name: &str) -> bool {
    name.len() <= 48
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Copies of each row by data centre, written as JSON: `{"datacenter1":1}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replication(BTreeMap<String, u8>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not a JSON object of copies by data centre such as {{\"datacenter1\":1}}")]
pub struct ReplicationError;

impl Replication {
    /// One copy in one data centre.
    pub fn one_copy_in(datacenter: &str) -> Self {
        Self(BTreeMap::from([(datacenter.to_owned(), 1)]))
    }

    /// The map of a `CREATE KEYSPACE` statement.
    pub(super) fn cql(&self) -> String {
        let mut cql = "{'class': 'NetworkTopologyStrategy'".to_owned();
        for (datacenter, copies) in &self.0 {
            cql.push_str(&format!(", '{}': {copies}", datacenter.replace('\'', "''")));
        }
        cql.push('}');
        cql
    }
}

impl FromStr for Replication {
    type Err = ReplicationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let copies: BTreeMap<String, u8> = serde_json::from_str(text).map_err(|_| ReplicationError)?;
        if copies.is_empty() || copies.values().any(|copies| *copies == 0) {
            return Err(ReplicationError);
        }
        Ok(Self(copies))
    }
}

impl fmt::Display for Replication {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&serde_json::to_string(&self.0).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replication_is_read_shown_and_put_into_the_statement() {
        let replication: Replication = r#"{"sp":3,"rio":2}"#.parse().unwrap();
        assert_eq!(replication.to_string(), r#"{"rio":2,"sp":3}"#);
        assert_eq!(replication.cql(), "{'class': 'NetworkTopologyStrategy', 'rio': 2, 'sp': 3}");
        for bad in ["", "3", "{}", r#"{"sp":0}"#, r#"{"sp":"3"}"#] {
            assert_eq!(bad.parse::<Replication>(), Err(ReplicationError), "{bad}");
        }
    }

    #[test]
    fn every_mistake_is_named() {
        let env = Env::of(
            [
                ("VENDZZ_CQL_NODES", " , "),
                ("VENDZZ_CQL_KEYSPACE", "Vendzz;drop"),
                ("VENDZZ_CQL_USER", "u"),
                ("VENDZZ_PROFILE", "production"),
                ("VENDZZ_ANALYTICS_FLUSH_ROWS", "0"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        AnalyticsConfig::read(&env);
        assert_eq!(env.finish().unwrap_err().0.len(), 5);
    }
}
