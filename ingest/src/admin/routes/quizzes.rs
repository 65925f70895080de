use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use super::super::body::read_json;
use super::super::precondition::{Precondition, is_unmodified};
use super::super::publisher::Changed;
use super::super::quizzes::{self, Publication, Quizzes, judge_unpublication};
use super::super::refusal::{Refusal, Refused};
use super::query::ListQuery;
use super::{Api, Id, change, change_status, now_millis, refuse, tag_headers};

type Answer = Result<Response, Refused<Quizzes>>;

/// `GET /api/quizzes?after=<id>&limit=<n>`: quizzes by id, and where the next page begins.
pub(super) async fn list(State(api): State<Api>, uri: Uri) -> Answer {
    let mut query = ListQuery::read(&uri)?;
    let (after, limit) = (query.take("after").unwrap_or_default(), query.take_limit()?);
    query.finish("only after and limit are known")?;
    let page = api.quizzes.definitions.page(&after, limit + 1, |_| true);
    Ok(Json(quizzes::list(&page, limit)).into_response())
}

/// `GET /api/quizzes/{quiz}`: the current version with its document.
pub(super) async fn read(State(api): State<Api>, Id { id, .. }: Id<Quizzes>, headers: HeaderMap) -> Answer {
    let version = api.quizzes.current(&id)?.ok_or(Refusal::Unknown)?;
    let tag = tag_headers(&version.tag);
    if is_unmodified(&headers, &version.tag) {
        return Ok((StatusCode::NOT_MODIFIED, tag).into_response());
    }
    Ok((tag, Json(quizzes::version(&version)?)).into_response())
}

/// `PUT /api/quizzes/{quiz}`: publishes the body as the next version.
pub(super) async fn publish(
    State(api): State<Api>,
    Id { id, .. }: Id<Quizzes>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let read = async {
        let precondition = Precondition::read(&headers)?;
        let document = read_json(&headers, body, &api.body_limits).await?;
        Ok(Publication { quiz_id: id.clone(), document, precondition })
    };
    let publication = match read.await {
        Ok(publication) => publication,
        Err(refusal) => return Err(refuse("publish", &id, refusal)),
    };
    let judge = change(&api, &api.quizzes, "publish", id, move |standing| {
        publication.judge(standing.map(|standing| &*standing.newest), now_millis())
    });
    Ok(change_response(&judge.await?))
}

/// `DELETE /api/quizzes/{quiz}`: takes the quiz off its public address. Its versions stay in the log.
pub(super) async fn unpublish(
    State(api): State<Api>,
    Id { id, .. }: Id<Quizzes>,
    headers: HeaderMap,
) -> Answer {
    let precondition = match Precondition::read(&headers) {
        Ok(precondition) => precondition,
        Err(bad) => return Err(refuse("unpublish", &id, bad.into())),
    };
    let judge = change(&api, &api.quizzes, "unpublish", id, move |standing| {
        judge_unpublication(standing.map(|standing| &*standing.newest), &precondition, now_millis())
    });
    Ok(change_response(&judge.await?))
}

fn change_response(changed: &Changed<Quizzes>) -> Response {
    (change_status(changed.outcome), tag_headers(&changed.tag), Json(quizzes::changed(changed)))
        .into_response()
}
