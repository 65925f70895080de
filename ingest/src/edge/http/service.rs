use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use bytes::Bytes;
use futures::FutureExt;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW, CONTENT_LENGTH, HeaderValue,
};
use hyper::http::request::Parts;
use hyper::{Method, Request, StatusCode};
use vendzz_runtime::http::Problem;

use super::{Response, Route};
use crate::edge::handlers::{self, Asked};
use crate::edge::state::Edge;
use crate::edge::{clock, refusals};

/// The answer to one request, whatever it is: a panic in a handler costs that request alone.
pub(super) async fn answer(edge: &Edge, peer: IpAddr, request: Request<Incoming>) -> Response {
    let started = Instant::now();
    let (parts, body) = request.into_parts();
    let (route, quiz_id) = Route::of(parts.uri.path());
    let handled =
        AssertUnwindSafe(handle(edge, route, quiz_id, &parts, body, peer, started)).catch_unwind().await;
    let mut response = match handled {
        Ok(Ok(response)) => response,
        Ok(Err(problem)) => problem.to_response(),
        Err(_) => {
            edge.metrics.panics.increment(1);
            tracing::error!(route = route.label(), "a request's handler panicked");
            Problem::internal().to_response()
        }
    };
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("etag, retry-after"));
    edge.metrics.answered(route, &parts.method, response.status(), started.elapsed());
    if parts.method == Method::HEAD { without_body(response) } else { response }
}

async fn handle(
    edge: &Edge,
    route: Route,
    quiz_id: &str,
    parts: &Parts,
    body: Incoming,
    peer: IpAddr,
    started: Instant,
) -> Result<Response, Problem> {
    if route == Route::Nowhere {
        return Err(refusals::not_found());
    }
    if parts.method == Method::OPTIONS {
        return Ok(preflight(route));
    }
    if !route.takes(&parts.method) {
        return Err(refusals::method_not_allowed(route.allowed()));
    }
    if !edge.is_serving() {
        return Err(refusals::starting());
    }
    let quiz = edge.definitions.get(quiz_id).ok_or_else(refusals::unknown_quiz)?;
    let asked = Asked { edge, quiz: &quiz, parts, peer, started, now_ms: clock::now_ms() };
    match route {
        Route::Quiz => handlers::quiz(&asked),
        Route::Submit => handlers::submit(&asked, body).await,
        Route::View => handlers::view(&asked, body).await,
        Route::ViewPixel => handlers::view_pixel(&asked),
        Route::Progress => handlers::progress(&asked, body).await,
        Route::Nowhere => Err(refusals::not_found()),
    }
}

/// Any page may ask, without credentials: a quiz stands on the marketers' own pages too.
fn preflight(route: Route) -> Response {
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    let methods = HeaderValue::from_static(route.allowed());
    headers.insert(ALLOW, methods.clone());
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type, if-none-match"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    response
}

/// The same head, with the length that the body would have.
fn without_body(response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    if head.status != StatusCode::NOT_MODIFIED && head.status != StatusCode::NO_CONTENT {
        let length = hyper::body::Body::size_hint(&body).exact().unwrap_or(0);
        head.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    Response::from_parts(head, Full::new(Bytes::new()))
}
