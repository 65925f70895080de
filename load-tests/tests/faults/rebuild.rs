//! Projections dropped and folded again from the first record equal the live ones, row for row.

use std::collections::BTreeSet;
use std::time::Duration;

use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use scylla::statement::Statement;
use sqlx::{Connection, PgConnection};
use vendzz_load_tests::cluster::{Instance, Service};
use vendzz_load_tests::reckoning::ViewPromise;

use crate::trial::Trial;

#[tokio::test(flavor = "multi_thread")]
async fn projections_folded_again_equal_the_live_ones_row_for_row() {
    let mut trial = Trial::begin().await;
    let (state, analytics) = (Instance::first(Service::State), Instance::first(Service::Analytics));
    let traffic = trial.start_traffic(Duration::from_secs(20), 10);
    // The live rows come from folds with deaths in them.
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_secs(3)).await;
        trial.cluster.restart(state, &[]).await.unwrap();
        trial.cluster.restart(analytics, &[]).await.unwrap();
    }
    trial.expect_agreement(traffic, ViewPromise::Exact).await;
    for projector in [state, analytics] {
        trial.cluster.stop(projector).await.unwrap();
    }

    let mut postgres = PgConnection::connect(&trial.cluster.installation().postgres_url).await.unwrap();
    let cql = cql_session(&trial).await;
    let live = (postgres_rows(&mut postgres).await, cql_rows(&cql).await);
    assert!(
        live.0.len() > 1_000 && live.1.len() > 20,
        "{} and {} rows say little",
        live.0.len(),
        live.1.len()
    );
    sqlx::raw_sql("DROP SCHEMA state_v1 CASCADE; DELETE FROM public.read_model")
        .execute(&mut postgres)
        .await
        .unwrap();
    let mut drop = Statement::new(format!("DROP KEYSPACE {}", trial.cluster.installation().cql_keyspace));
    drop.set_request_timeout(Some(Duration::from_secs(30)));
    cql.query_unpaged(drop, ()).await.unwrap();

    for projector in [state, analytics] {
        trial.cluster.start_instance(projector, &[]).await.unwrap();
    }
    trial.catch_up().await;
    for projector in [state, analytics] {
        trial.cluster.stop(projector).await.unwrap();
    }
    let again = (postgres_rows(&mut postgres).await, cql_rows(&cql_session(&trial).await).await);
    assert_same(&live.0, &again.0);
    assert_same(&live.1, &again.1);
}

fn assert_same(live: &BTreeSet<String>, again: &BTreeSet<String>) {
    let only_live: Vec<_> = live.difference(again).take(3).collect();
    let only_again: Vec<_> = again.difference(live).take(3).collect();
    assert!(
        only_live.is_empty() && only_again.is_empty(),
        "only live: {only_live:#?}\nonly again: {only_again:#?}"
    );
    assert_eq!(live.len(), again.len());
}

/// Every row of every table as JSON, resume points included: both have come to the same offset.
async fn postgres_rows(connection: &mut PgConnection) -> BTreeSet<String> {
    let mut rows = BTreeSet::new();
    for table in ["quizzes", "quiz_responses", "projection_offset"] {
        let text = format!("SELECT '{table} ' || to_jsonb(t)::text FROM state_v1.{table} t");
        let found: Vec<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(text)).fetch_all(&mut *connection).await.unwrap();
        rows.extend(found);
    }
    rows
}

async fn cql_session(trial: &Trial) -> Session {
    let installation = trial.cluster.installation();
    SessionBuilder::new()
        .known_nodes(&installation.cql_nodes)
        .use_keyspace(&installation.cql_keyspace, false)
        .build()
        .await
        .unwrap()
}

async fn cql_rows(session: &Session) -> BTreeSet<String> {
    let mut rows = BTreeSet::new();
    for table in ["quiz_hour_v1", "quiz_minute_v1", "projection_offset_v1"] {
        let mut select = Statement::new(format!("SELECT JSON * FROM {table}"));
        select.set_request_timeout(Some(Duration::from_secs(30)));
        let found = session.query_unpaged(select, ()).await.unwrap().into_rows_result().unwrap();
        for row in found.rows::<(String,)>().unwrap() {
            rows.insert(format!("{table} {}", row.unwrap().0));
        }
    }
    rows
}
