//! With PostgreSQL, the CQL server and the registry down, the edge needs Kafka alone.

use std::time::Duration;

use vendzz_load_tests::cluster::{Instance, Server, Service};
use vendzz_load_tests::reckoning::ViewPromise;

use crate::trial::Trial;

const AWAY: [Server; 4] = [Server::Registry, Server::PostgresReplica, Server::Postgres, Server::Cassandra];

#[tokio::test(flavor = "multi_thread")]
async fn without_databases_and_registry_also_a_new_edge_takes_submissions_and_all_catches_up() {
    let mut trial = Trial::begin().await;
    for server in AWAY {
        trial.servers.kill(server).await.unwrap();
    }
    let edge = Instance::first(Service::Edge);
    let traffic = trial.start_traffic(Duration::from_secs(15), 9);
    tokio::time::sleep(Duration::from_secs(5)).await;
    trial.cluster.restart(edge, &[]).await.expect("an edge starts without them");
    let (public, _) = trial.cluster.addresses(edge).unwrap();
    let quiz = reqwest::get(format!("http://{public}/quiz/{}", trial.quizzes[0].id)).await.unwrap();
    assert_eq!(quiz.status(), 200, "it serves quizzes");
    tokio::time::sleep(Duration::from_secs(11)).await;
    for server in AWAY.into_iter().rev() {
        trial.servers.start(server).await.unwrap();
    }
    trial.expect_agreement(traffic, ViewPromise::BestEffort).await;
}
