use std::panic::resume_unwind;

use vendzz_projections::analytics::CqlConfig;
use vendzz_projections::analytics::cql::{connect, drop_keyspace};

/// Runs a test in a keyspace of its own on the real store (`infra/local/stack up` first), and takes
/// the keyspace away afterwards, also when the test fails.
pub(crate) async fn in_own_keyspace<T>(name: &str, test: impl FnOnce(CqlConfig) -> T)
where
    T: Future<Output = ()> + Send + 'static,
{
    let node = std::env::var("VENDZZ_CQL_NODES").unwrap_or_else(|_| "127.0.0.1:19042".to_owned());
    let config = CqlConfig::local(&node, &format!("test_{name}_{}", std::process::id()));
    let outcome = tokio::spawn(test(config.clone())).await;
    let session = connect(&config).await.expect("the CQL store is up (`make up`)");
    drop_keyspace(&session, &config.keyspace).await.unwrap();
    if let Err(failure) = outcome {
        resume_unwind(failure.into_panic());
    }
}
