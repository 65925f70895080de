use bytes::Bytes;
use http_body_util::Full;
use hyper::StatusCode;
use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use vendzz_runtime::http::{FieldError, Problem};
use vendzz_schemas::events::{QuizViewed, Utm};
use vendzz_schemas::ids::TimedId;

use super::Asked;
use super::fields::Fields;
use crate::edge::client::{BotSigns, UtmReader, referrer_of};
use crate::edge::http::{Class, Permit, Response, read_body};
use crate::edge::refusals;

/// The smallest transparent GIF.
const PIXEL: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

/// What a page says of itself when it is opened.
#[derive(Debug, Default)]
struct ViewFacts {
    visitor_id: Option<TimedId>,
    version: Option<i64>,
    referrer: String,
    utm: Utm,
}

/// `POST /api/quiz/{quiz}/view`: 204 once the view is in the producer's queue.
pub async fn view(asked: &Asked<'_>, body: Incoming) -> Result<Response, Problem> {
    let _permit = let_in(asked)?;
    asked.require_unencoded()?;
    let body = read_body(body, &asked.edge.body_limits).await?;
    count_view(asked, facts_of_body(asked, &body)?)?;
    Ok(queued())
}

/// What a beacon is answered with.
pub(super) fn queued() -> Response {
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// `GET /api/quiz/{quiz}/view.gif`: the same, for pages without scripts.
pub fn view_pixel(asked: &Asked<'_>) -> Result<Response, Problem> {
    let _permit = let_in(asked)?;
    count_view(asked, facts_of_query(asked.parts.uri.query().unwrap_or_default())?)?;
    let mut response = Response::new(Full::new(Bytes::from_static(PIXEL)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("image/gif"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn let_in<'r>(asked: &Asked<'r>) -> Result<Permit<'r>, Problem> {
    let permit = asked.admit(Class::View)?;
    asked.require_open()?;
    let limited = asked.take_token(&asked.edge.view_limiter, asked.client_address());
    limited.inspect_err(|_| asked.edge.metrics.views_limited.increment(1))?;
    Ok(permit)
}

fn facts_of_body(asked: &Asked<'_>, body: &[u8]) -> Result<ViewFacts, Problem> {
    if body.trim_ascii().is_empty() {
        return Ok(ViewFacts::default());
    }
    asked.require_beacon_type()?;
    let mut fields = Fields::read(body)?;
    let facts = ViewFacts {
        visitor_id: fields.timed_id("visitorId"),
        version: fields.count("version"),
        referrer: fields.referrer(),
        utm: fields.utm(),
    };
    fields.finish().map(|()| facts)
}

fn facts_of_query(query: &str) -> Result<ViewFacts, Problem> {
    let mut facts = ViewFacts::default();
    let mut utm = UtmReader::default();
    let mut errors = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if value.contains('\0') {
            errors.push(FieldError::new("?", "null_character", "U+0000 is not accepted in text"));
        } else if let Some(name) = name.strip_prefix("utm_") {
            utm.take(name, &value);
        } else if name == "referrer" {
            facts.referrer = referrer_of(&value);
        } else if name == "visitorId" {
            match TimedId::parse(&value) {
                Ok(id) => facts.visitor_id = Some(id),
                Err(error) => errors.push(FieldError::new("visitorId", "not_uuid7", error.to_string())),
            }
        } else if name == "version" {
            match value.parse::<i64>() {
                Ok(version) if version >= 0 => facts.version = Some(version),
                _ => errors.push(FieldError::new(
                    "version",
                    "out_of_range",
                    "must be a whole number, 0 or more",
                )),
            }
        }
    }
    facts.utm = utm.finish();
    if errors.is_empty() { Ok(facts) } else { Err(refusals::invalid_fields(errors)) }
}

fn count_view(asked: &Asked<'_>, facts: ViewFacts) -> Result<(), Problem> {
    if let Some(id) = &facts.visitor_id {
        asked.require_past(id, "/visitorId")?;
    }
    let visitor_id = facts.visitor_id.unwrap_or_else(TimedId::mint);
    let client = asked.client(asked.client_address());
    let signs = BotSigns {
        user_agent: client.user_agent,
        honeypot_filled: false,
        took_ms: None,
        answers: 0,
        is_strict: false,
    };
    let viewed = QuizViewed {
        account_id: asked.quiz.definition.account_id.clone(),
        quiz_id: asked.quiz.definition.quiz_id.clone(),
        visitor_id: visitor_id.to_string(),
        version: facts.version,
        received_at: asked.now_ms,
        device: client.user_agent.device.as_str().to_owned(),
        country: client.country,
        referrer: facts.referrer,
        utm: facts.utm,
        bot_verdict: signs.judge().verdict.as_str().to_owned(),
        address_hash: asked.address_hash(client.address),
    };
    asked.edge.log.enqueue_view(&visitor_id, &viewed).map_err(|_| refusals::view_dropped())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixels_query_is_read_as_the_body_of_a_beacon_is() {
        let id = TimedId::mint();
        let query = format!(
            "visitorId={id}&version=7&referrer=https%3A%2F%2Fexample.com%2Fa%3Fb&utm_source=insta+gram&other=1"
        );
        let facts = facts_of_query(&query).unwrap();
        assert_eq!((facts.visitor_id, facts.version), (Some(id), Some(7)));
        assert_eq!(
            (facts.referrer.as_str(), facts.utm.source.as_str()),
            ("https://example.com/a", "insta gram")
        );
        assert!(facts_of_query("").is_ok());
        let problem = facts_of_query("visitorId=x&version=-1&utm_source=%00").unwrap_err();
        let codes: Vec<_> = problem.errors.iter().map(|error| error.code).collect();
        assert_eq!(codes, ["not_uuid7", "out_of_range", "null_character"]);
    }

    #[test]
    fn the_pixel_is_a_whole_gif() {
        assert_eq!((PIXEL.len(), PIXEL.first(), PIXEL.last()), (43, Some(&b'G'), Some(&b';')));
    }
}
