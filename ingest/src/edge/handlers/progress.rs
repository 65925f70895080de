use hyper::body::Incoming;
use vendzz_runtime::http::Problem;
use vendzz_schemas::events::{QuizProgressed, QuizSubmitted};

use super::Asked;
use super::progress_body::ProgressBody;
use super::view::queued;
use crate::edge::client::BotSigns;
use crate::edge::http::{Class, Response, read_body};
use crate::edge::quizzes::Standing;
use crate::edge::refusals;

/// `POST /api/quiz/{quiz}/progress`: 204 once the beacon is in the producer's queue. Best effort, as views
/// are, and shed with them.
pub async fn progress(asked: &Asked<'_>, body: Incoming) -> Result<Response, Problem> {
    let _permit = asked.admit(Class::View)?;
    let standing = asked.require_open()?;
    let limited = asked.take_token(&asked.edge.progress_limiter, asked.client_address());
    limited.inspect_err(|_| asked.edge.metrics.progress_limited.increment(1))?;
    asked.require_unencoded()?;
    asked.require_beacon_type()?;
    let body = read_body(body, &asked.edge.body_limits).await?;
    let body = ProgressBody::read(&body, asked)?;
    asked.require_past(&body.response_id, "/responseId")?;

    let response_id = body.response_id;
    let progressed = progressed(asked, standing, body);
    let enqueued = asked.edge.log.enqueue_progress(&response_id, &progressed);
    enqueued.map_err(|_| refusals::progress_dropped())?;
    Ok(queued())
}

fn progressed(asked: &Asked<'_>, standing: Standing, body: ProgressBody) -> QuizProgressed {
    let client = asked.client(asked.client_address());
    let signs = BotSigns {
        user_agent: client.user_agent,
        honeypot_filled: false,
        took_ms: None,
        answers: 0,
        is_strict: false,
    };
    let mut tags = Vec::new();
    if body.kept.stale {
        tags.push(QuizSubmitted::TAG_STALE_DEFINITION.to_owned());
    }
    if standing == Standing::RecentlyUnpublished {
        tags.push(QuizSubmitted::TAG_UNPUBLISHED.to_owned());
    }
    QuizProgressed {
        account_id: asked.quiz.definition.account_id.clone(),
        quiz_id: asked.quiz.definition.quiz_id.clone(),
        response_id: body.response_id.to_string(),
        visitor_id: body.visitor_id.map(|id| id.to_string()),
        version: body.version,
        sequence: body.sequence,
        received_at: asked.now_ms,
        started_at: body.started_at,
        elements: body.way.elements,
        reported: body.way.reported,
        answers: body.kept.answers,
        hidden: body.kept.hidden,
        utm: body.utm,
        referrer: body.referrer,
        device: client.user_agent.device.as_str().to_owned(),
        country: client.country,
        bot_verdict: signs.judge().verdict.as_str().to_owned(),
        address_hash: asked.address_hash(client.address),
        tags,
    }
}
