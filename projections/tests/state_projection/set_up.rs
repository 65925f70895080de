use vendzz_projections::state::{ReadError, Schema, StateReader, StateStore};

use crate::support::{TestDatabase, state_v1};

#[tokio::test(flavor = "multi_thread")]
async fn projectors_that_start_together_make_the_tables_once() {
    let database = TestDatabase::bare().await;
    let starting: Vec<_> = (0..6)
        .map(|_| {
            let config = database.config.clone();
            tokio::spawn(async move { StateStore::prepare(&config).await })
        })
        .collect();
    for prepared in starting {
        prepared.await.unwrap().unwrap();
    }
    let migrations: i64 = database.value("SELECT count(*) FROM state_v1.migrations").await;
    assert_eq!(migrations, 2);
    let elsewhere: i64 = database
        .value(
            "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'state_v1')
            AND tablename <> 'read_model'",
        )
        .await;
    assert_eq!(elsewhere, 0, "everything but read_model stands in the schema of the fold's version");
}

#[tokio::test]
async fn the_version_that_is_live_stays_live_when_another_is_made() {
    let database = TestDatabase::bare().await;
    database
        .run(
            "CREATE TABLE public.read_model (projection text PRIMARY KEY, version text NOT NULL);
            INSERT INTO public.read_model VALUES ('state', 'state_v0')",
        )
        .await;
    StateStore::prepare(&database.config).await.unwrap();
    let pool = StateStore::new(&database.config).pool().clone();
    assert_eq!(StateReader::live(pool).await.unwrap().schema(), &"state_v0".parse::<Schema>().unwrap());
}

#[tokio::test]
async fn the_first_version_made_is_live_and_before_it_nothing_is() {
    let database = TestDatabase::bare().await;
    let pool = StateStore::new(&database.config).pool().clone();
    assert!(matches!(StateReader::live(pool.clone()).await, Err(ReadError::NotSetUp)));
    StateStore::prepare(&database.config).await.unwrap();
    assert_eq!(StateReader::live(pool).await.unwrap().schema(), &state_v1());
}
