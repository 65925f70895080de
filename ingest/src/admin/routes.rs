use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{FromRequestParts, Path, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tokio_util::task::TaskTracker;
use tower_http::catch_panic::CatchPanicLayer;
use vendzz_schemas::ids::check_name;

use super::body::{BodyTimes, read_json};
use super::events::{Answered, QuizChange};
use super::judge::{Publication, Verdict, judge_unpublication};
use super::precondition::{BadPrecondition, Precondition, is_unmodified};
use super::publisher::{Changed, Publisher};
use super::refusal::Refusal;
use super::token::AdminToken;
use super::view;
use crate::problem::Problem;

const DEFAULT_PAGE: usize = 100;
const MAX_PAGE: usize = 1_000;

/// What the handlers share.
#[derive(Clone)]
pub(super) struct Api {
    pub(super) publisher: Arc<Publisher>,
    pub(super) token: AdminToken,
    pub(super) body_times: BodyTimes,
    /// Changes under way: each is brought to its end, also when its client has gone away.
    pub(super) changes: TaskTracker,
}

/// Every route of the admin API.
pub(super) fn router(api: Api) -> Router {
    let quizzes = get(list).fallback(async || Refusal::NoSuchMethod { allow: "GET, HEAD" });
    let quiz = get(read)
        .put(publish)
        .delete(unpublish)
        .fallback(async || Refusal::NoSuchMethod { allow: "GET, HEAD, PUT, DELETE" });
    Router::new()
        .route("/api/quizzes", quizzes)
        .route("/api/quizzes/{quiz}", quiz)
        .fallback(async || Refusal::NoSuchPlace)
        .layer(from_fn_with_state(api.clone(), authorise))
        .layer(CatchPanicLayer::custom(|_| Problem::internal().to_response::<Body>()))
        .layer(from_fn(measure))
        .with_state(api)
}

/// `GET /api/quizzes?after=<id>&limit=<n>`: quizzes by id, and where the next page begins.
async fn list(State(api): State<Api>, query: PageQuery) -> Response {
    let page = api.publisher.definitions.page(&query.after, query.limit + 1);
    Json(view::list(&page, query.limit)).into_response()
}

/// `GET /api/quizzes/{quiz}`: the current version with its document.
async fn read(
    State(api): State<Api>,
    QuizId(quiz_id): QuizId,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let version = api.publisher.current(&quiz_id)?.ok_or(Refusal::NoSuchQuiz)?;
    let tag = view::tag_headers(version.number);
    if is_unmodified(&headers, version.number) {
        return Ok((StatusCode::NOT_MODIFIED, tag).into_response());
    }
    Ok((tag, Json(view::version(&version)?)).into_response())
}

/// `PUT /api/quizzes/{quiz}`: publishes the body as the next version.
async fn publish(
    State(api): State<Api>,
    QuizId(quiz_id): QuizId,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let read = async {
        let precondition = Precondition::read(&headers)?;
        let document = read_json(&headers, body, &api.body_times).await?;
        Ok(Publication { quiz_id: quiz_id.clone(), document, precondition })
    };
    match read.await {
        Ok(publication) => {
            change(&api, "publish", quiz_id, move |current, now| publication.judge(current, now)).await
        }
        Err(refusal) => answer("publish", &quiz_id, Err(refusal)),
    }
}

/// `DELETE /api/quizzes/{quiz}`: takes the quiz off its public address. Its versions stay in the log.
async fn unpublish(State(api): State<Api>, QuizId(quiz_id): QuizId, headers: HeaderMap) -> Response {
    match Precondition::read(&headers) {
        Ok(precondition) => {
            change(&api, "unpublish", quiz_id, move |current, now| {
                judge_unpublication(current, &precondition, now)
            })
            .await
        }
        Err(bad) => answer("unpublish", &quiz_id, Err(bad.into())),
    }
}

/// Runs a change as a task of its own: a client that goes away must not release the lock while a record
/// is on its way.
async fn change(
    api: &Api,
    action: &'static str,
    quiz_id: String,
    judge: impl FnOnce(Option<&super::definitions::Version>, i64) -> Result<Verdict, Refusal> + Send + 'static,
) -> Response {
    let publisher = api.publisher.clone();
    let task = api.changes.spawn(async move {
        let started = Instant::now();
        let outcome = publisher.change(&quiz_id, |current| judge(current, now_millis())).await;
        QuizChange { action, quiz_id: &quiz_id, outcome: &outcome, took: started.elapsed() }.emit();
        outcome
    });
    match task.await {
        Ok(outcome) => change_response(outcome),
        Err(error) => {
            tracing::error!(%error, action, "a change did not come to its end");
            Refusal::OutcomeUnknown.into_response()
        }
    }
}

/// The answer to a change that was refused before it began.
fn answer(action: &'static str, quiz_id: &str, outcome: Result<Changed, Refusal>) -> Response {
    QuizChange { action, quiz_id, outcome: &outcome, took: std::time::Duration::ZERO }.emit();
    change_response(outcome)
}

fn change_response(outcome: Result<Changed, Refusal>) -> Response {
    match outcome {
        Ok(changed) => {
            (view::status(&changed), view::tag_headers(changed.version), Json(view::changed(&changed)))
                .into_response()
        }
        Err(refusal) => refusal.into_response(),
    }
}

/// The id in the path, checked once for every handler.
struct QuizId(String);

impl<S: Send + Sync> FromRequestParts<S> for QuizId {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Path(id) =
            Path::<String>::from_request_parts(parts, state).await.map_err(|_| Refusal::BadQuizId)?;
        check_name(&id).map_err(|_| Refusal::BadQuizId)?;
        Ok(Self(id))
    }
}

struct PageQuery {
    after: String,
    limit: usize,
}

impl<S: Send + Sync> FromRequestParts<S> for PageQuery {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let bad = |parameter, reason| Refusal::BadQuery { parameter, reason };
        let Query(mut query) = Query::<HashMap<String, String>>::from_request_parts(parts, state)
            .await
            .map_err(|_| bad("query", "cannot be read"))?;
        let after = query.remove("after").unwrap_or_default();
        let limit = match query.remove("limit").map(|limit| limit.parse()) {
            None => DEFAULT_PAGE,
            Some(Ok(limit)) if (1..=MAX_PAGE).contains(&limit) => limit,
            Some(_) => return Err(bad("limit", "expected a number from 1 to 1000")),
        };
        if !query.is_empty() {
            return Err(bad("query", "only after and limit are known"));
        }
        Ok(Self { after, limit })
    }
}

impl From<BadPrecondition> for Refusal {
    fn from(bad: BadPrecondition) -> Self {
        Self::BadPrecondition(bad)
    }
}

async fn authorise(State(api): State<Api>, request: Request, next: Next) -> Response {
    if !api.token.is_in(request.headers()) {
        return Refusal::Unauthorised.into_response();
    }
    next.run(request).await
}

async fn measure(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let route = route_label(request.method(), request.uri().path());
    let response = next.run(request).await;
    Answered { route, status: response.status(), took: started.elapsed() }.emit();
    response
}

/// A label with few values, whatever strangers ask for.
fn route_label(method: &Method, path: &str) -> &'static str {
    let is_quiz = path.strip_prefix("/api/quizzes/").is_some_and(|id| !id.is_empty() && !id.contains('/'));
    match (is_quiz, method.as_str()) {
        (true, "PUT") => "admin_publish",
        (true, "DELETE") => "admin_unpublish",
        (true, "GET" | "HEAD") => "admin_quiz",
        (false, "GET" | "HEAD") if path == "/api/quizzes" => "admin_quizzes",
        _ => "admin_other",
    }
}

fn now_millis() -> i64 {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX)
}
