use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Uri};
use uuid::Uuid;

use crate::sent::EventKind;

/// One event and the request that carries it, the same in every attempt.
#[derive(Debug, Clone)]
pub struct Event {
    pub kind: EventKind,
    pub quiz: Arc<str>,
    /// Response id of a submission, visitor id of a view.
    pub id: Uuid,
    /// Whether it must be accepted; otherwise it must be refused.
    pub valid: bool,
    pub request: EventRequest,
}

/// What goes over the wire. Cloning is cheap: everything is shared.
#[derive(Debug, Clone)]
pub struct EventRequest {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) host: HeaderValue,
    pub(super) user_agent: HeaderValue,
    /// The client's own address, as a proxy in front of the edge would say it.
    pub(super) forwarded_for: HeaderValue,
    pub(super) country: HeaderValue,
    pub(super) body: Bytes,
}

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const COUNTRY: HeaderName = HeaderName::from_static("cf-ipcountry");

impl EventRequest {
    /// A request for one attempt.
    pub fn to_http(&self) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        let headers = request.headers_mut();
        headers.reserve(6);
        headers.insert(HOST, self.host.clone());
        headers.insert(USER_AGENT, self.user_agent.clone());
        headers.insert(FORWARDED_FOR, self.forwarded_for.clone());
        headers.insert(COUNTRY, self.country.clone());
        if self.method == Method::POST {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        request
    }

    pub fn body(&self) -> &Bytes {
        &self.body
    }
}
