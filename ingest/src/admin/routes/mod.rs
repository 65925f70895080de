mod campaigns;
mod query;
mod quizzes;

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, Path, Request};
use axum::http::header::{CACHE_CONTROL, ETAG, HeaderName};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use tokio_util::task::TaskTracker;
use tower_http::catch_panic::CatchPanicLayer;
use vendzz_schemas::ids::check_name;

use super::campaigns::Campaigns;
use super::definitions::Standing;
use super::events::ChangeAsked;
use super::kind::{Kind, VersionTag};
use super::publisher::{Changed, Outcome, Publisher, Verdict};
use super::quizzes::Quizzes;
use super::refusal::{Refusal, Refused};
use vendzz_runtime::http::{BearerToken, BodyLimits, Problem, measured, require_token};

/// What the handlers share.
#[derive(Clone)]
pub(super) struct Api {
    pub(super) quizzes: Arc<Publisher<Quizzes>>,
    pub(super) campaigns: Arc<Publisher<Campaigns>>,
    pub(super) token: BearerToken,
    pub(super) body_limits: BodyLimits,
    /// Changes under way: each is brought to its end, also when its client has gone away.
    pub(super) changes: TaskTracker,
}

/// Every route of the admin API.
pub(super) fn router(api: Api) -> Router {
    let quizzes = get(quizzes::list).fallback(async || only("GET, HEAD"));
    let quiz = get(quizzes::read)
        .put(quizzes::publish)
        .delete(quizzes::unpublish)
        .fallback(async || only("GET, HEAD, PUT, DELETE"));
    let campaigns = get(campaigns::list).fallback(async || only("GET, HEAD"));
    // A campaign is never deleted: `ended` is one of its states.
    let campaign = get(campaigns::read).put(campaigns::publish).fallback(async || only("GET, HEAD, PUT"));
    let versions = get(campaigns::versions).fallback(async || only("GET, HEAD"));
    Router::new()
        .route("/api/quizzes", quizzes)
        .route("/api/quizzes/{quiz}", quiz)
        .route("/api/campaigns", campaigns)
        .route("/api/campaigns/{campaign}", campaign)
        .route("/api/campaigns/{campaign}/versions", versions)
        .fallback(async || no_such_place())
        .layer(from_fn_with_state(api.token.clone(), require_token))
        .layer(CatchPanicLayer::custom(|_| Problem::internal().to_response::<Body>()))
        .layer(from_fn(measure))
        .with_state(api)
}

fn only(allow: &'static str) -> Problem {
    Problem::method_not_allowed(allow)
}

fn no_such_place() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "no_such_place",
        "There is nothing here",
        "The admin API has /api/quizzes, /api/quizzes/{id}, /api/campaigns, /api/campaigns/{id} and /api/campaigns/{id}/versions.",
    )
}

/// Runs a change as a task of its own: a client that goes away must not release the lock while a record
/// is on its way.
async fn change<K: Kind>(
    api: &Api,
    publisher: &Arc<Publisher<K>>,
    action: &'static str,
    id: String,
    judge: impl FnOnce(Option<&Standing<K>>) -> Result<Verdict<K>, Refusal> + Send + 'static,
) -> Result<Changed<K>, Refusal> {
    let publisher = publisher.clone();
    let task = api.changes.spawn(async move {
        let started = Instant::now();
        let outcome = publisher.change(&id, judge).await;
        ChangeAsked { action, id: &id, outcome: &outcome, took: started.elapsed() }.emit();
        outcome
    });
    task.await.unwrap_or_else(|error| {
        tracing::error!(%error, action, "a change did not come to its end");
        Err(Refusal::OutcomeUnknown)
    })
}

/// A change that was refused before it began.
fn refuse<K: Kind>(action: &'static str, id: &str, refusal: Refusal) -> Refused<K> {
    let outcome: Result<Changed<K>, Refusal> = Err(refusal);
    ChangeAsked { action, id, outcome: &outcome, took: Duration::ZERO }.emit();
    outcome.err().unwrap_or(Refusal::Internal).into()
}

fn change_status(outcome: Outcome) -> StatusCode {
    match outcome {
        Outcome::Created => StatusCode::CREATED,
        Outcome::Updated | Outcome::Unchanged => StatusCode::OK,
    }
}

/// The version as an entity tag. It may be kept, but must be asked for again each time.
fn tag_headers(version: &VersionTag) -> [(HeaderName, String); 2] {
    [(ETAG, version.quoted()), (CACHE_CONTROL, "private, no-cache".to_owned())]
}

/// The id in the path, checked once for every handler.
struct Id<K> {
    id: String,
    kind: PhantomData<K>,
}

impl<S: Send + Sync, K: Kind> FromRequestParts<S> for Id<K> {
    type Rejection = Refused<K>;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused<K>> {
        let Path(id) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| Refusal::BadId)?;
        check_name(&id).map_err(|_| Refusal::BadId)?;
        Ok(Self { id, kind: PhantomData })
    }
}

async fn measure(request: Request, next: Next) -> Response {
    let route = route_label(request.method(), request.uri().path());
    measured(route, request, next).await
}

/// A label with few values, whatever strangers ask for.
fn route_label(method: &Method, path: &str) -> &'static str {
    let mut places = path.strip_prefix("/api/").unwrap_or_default().split('/');
    let place = (places.next(), places.next().filter(|id| !id.is_empty()), places.next(), places.next());
    match (method.as_str(), place) {
        ("GET" | "HEAD", (Some("quizzes"), None, None, None)) if path == "/api/quizzes" => "admin_quizzes",
        ("GET" | "HEAD", (Some("quizzes"), Some(_), None, None)) => "admin_quiz",
        ("PUT", (Some("quizzes"), Some(_), None, None)) => "admin_publish",
        ("DELETE", (Some("quizzes"), Some(_), None, None)) => "admin_unpublish",
        ("GET" | "HEAD", (Some("campaigns"), None, None, None)) if path == "/api/campaigns" => {
            "admin_campaigns"
        }
        ("GET" | "HEAD", (Some("campaigns"), Some(_), None, None)) => "admin_campaign",
        ("PUT", (Some("campaigns"), Some(_), None, None)) => "admin_publish_campaign",
        ("GET" | "HEAD", (Some("campaigns"), Some(_), Some("versions"), None)) => "admin_campaign_versions",
        _ => "admin_other",
    }
}

fn now_millis() -> i64 {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX)
}
