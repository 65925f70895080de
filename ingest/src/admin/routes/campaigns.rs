use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use vendzz_schemas::ids::{TimedId, check_name};

use super::super::body::read_json;
use super::super::campaigns::{self, Campaigns, Publication, Stamp};
use super::super::definitions::Held;
use super::super::precondition::{Precondition, is_unmodified};
use super::super::refusal::{Refusal, Refused};
use super::query::{ListQuery, bad};
use super::{Api, Id, change, change_status, now_millis, refuse, tag_headers};

type Answer = Result<Response, Refused<Campaigns>>;

/// `GET /api/campaigns?after=<id>&limit=<n>&quiz=<id>`: campaigns by id, all or those of one quiz, and where
/// the next page begins.
pub(super) async fn list(State(api): State<Api>, uri: Uri) -> Answer {
    let mut query = ListQuery::read(&uri)?;
    let (after, limit) = (query.take("after").unwrap_or_default(), query.take_limit()?);
    let quiz = query.take("quiz");
    query.finish("only after, limit and quiz are known")?;
    if quiz.as_ref().is_some_and(|quiz| check_name(quiz).is_err()) {
        return Err(bad("quiz", "no quiz can have this id").into());
    }
    let page = api
        .campaigns
        .definitions
        .page(&after, limit + 1, |version| quiz.as_ref().is_none_or(|quiz| *quiz == version.event.quiz_id));
    Ok(Json(campaigns::list(&page, limit)).into_response())
}

/// `GET /api/campaigns/{campaign}`: the current version with its document.
pub(super) async fn read(State(api): State<Api>, Id { id, .. }: Id<Campaigns>, headers: HeaderMap) -> Answer {
    let version = api.campaigns.current(&id)?.ok_or(Refusal::Unknown)?;
    let tag = tag_headers(&version.tag);
    if is_unmodified(&headers, &version.tag) {
        return Ok((StatusCode::NOT_MODIFIED, tag).into_response());
    }
    Ok((tag, Json(campaigns::version(&version)?)).into_response())
}

/// `GET /api/campaigns/{campaign}/versions?before=<revision>&limit=<n>`: all versions, newest first.
pub(super) async fn versions(State(api): State<Api>, Id { id, .. }: Id<Campaigns>, uri: Uri) -> Answer {
    let mut query = ListQuery::read(&uri)?;
    let (before, limit) = (query.take("before"), query.take_limit()?);
    query.finish("only before and limit are known")?;
    let mut versions = api.campaigns.definitions.versions(&id).ok_or(Refusal::Unknown)?;
    if let Some(before) = before {
        let named = versions.iter().position(|held| revision_of(held) == before);
        let named = named.ok_or_else(|| bad("before", "the campaign has no such revision"))?;
        versions.drain(..=named);
    }
    versions.truncate(limit + 1);
    Ok(Json(campaigns::versions(&id, &versions, limit)).into_response())
}

/// `PUT /api/campaigns/{campaign}`: publishes the body as the next version.
pub(super) async fn publish(
    State(api): State<Api>,
    Id { id, .. }: Id<Campaigns>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let read = async {
        let precondition = Precondition::read(&headers)?;
        let document = read_json(&headers, body, &api.body_limits).await?;
        Ok(Publication { campaign_id: id.clone(), document, precondition })
    };
    let publication = match read.await {
        Ok(publication) => publication,
        Err(refusal) => return Err(refuse("unknown", &id, refusal)),
    };
    let quizzes = api.quizzes.clone();
    let changing = change(&api, &api.campaigns, publication.action(), id, move |standing| {
        quizzes.check_topic()?;
        let stamp = Stamp { revision: TimedId::mint(), now: now_millis() };
        publication.judge(standing, &quizzes.definitions, stamp)
    });
    let changed = changing.await?;
    let view = Json(campaigns::changed(&changed));
    Ok((change_status(changed.outcome), tag_headers(&changed.tag), view).into_response())
}

fn revision_of(held: &Held<Campaigns>) -> &str {
    match held {
        Ok(version) => version.tag.as_str(),
        Err(unreadable) => unreadable.tag.as_str(),
    }
}
