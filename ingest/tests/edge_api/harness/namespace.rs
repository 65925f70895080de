use tokio::sync::OnceCell;
use vendzz_runtime::kafka::KafkaConfig;
use vendzz_test_support::{kafka_address, make_topics};

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
        tokio::task::spawn_blocking(move || make_topics(edge_binary(), &made)).await.unwrap();
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
