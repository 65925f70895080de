use std::time::Instant;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;

use crate::telemetry::MetricName;

/// Has a request answered, and counts and times the answer. `route` is of a bounded set, whatever strangers ask for.
pub async fn measured(route: &'static str, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let response = next.run(request).await;
    let status = response.status();
    MetricName::HttpResponses.counter_of(&[("route", route), ("status", status.as_str())]).increment(1);
    MetricName::ResponseTime.histogram_of(&[("route", route)]).record(began.elapsed());
    response
}
