//! The generator against a server that misbehaves on purpose.

#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use vendzz_load_tests::generator::{LoadFigures, LoadPlan, Scoreboard, generate};
use vendzz_load_tests::sent::{Fate, Sent};
use vendzz_load_tests::traffic::{Crowd, Mix, TrafficQuiz, read_quiz_files};

type Behaviour = dyn Fn(&Value, usize) -> Option<StatusCode> + Send + Sync;

/// Answers each request by its body and how often its id was seen before; `None` breaks the connection.
#[derive(Clone)]
struct Scripted {
    behaviour: Arc<Behaviour>,
    seen: Arc<Mutex<HashMap<String, usize>>>,
}

async fn answer(State(server): State<Scripted>, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let id = body["responseId"].as_str().unwrap_or_default().to_owned();
    let seen_before = {
        let mut seen = server.seen.lock().unwrap();
        let times = seen.entry(id.clone()).or_default();
        *times += 1;
        *times - 1
    };
    match (server.behaviour)(&body, seen_before) {
        Some(status) if status.is_success() => {
            axum::Json(json!({ "success": true, "responseId": id })).into_response()
        }
        Some(status) => status.into_response(),
        None => panic!("breaks the connection, as it was told"),
    }
}

async fn serve(
    behaviour: impl Fn(&Value, usize) -> Option<StatusCode> + Send + Sync + 'static,
) -> SocketAddr {
    let server = Scripted { behaviour: Arc::new(behaviour), seen: Arc::default() };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(answer).with_state(server);
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

fn quizzes() -> Vec<TrafficQuiz> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/examples");
    let files = read_quiz_files(folder.as_ref()).unwrap();
    files.iter().map(|file| TrafficQuiz::new(&file.id, 1, &file.document).unwrap()).collect()
}

async fn run(mix: Mix, length: Duration, patience: Duration, target: SocketAddr) -> (LoadFigures, Sent) {
    let plan = LoadPlan { patience, ..LoadPlan::new(mix, length, 7) };
    let crowd = Crowd::gather(&quizzes(), &mix, target, plan.seed);
    let scoreboard = Arc::new(Scoreboard::default());
    let figures = generate(&plan, crowd, target, scoreboard.clone(), CancellationToken::new()).await.unwrap();
    let sent = scoreboard.sent();
    (figures, sent)
}

fn count(sent: &Sent, fate: Fate) -> u64 {
    sent.quizzes().iter().map(|quiz| sent.submissions.count(quiz, fate)).sum()
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_503_429_or_not_at_all_is_sent_again_under_the_same_id() {
    let turn = AtomicUsize::new(0);
    let target = serve(move |_, seen_before| match (seen_before, turn.fetch_add(1, Ordering::Relaxed) % 3) {
        (0, 0) => Some(StatusCode::SERVICE_UNAVAILABLE),
        (0, 1) => Some(StatusCode::TOO_MANY_REQUESTS),
        (0, _) => None,
        _ => Some(StatusCode::OK),
    })
    .await;
    let (figures, sent) = run(Mix::only_submissions(60.0), SECOND, 10 * SECOND, target).await;
    assert_eq!((figures.submissions.issued, figures.submissions.accepted), (60, 60));
    assert_eq!(figures.submissions.sent_again, 60);
    assert_eq!(count(&sent, Fate::Accepted), 60);
    for reason in ["503", "429", "broken connection"] {
        let attempts = figures.submissions.attempts.get(reason);
        assert!(attempts.is_some_and(|count| *count >= 5), "{reason}: {figures:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_never_settled_is_unknown_only_if_it_may_stand_in_the_log() {
    let unavailable = serve(|_, _| Some(StatusCode::SERVICE_UNAVAILABLE)).await;
    let (figures, sent) = run(Mix::only_submissions(20.0), SECOND, SECOND, unavailable).await;
    assert_eq!((figures.submissions.unresolved, count(&sent, Fate::Unknown)), (20, 20));

    let limited = serve(|_, _| Some(StatusCode::TOO_MANY_REQUESTS)).await;
    let (figures, sent) = run(Mix::only_submissions(20.0), SECOND, SECOND, limited).await;
    assert_eq!((figures.submissions.unresolved, count(&sent, Fate::NotTaken)), (20, 20));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_after_an_unknown_outcome_leaves_it_unknown() {
    let target = serve(|_, seen_before| match seen_before {
        0 => None,
        _ => Some(StatusCode::GONE),
    })
    .await;
    let (figures, sent) = run(Mix::only_submissions(20.0), SECOND, 5 * SECOND, target).await;
    assert_eq!((figures.submissions.refused, count(&sent, Fate::Unknown)), (20, 20));
    assert_eq!(figures.surprises, 20, "a valid submission that is refused is named");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_takes_everything_is_caught_by_the_invalid_submissions() {
    let target = serve(|_, _| Some(StatusCode::OK)).await;
    let mix = Mix { invalid_share: 0.2, ..Mix::only_submissions(50.0) };
    let (figures, _) = run(mix, SECOND, SECOND, target).await;
    assert_eq!(figures.surprises, 10);
    assert!(figures.first_surprises[0].contains("accepted, although it is invalid"), "{figures:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn accepted_submissions_are_sent_once_more_as_asked() {
    let target = serve(|_, _| Some(StatusCode::OK)).await;
    let mix = Mix { resend_share: 1.0, ..Mix::only_submissions(20.0) };
    let (figures, sent) = run(mix, SECOND, SECOND, target).await;
    assert_eq!((figures.submissions.issued, figures.submissions.repeated), (20, 20));
    assert_eq!(figures.submissions.attempts["200"], 40);
    assert_eq!(count(&sent, Fate::Accepted), 20);
}

/// A closed loop would send less while the server stalls, and so hide the stall.
#[tokio::test(flavor = "multi_thread")]
async fn a_stall_is_seen_by_everyone_who_was_due_during_it() {
    let stalled_until = Arc::new(Mutex::new(None::<Instant>));
    let served = AtomicUsize::new(0);
    let target = serve(move |_, _| {
        let mut until = stalled_until.lock().unwrap();
        if served.fetch_add(1, Ordering::Relaxed) == 100 {
            *until = Some(Instant::now() + SECOND);
        }
        // While this sleeps with the lock, everybody else waits for it, as in a long collection of garbage.
        if let Some(until) = until.take() {
            std::thread::sleep(until.saturating_duration_since(Instant::now()));
        }
        Some(StatusCode::OK)
    })
    .await;
    let (figures, _) = run(Mix::only_submissions(200.0), 2 * SECOND, 5 * SECOND, target).await;
    assert_eq!((figures.submissions.issued, figures.submissions.accepted), (400, 400));
    // Half of all arrivals were due during the stall, and waited half a second on average.
    assert!(figures.submissions.max_ms > 700.0, "{figures:?}");
    assert!(figures.submissions.p99_ms > 600.0, "{figures:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_run_sends_nothing_more_and_ends_soon() {
    let target = serve(|_, _| Some(StatusCode::SERVICE_UNAVAILABLE)).await;
    let mix = Mix::only_submissions(50.0);
    let plan = LoadPlan::new(mix, 60 * SECOND, 7);
    let crowd = Crowd::gather(&quizzes(), &mix, target, plan.seed);
    let stop = CancellationToken::new();
    let stopper = stop.clone();
    tokio::spawn(async move {
        tokio::time::sleep(SECOND).await;
        stopper.cancel();
    });
    let begin = Instant::now();
    let figures = generate(&plan, crowd, target, Arc::default(), stop).await.unwrap();
    assert!(begin.elapsed() < 5 * SECOND);
    assert!((20..=70).contains(&figures.submissions.issued), "{figures:?}");
    assert_eq!(figures.submissions.unresolved, figures.submissions.issued);
}
