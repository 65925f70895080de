use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::json;

use super::acceptance::{Reply, State};
use super::accepted::Provider;
use super::faults::Faults;
use super::requests::{Answer, Body, read_body};
use super::twilio::Resource;
use super::{meta, twilio};

/// Ids in one piece of a streamed answer.
const IDS_A_PIECE: usize = 4_096;

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("cut on purpose")]
pub(super) struct Cut;

pub(super) async fn answer(state: Arc<State>, request: Request<Incoming>) -> Result<Response<Body>, Cut> {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let places: Vec<&str> = path.split('/').skip(1).collect();
    let reply = match (&head.method, places.as_slice()) {
        (&Method::POST, ["2010-04-01", "Accounts", sid, resource @ ("Messages.json" | "Calls.json")]) => {
            let body = read_body(body).await.ok_or(Cut)?;
            let resource = if *resource == "Calls.json" { Resource::Call } else { Resource::Message };
            twilio::create(&state, resource, sid, &head.headers, &body).await
        }
        (&Method::POST, [version, number_id, "messages"]) if version.starts_with('v') => {
            let body = read_body(body).await.ok_or(Cut)?;
            meta::send(&state, number_id, &head.headers, &body).await
        }
        (&Method::GET, ["journal", "accepted"]) => {
            return Ok(accepted_ids(&state, head.uri.query().unwrap_or_default()));
        }
        (method, places) => {
            let body = read_body(body).await.ok_or(Cut)?;
            return Ok(control(&state, method, places, &body).into_response());
        }
    };
    state.count(&reply);
    match reply {
        Reply::Answer(answer) => Ok(answer.into_response()),
        Reply::Cut(_) => Err(Cut),
    }
}

/// What a person or a test asks of the simulator itself.
fn control(state: &State, method: &Method, places: &[&str], body: &[u8]) -> Answer {
    match (method, places) {
        (&Method::GET, ["journal", "summary"]) => Answer::new(StatusCode::OK, state.summary()),
        (&Method::GET, ["reports", "summary"]) => Answer::new(StatusCode::OK, json!(state.reports.summary())),
        (&Method::GET, ["healthz" | "readyz"]) => Answer::new(StatusCode::OK, json!({ "ready": true })),
        (&Method::GET, ["faults"]) => Answer::new(StatusCode::OK, json!(**state.faults.borrow())),
        (&Method::PUT, ["faults"]) => put_faults(state, body),
        _ => {
            let problem = "the simulator knows no such resource: `vendzz-load providers --help`";
            Answer::new(StatusCode::NOT_FOUND, json!({ "error": problem }))
        }
    }
}

fn put_faults(state: &State, body: &[u8]) -> Answer {
    let faults: Faults = match serde_json::from_slice(body) {
        Ok(faults) => faults,
        Err(error) => return refused(vec![error.to_string()]),
    };
    let mut mistakes = faults.mistakes();
    if faults.refuse_connections && !state.has_control_address {
        mistakes.push("/refuseConnections: only with --control, or nobody could take it back".to_owned());
    }
    if !mistakes.is_empty() {
        return refused(mistakes);
    }
    let answer = Answer::new(StatusCode::OK, json!(faults));
    state.faults.send_replace(Arc::new(faults));
    answer
}

fn refused(mistakes: Vec<String>) -> Answer {
    Answer::new(StatusCode::UNPROCESSABLE_ENTITY, json!({ "errors": mistakes }))
}

/// One id a line, in pieces.
fn accepted_ids(state: &State, query: &str) -> Response<Body> {
    let asked = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "provider");
    let provider = match asked.as_ref().map(|(_, value)| value.as_ref()) {
        None => None,
        Some("twilio") => Some(Provider::Twilio),
        Some("meta") => Some(Provider::Meta),
        Some(_) => return refused(vec!["provider: is neither twilio nor meta".to_owned()]).into_response(),
    };
    let ids = state.accepted.ids(provider);
    let mut at = 0;
    let pieces = std::iter::from_fn(move || {
        let piece = ids.get(at..(at + IDS_A_PIECE).min(ids.len())).filter(|piece| !piece.is_empty())?;
        at += piece.len();
        let text: String = piece.iter().map(|id| format!("{id}\n")).collect();
        Some(Ok::<_, Infallible>(Frame::data(Bytes::from(text))))
    });
    let mut response = Response::new(StreamBody::new(futures::stream::iter(pieces)).boxed_unsync());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}
