use std::process::Command;

use tokio::sync::OnceCell;
use vendzz_runtime::kafka::KafkaConfig;

use super::edge::edge_binary;
use super::{Edge, Log};

/// Topics of their own on the shared cluster, made with the operators' own command.
pub(crate) struct Installation {
    pub prefix: String,
}

static SHARED: OnceCell<Installation> = OnceCell::const_new();

impl Installation {
    /// The one of all tests that do not mind what others write.
    pub(crate) async fn shared() -> &'static Self {
        SHARED.get_or_init(Self::new).await
    }

    /// One that nobody else writes to.
    pub(crate) async fn new() -> Self {
        let prefix = format!("test-edge-{}.", &uuid::Uuid::new_v4().simple().to_string()[..12]);
        let made = prefix.clone();
        tokio::task::spawn_blocking(move || {
            vendzz(&made, &["schemas", "register"]);
            vendzz(&made, &["topics", "apply", "--yes"]);
        })
        .await
        .unwrap();
        Self { prefix }
    }

    pub(crate) fn kafka(&self) -> KafkaConfig {
        KafkaConfig::local(&kafka_address(), &self.prefix)
    }

    pub(crate) async fn log(&self) -> Log {
        Log::open(self.kafka()).await
    }

    /// An edge that is ready.
    pub(crate) async fn edge(&self, env: &[(&str, &str)]) -> Edge {
        let edge = Edge::spawn(&self.prefix, env);
        edge.wait_until_ready().await;
        edge
    }
}

pub(crate) fn kafka_address() -> String {
    std::env::var("VENDZZ_KAFKA_BOOTSTRAP").unwrap_or_else(|_| "127.0.0.1:19092".to_owned())
}

fn vendzz(prefix: &str, arguments: &[&str]) {
    let program = edge_binary().with_file_name("vendzz");
    assert!(program.exists(), "not built: run `cargo build --release --workspace --bins`");
    let registry = std::env::var("VENDZZ_REGISTRY_URL");
    let output = Command::new(program)
        .args(arguments)
        .env("VENDZZ_PROFILE", "local")
        .env("VENDZZ_KAFKA_PREFIX", prefix)
        .env("VENDZZ_KAFKA_BOOTSTRAP", kafka_address())
        .env("VENDZZ_REGISTRY_URL", registry.as_deref().unwrap_or("http://127.0.0.1:18081/apis/ccompat/v7"))
        .output()
        .unwrap();
    assert!(output.status.success(), "vendzz {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}
