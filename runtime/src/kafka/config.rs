use rdkafka::ClientConfig;
use vendzz_schemas::topics::Namespace;

use crate::config::{Env, Secret};

/// How the cluster is reached, and under which names our topics and groups stand there.
#[derive(Debug, Clone)]
pub struct KafkaConfig {
    pub bootstrap: String,
    pub namespace: Namespace,
    security_protocol: String,
    sasl_mechanism: Option<String>,
    sasl_username: Option<String>,
    sasl_password: Option<Secret>,
    ca_file: Option<String>,
}

impl KafkaConfig {
    pub fn read(env: &Env) -> Self {
        let security_protocol = env.value(
            "VENDZZ_KAFKA_SECURITY",
            "plaintext".to_owned(),
            "plaintext, ssl, sasl_plaintext or sasl_ssl",
        );
        if !["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"].contains(&security_protocol.as_str()) {
            env.mistake("VENDZZ_KAFKA_SECURITY: must be plaintext, ssl, sasl_plaintext or sasl_ssl");
        }
        let config = Self {
            bootstrap: env.value(
                "VENDZZ_KAFKA_BOOTSTRAP",
                "127.0.0.1:19092".to_owned(),
                "brokers to begin with, host:port, comma between",
            ),
            namespace: Namespace::new(env.value(
                "VENDZZ_KAFKA_PREFIX",
                String::new(),
                "prefix of every topic and group",
            )),
            security_protocol,
            sasl_mechanism: env
                .optional("VENDZZ_KAFKA_SASL_MECHANISM", "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"),
            sasl_username: env.optional("VENDZZ_KAFKA_SASL_USERNAME", "SASL user"),
            sasl_password: env.secret("VENDZZ_KAFKA_SASL_PASSWORD", "SASL password"),
            ca_file: env.optional(
                "VENDZZ_KAFKA_CA_FILE",
                "PEM file of the authority that signed the brokers' certificates",
            ),
        };
        if config.security_protocol.starts_with("sasl")
            && (config.sasl_mechanism.is_none()
                || config.sasl_username.is_none()
                || config.sasl_password.is_none())
        {
            env.mistake(
                "VENDZZ_KAFKA_SECURITY=sasl_… needs VENDZZ_KAFKA_SASL_MECHANISM, _USERNAME and _PASSWORD",
            );
        }
        config
    }

    /// For a cluster on this machine, as the tests use it.
    pub fn local(bootstrap: &str, prefix: &str) -> Self {
        Self {
            bootstrap: bootstrap.to_owned(),
            namespace: Namespace::new(prefix),
            security_protocol: "plaintext".to_owned(),
            sasl_mechanism: None,
            sasl_username: None,
            sasl_password: None,
            ca_file: None,
        }
    }

    /// Real name of a topic or group of the catalogue.
    pub fn name(&self, base: &str) -> String {
        self.namespace.name(base)
    }

    /// What every client of ours sets.
    pub fn client(&self, client_id: &str) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.bootstrap)
            .set("client.id", format!("vendzz-{client_id}"))
            .set("security.protocol", &self.security_protocol)
            // A partition added to a topic is seen within this time; `scale` counts on it.
            .set("topic.metadata.refresh.interval.ms", "30000")
            .set("reconnect.backoff.ms", "100")
            // After an outage of the broker clients are back within a second, not ten.
            .set("reconnect.backoff.max.ms", "1000")
            .set("socket.keepalive.enable", "true")
            .set("log.connection.close", "false");
        let optional = [
            ("sasl.mechanism", self.sasl_mechanism.as_deref()),
            ("sasl.username", self.sasl_username.as_deref()),
            ("sasl.password", self.sasl_password.as_ref().map(Secret::reveal)),
            ("ssl.ca.location", self.ca_file.as_deref()),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                config.set(name, value);
            }
        }
        config
    }

    /// A consumer that never commits and never guesses a position.
    pub fn reader(&self, client_id: &str) -> ClientConfig {
        let mut config = self.client(client_id);
        config
            .set("group.id", format!("{}reader.{client_id}", self.namespace.prefix()))
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "error")
            .set("enable.partition.eof", "true")
            .set("fetch.wait.max.ms", "100");
        config
    }
}
