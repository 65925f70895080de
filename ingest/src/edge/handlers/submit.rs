use std::net::IpAddr;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use vendzz_runtime::http::Problem;
use vendzz_schemas::definition::{SubmissionContext, check_submission};
use vendzz_schemas::events::QuizSubmitted;
use vendzz_schemas::ids::TimedId;

use super::Asked;
use super::submission::SubmissionBody;
use crate::edge::client::BotSigns;
use crate::edge::http::{Class, Response, read_body};
use crate::edge::quizzes::Standing;
use crate::edge::refusals;

const JSON: &str = "application/json";

/// `POST /api/quiz/{quiz}/submit`: 200 once the submission is durable.
pub async fn submit(asked: &Asked<'_>, body: Incoming) -> Result<Response, Problem> {
    let is_hot = asked.quiz.rate.per_second(asked.now_ms) >= asked.edge.hot_quiz_per_second;
    let _permit = asked.admit(if is_hot { Class::HotSubmission } else { Class::Submission })?;
    let standing = asked.require_open()?;
    let address = asked.client_address();
    let limited = asked.take_token(&asked.edge.submission_limiter, address);
    limited.inspect_err(|_| asked.edge.metrics.submissions_limited.increment(1))?;
    asked.require_unencoded()?;
    if !asked.content_type().eq_ignore_ascii_case(JSON.as_bytes()) {
        return Err(refusals::wrong_content_type(JSON));
    }
    if !asked.edge.log.is_routable() {
        return Err(refusals::not_durable(&crate::edge::log::AppendError::NotRoutable));
    }
    let body = read_body(body, &asked.edge.body_limits).await?;

    let (response_id, submitted) = submission(asked, standing, is_hot, address, &body)?;
    drop(body);
    asked.quiz.rate.count(asked.now_ms);
    let deadline = tokio::time::Instant::now() + asked.edge.request_timeout;
    let appended = asked.edge.log.append_submission(&response_id, &submitted, deadline).await;
    appended.map_err(|error| refusals::not_durable(&error))?;
    Ok(accepted(&submitted.response_id))
}

/// Everything between the body and the log, without waiting for anything.
fn submission(
    asked: &Asked<'_>,
    standing: Standing,
    is_hot: bool,
    address: IpAddr,
    body: &[u8],
) -> Result<(TimedId, QuizSubmitted), Problem> {
    let quiz = asked.quiz;
    let body = SubmissionBody::read(body, asked)?;
    if let Some(id) = &body.response_id {
        asked.require_past(id, "/responseId")?;
    }
    let context = SubmissionContext {
        answered_version_is_current: body.version == quiz.version,
        received_at_ms: asked.now_ms,
    };
    let checked =
        check_submission(&quiz.compiled, &body.answers, &context).map_err(refusals::invalid_answers)?;

    let client = asked.client(address);
    let signs = BotSigns {
        user_agent: client.user_agent,
        honeypot_filled: body.honeypot_filled,
        took_ms: body.took_ms(),
        answers: checked.answers.len(),
        is_strict: is_hot,
    };
    let judged = signs.judge();
    asked.edge.metrics.judged(judged.verdict);

    let mut tags = Vec::new();
    if checked.stale {
        tags.push(QuizSubmitted::TAG_STALE_DEFINITION.to_owned());
    }
    if standing == Standing::RecentlyUnpublished {
        tags.push(QuizSubmitted::TAG_UNPUBLISHED.to_owned());
    }
    let response_id = body.response_id.unwrap_or_else(TimedId::mint);
    let submitted = QuizSubmitted {
        account_id: quiz.definition.account_id.clone(),
        quiz_id: quiz.definition.quiz_id.clone(),
        response_id: response_id.to_string(),
        visitor_id: body.visitor_id.map(|id| id.to_string()),
        version: body.version,
        received_at: asked.now_ms,
        started_at: body.started_at,
        submitted_at: body.submitted_at,
        answers: checked.answers,
        hidden: body.hidden,
        utm: body.utm,
        referrer: body.referrer,
        device: client.user_agent.device.as_str().to_owned(),
        country: client.country,
        bot_verdict: judged.verdict.as_str().to_owned(),
        bot_reasons: judged.reasons.into_iter().map(str::to_owned).collect(),
        address_hash: asked.address_hash(client.address),
        tags,
        elements: body.way.elements,
        reported: body.way.reported,
    };
    Ok((response_id, submitted))
}

fn accepted(response_id: &str) -> Response {
    let body = format!(r#"{{"success":true,"responseId":"{response_id}","processingStatus":"queued"}}"#);
    let mut response = Response::new(Full::new(Bytes::from(body)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
