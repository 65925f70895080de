//! A cluster of our own through a little of everything: started, killed, restarted, reckoned, removed.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vendzz_load_tests::cluster::{Cluster, Instance, Service};
use vendzz_load_tests::generator::{LoadPlan, Scoreboard, generate};
use vendzz_load_tests::journal::{Journal, read_journal};
use vendzz_load_tests::quizzes::Quizzes;
use vendzz_load_tests::reckoning::{Reckoner, ViewPromise};
use vendzz_load_tests::traffic::{Crowd, Mix, TrafficQuiz, read_quiz_files};

const PATIENCE: Duration = Duration::from_secs(60);

async fn publish(cluster: &Cluster) -> Vec<TrafficQuiz> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/examples");
    let api = Quizzes::new(cluster.installation());
    let mut quizzes = Vec::new();
    for file in read_quiz_files(folder.as_ref()).unwrap() {
        quizzes.push(api.publish(&file).await.unwrap());
    }
    quizzes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_cluster_survives_a_killed_projector_and_reckons_from_the_journal() {
    let mut cluster = Cluster::start().await.unwrap();
    let quizzes = publish(&cluster).await;
    let ids: Vec<String> = quizzes.iter().map(|quiz| quiz.id.to_string()).collect();
    let reckoner = Reckoner::connect(cluster.installation()).await.unwrap();
    let baseline = reckoner.baseline(&ids, PATIENCE).await.unwrap();

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let scoreboard = Arc::new(Scoreboard::with_journal(Journal::create(&path, &baseline).unwrap()));
    let mix = Mix { resend_share: 0.2, invalid_share: 0.1, ..Mix::realistic(20.0) };
    let plan = LoadPlan::new(mix, Duration::from_secs(6), 3);
    let edge = cluster.installation().edge;
    let crowd = Crowd::gather(&quizzes, &mix, edge, plan.seed);
    let running = scoreboard.clone();
    let traffic =
        tokio::spawn(async move { generate(&plan, crowd, edge, running, CancellationToken::new()).await });

    tokio::time::sleep(Duration::from_secs(2)).await;
    for service in [Service::State, Service::Analytics] {
        cluster.kill(Instance::first(service)).unwrap();
        cluster.start_instance(Instance::first(service), &[]).await.unwrap();
    }
    let figures = traffic.await.unwrap().unwrap();
    scoreboard.close_journal().unwrap();
    assert_eq!(figures.surprises, 0, "{:?}", figures.first_surprises);
    assert_eq!((figures.submissions.accepted, figures.submissions.refused), (108, 12));
    assert!(figures.submissions.repeated > 5, "resends are part of the check: {figures:?}");

    reckoner.wait_until_caught_up(PATIENCE, |_| {}).await.unwrap();
    let journal = read_journal(&path).unwrap();
    let reckoning = reckoner.reckon(&journal.baseline, &journal.sent, ViewPromise::Exact).await.unwrap();
    assert!(reckoning.agrees(), "{:#?}", reckoning.disagreements);
    let in_log: u64 = reckoning.quizzes.iter().map(|quiz| quiz.submissions.in_log).sum();
    assert_eq!(in_log, 108);

    plant_and_find(&cluster, &reckoner, &journal.baseline, &journal.sent).await;
    assert!(cluster.stop(Instance::first(Service::Edge)).await.unwrap().success());
}

/// A row taken away and a row put in are both found and named.
async fn plant_and_find(
    cluster: &Cluster,
    reckoner: &Reckoner,
    baseline: &vendzz_load_tests::reckoning::Baseline,
    sent: &vendzz_load_tests::sent::Sent,
) {
    let mut connection =
        <sqlx::PgConnection as sqlx::Connection>::connect(&cluster.installation().postgres_url)
            .await
            .unwrap();
    let taken: (uuid::Uuid, String) = sqlx::query_as(
        "DELETE FROM state_v1.quiz_responses WHERE (response_id, quiz_id) = \
         (SELECT response_id, quiz_id FROM state_v1.quiz_responses LIMIT 1) RETURNING response_id, quiz_id",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    let put: (uuid::Uuid, String) = sqlx::query_as(
        "INSERT INTO state_v1.quiz_responses SELECT (jsonb_populate_record(response, jsonb_build_object('quiz_id', \
         CASE quiz_id WHEN 'cursos' THEN 'emprestimo' ELSE 'cursos' END))).* \
         FROM state_v1.quiz_responses response LIMIT 1 RETURNING response_id, quiz_id",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    let reckoning = reckoner.reckon(baseline, sent, ViewPromise::Exact).await.unwrap();
    let names = |what: &str| {
        let found = reckoning.disagreements.iter().find(|disagreement| disagreement.what.contains(what));
        found.map(|disagreement| disagreement.first.clone()).unwrap_or_default()
    };
    assert_eq!(names("missing in PostgreSQL"), [format!("{}/{}", taken.1, taken.0)], "{reckoning:#?}");
    assert_eq!(names("do not stand in the log"), [format!("{}/{}", put.1, put.0)], "{reckoning:#?}");
}
