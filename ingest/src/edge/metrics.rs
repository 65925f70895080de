use std::time::Duration;

use hyper::{Method, StatusCode};
use metrics::{Counter, Histogram};
use vendzz_runtime::telemetry::MetricName;

use super::client::Verdict;
use super::http::Route;

/// Every status that the edge answers with; others share the last counter.
const STATUSES: [u16; 15] = [200, 204, 304, 400, 404, 405, 408, 410, 413, 415, 422, 429, 500, 503, 0];

/// Handles to the edge's metrics, made once: counting a request looks nothing up and allocates nothing.
pub struct EdgeMetrics {
    routes: [RouteMetrics; Route::ALL.len()],
    submissions: Outcomes,
    views: Outcomes,
    progress: Outcomes,
    verdicts: [Counter; 3],
    pub submissions_limited: Counter,
    pub views_limited: Counter,
    pub progress_limited: Counter,
    pub address_hash_missing: Counter,
    pub panics: Counter,
}

struct RouteMetrics {
    time: Histogram,
    by_status: [Counter; STATUSES.len()],
}

struct Outcomes {
    accepted: Counter,
    refused: Counter,
    limited: Counter,
    unavailable: Counter,
}

impl Default for EdgeMetrics {
    fn default() -> Self {
        let outcomes = |metric: MetricName, unavailable| Outcomes {
            accepted: metric.counter_of(&[("outcome", "accepted")]),
            refused: metric.counter_of(&[("outcome", "refused")]),
            limited: metric.counter_of(&[("outcome", "limited")]),
            unavailable: metric.counter_of(&[("outcome", unavailable)]),
        };
        let limited = |route| MetricName::RateLimited.counter_of(&[("route", route)]);
        Self {
            routes: Route::ALL.map(RouteMetrics::new),
            submissions: outcomes(MetricName::QuizSubmissions, "unavailable"),
            views: outcomes(MetricName::QuizViews, "dropped"),
            progress: outcomes(MetricName::QuizProgress, "dropped"),
            verdicts: [Verdict::Human, Verdict::Suspect, Verdict::Bot]
                .map(|verdict| MetricName::BotVerdicts.counter_of(&[("verdict", verdict.as_str())])),
            submissions_limited: limited(Route::Submit.label()),
            views_limited: limited(Route::View.label()),
            progress_limited: limited(Route::Progress.label()),
            address_hash_missing: MetricName::AddressHashMissing.counter(),
            panics: MetricName::RequestPanics.counter(),
        }
    }
}

impl EdgeMetrics {
    /// One request was answered. Preflights and wrong methods are no submissions, views or beacons.
    pub fn answered(&self, route: Route, method: &Method, status: StatusCode, took: Duration) {
        let metrics = &self.routes[route as usize];
        metrics.time.record(took);
        let place = STATUSES.iter().position(|known| *known == status.as_u16()).unwrap_or(STATUSES.len() - 1);
        metrics.by_status[place].increment(1);
        match route {
            _ if !route.takes(method) => {}
            Route::Submit => self.submissions.count(status),
            Route::View | Route::ViewPixel => self.views.count(status),
            Route::Progress => self.progress.count(status),
            Route::Quiz | Route::Nowhere => {}
        }
    }

    pub fn judged(&self, verdict: Verdict) {
        self.verdicts[verdict as usize].increment(1);
    }
}

impl RouteMetrics {
    fn new(route: Route) -> Self {
        let label = route.label();
        Self {
            time: MetricName::ResponseTime.histogram_of(&[("route", label)]),
            by_status: STATUSES.map(|status| {
                let status = if status == 0 { "other".to_owned() } else { status.to_string() };
                MetricName::HttpResponses.counter_of(&[("route", label), ("status", &status)])
            }),
        }
    }
}

impl Outcomes {
    fn count(&self, status: StatusCode) {
        let counter = match status.as_u16() {
            429 => &self.limited,
            200..300 => &self.accepted,
            500.. => &self.unavailable,
            _ => &self.refused,
        };
        counter.increment(1);
    }
}
