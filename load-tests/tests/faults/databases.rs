//! Kill -9 and restart of the broker and of each database under traffic.

use std::time::Duration;

use vendzz_load_tests::cluster::Server;
use vendzz_load_tests::reckoning::ViewPromise;

use crate::trial::{Trial, pause};

async fn killed_under_traffic(server: Server, rounds: u32, views: ViewPromise, seed: u64) {
    let mut trial = Trial::begin().await;
    let traffic = trial.start_traffic(Duration::from_secs(30), seed);
    for _ in 0..rounds {
        pause(Duration::from_secs(2), Duration::from_secs(5)).await;
        trial.servers.kill(server).await.unwrap();
        pause(Duration::from_secs(1), Duration::from_secs(3)).await;
        trial.servers.start(server).await.unwrap();
    }
    trial.expect_agreement(traffic, views).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_broker_killed_under_traffic() {
    // A broker's death may double or lose views, which are best effort on their way in.
    killed_under_traffic(Server::Kafka, 2, ViewPromise::BestEffort, 6).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_killed_under_traffic() {
    killed_under_traffic(Server::Postgres, 3, ViewPromise::Exact, 7).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cql_server_killed_under_traffic() {
    killed_under_traffic(Server::Cassandra, 2, ViewPromise::Exact, 8).await;
}
