use std::time::{Duration, Instant};

use vendzz_projections::state::{
    Difference, ReadPool, ReplicaConfig, Schema, StateReader, StateStore, compare,
};

use crate::support::{
    Log, Owner, TestDatabase, definition, definitions, fold_all, response_id, state_v1, submission,
    submissions,
};

#[tokio::test]
async fn a_quiz_is_counted_and_listed_by_its_id() {
    let database = TestDatabase::prepared().await;
    let mut other = submission(9);
    other.quiz_id = "emprestimo".into();
    let log = Log::of([submission(2), submission(1), other, submission(2)]);
    fold_all(&database, &log).await;
    let reader = StateReader::live(StateStore::new(&database.config).pool().clone()).await.unwrap();
    assert_eq!(reader.count_responses("emagrecimento").await.unwrap(), 2);
    assert_eq!(reader.count_responses("nobody").await.unwrap(), 0);
    assert_eq!(
        reader.response_ids("emagrecimento").await.unwrap(),
        [response_id(1).uuid(), response_id(2).uuid()]
    );
    assert_eq!(reader.resume_points().await.unwrap()[&submissions()], log.through(3));
}

#[tokio::test]
async fn tables_folded_again_are_equal_row_for_row_and_a_changed_row_is_named() {
    let database = TestDatabase::prepared().await;
    let log = Log::of((0..50).chain(10..20).map(submission));
    let mut quizzes = Log::new();
    quizzes.define(&definition("emagrecimento", "Emagrecimento"));
    for batch in [7, 50] {
        database.run("DROP SCHEMA IF EXISTS before CASCADE; ALTER SCHEMA state_v1 RENAME TO before").await;
        StateStore::prepare(&database.config).await.unwrap();
        let mut owner = Owner::open(&database.projection(), &submissions()).await;
        while owner.next < log.records.len() {
            owner.apply(&log, batch).await.unwrap();
        }
        Owner::open(&database.projection(), &definitions()).await.apply(&quizzes, 1).await.unwrap();
    }
    let before: Schema = "before".parse().unwrap();
    assert_eq!(compare(&database.config, &before, &state_v1(), 10).await.unwrap(), []);

    database
        .run(
            "UPDATE before.quiz_responses SET answers = '{\"nome\": \"Maria\"}' WHERE source_offset = 3;
            DELETE FROM before.quiz_responses WHERE source_offset = 4;
            DELETE FROM state_v1.quizzes;
            UPDATE state_v1.projection_offset SET record_hash = 7 WHERE topic = 'quiz.submission.v1'",
        )
        .await;
    let differences = compare(&database.config, &before, &state_v1(), 10).await.unwrap();
    let key = |number| format!("{} emagrecimento", response_id(number));
    let source = submissions();
    assert_eq!(
        differences,
        [
            Difference { table: "quizzes", key: "emagrecimento".into(), in_left: true, in_right: false },
            Difference { table: "quiz_responses", key: key(3), in_left: true, in_right: true },
            Difference { table: "quiz_responses", key: key(4), in_left: false, in_right: true },
            Difference {
                table: "projection_offset",
                key: format!("{} {} 0", source.topic, source.incarnation),
                in_left: true,
                in_right: true
            },
        ]
    );
}

#[tokio::test]
async fn a_resume_point_that_went_back_is_noticed() {
    let database = TestDatabase::prepared().await;
    fold_all(&database, &Log::of((0..5).map(submission))).await;
    assert_eq!(database.reader().rows_beyond_resume_points().await.unwrap(), 0);
    database.run("UPDATE state_v1.projection_offset SET resume_offset = 2").await;
    assert_eq!(database.reader().rows_beyond_resume_points().await.unwrap(), 2);
}

fn replica_url(database: &TestDatabase) -> String {
    let replica = std::env::var("VENDZZ_POSTGRES_REPLICA_PORT").unwrap_or_else(|_| "15433".to_owned());
    let primary = std::env::var("VENDZZ_POSTGRES_PORT").unwrap_or_else(|_| "15432".to_owned());
    database.url().replace(&format!(":{primary}/"), &format!(":{replica}/"))
}

async fn reads_from_replica(pool: &ReadPool) -> bool {
    sqlx::query_scalar("SELECT pg_is_in_recovery()").fetch_one(&pool.any().await).await.unwrap()
}

#[tokio::test]
async fn reads_go_to_the_replica_once_it_has_caught_up() {
    let database = TestDatabase::prepared().await;
    fold_all(&database, &Log::of([submission(1)])).await;
    let replica =
        ReplicaConfig { url: replica_url(&database).parse().unwrap(), max_lag: Duration::from_secs(5) };
    let pool = ReadPool::new(&database.config, Some(&replica));
    let began = Instant::now();
    while !reads_from_replica(&pool).await {
        assert!(began.elapsed() < Duration::from_secs(20), "the replica does not catch up");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let reader = StateReader::live(pool.any().await).await.unwrap();
    assert_eq!(reader.count_responses("emagrecimento").await.unwrap(), 1);
    assert!(
        !sqlx::query_scalar::<_, bool>("SELECT pg_is_in_recovery()")
            .fetch_one(&pool.primary())
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn reads_go_to_the_primary_when_the_replica_is_away_or_not_named() {
    let database = TestDatabase::prepared().await;
    let away = ReplicaConfig {
        url: format!("postgres://vendzz@127.0.0.1:1/{}", database.name()).parse().unwrap(),
        max_lag: Duration::from_secs(5),
    };
    assert!(!reads_from_replica(&ReadPool::new(&database.config, Some(&away))).await);
    assert!(!reads_from_replica(&ReadPool::new(&database.config, None)).await);
}
