//! Delivery reports, each message's by a task of its own: one after another, in the order planned, sent again until they
//! are acknowledged or given up.

mod plan;
mod signatures;
mod webhook;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::header::{CONTENT_TYPE, HOST, USER_AGENT};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use plan::{Status, plan};
pub use signatures::{hub_signature, twilio_signature};
pub(super) use webhook::Webhook;

use super::accepted::Channel;
use super::faults::{Faults, drawn};
use super::{meta, twilio};
use crate::generator::Connections;

/// Messages whose reports wait; those of a message beyond are dropped, and counted.
const MOST_WAITING: usize = 300_000;
/// To one webhook.
const CONNECTIONS: usize = 32;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A message that is reported on.
#[derive(Clone)]
pub(super) struct Subject {
    pub(super) channel: Channel,
    pub(super) message_id: String,
    pub(super) reference: String,
    pub(super) to: String,
    pub(super) from: String,
    /// Twilio's account sid, or the id of Meta's number.
    pub(super) account: String,
    /// What reports are signed under; never shown.
    pub(super) secret: String,
    /// The events of a call that are asked for.
    pub(super) events: Option<Vec<String>>,
    pub(super) webhook: Webhook,
}

/// `GET /reports/summary`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportSummary {
    /// Requests made, those sent again included.
    pub sent: u64,
    /// Reports that were answered 2xx.
    pub acknowledged: u64,
    /// Reports that are still to be acknowledged.
    pub waiting: u64,
    /// Reports that were never answered 2xx within their time.
    pub given_up: u64,
    /// Messages that are not reported on because too many waited.
    pub dropped: u64,
    /// Messages that are not reported on because nobody said where.
    pub without_webhook: u64,
}

#[derive(Default)]
struct Counts {
    sent: AtomicU64,
    acknowledged: AtomicU64,
    waiting: AtomicU64,
    given_up: AtomicU64,
    dropped: AtomicU64,
    without_webhook: AtomicU64,
}

#[derive(Clone)]
pub(super) struct Reports(Arc<Inner>);

struct Inner {
    faults: watch::Receiver<Arc<Faults>>,
    counts: Counts,
    places: Arc<Semaphore>,
    connections: Mutex<HashMap<SocketAddr, Arc<Connections>>>,
    rng: Mutex<StdRng>,
    stop: CancellationToken,
}

impl Reports {
    pub(super) fn new(faults: watch::Receiver<Arc<Faults>>, seed: u64, stop: CancellationToken) -> Self {
        Self(Arc::new(Inner {
            faults,
            counts: Counts::default(),
            places: Arc::new(Semaphore::new(MOST_WAITING)),
            connections: Mutex::default(),
            rng: Mutex::new(StdRng::seed_from_u64(seed ^ 0x5e90_0575)),
            stop,
        }))
    }

    /// Reports on a message from now on.
    pub(super) fn begin(&self, subject: Option<Subject>) {
        let counts = &self.0.counts;
        let Some(subject) = subject else {
            counts.without_webhook.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let Ok(place) = self.0.places.clone().try_acquire_owned() else {
            counts.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let statuses = {
            let faults = self.0.faults.borrow().clone();
            let mut rng = self.0.rng.lock().unwrap_or_else(PoisonError::into_inner);
            plan(subject.channel, subject.events.as_deref(), &faults.reports, &mut *rng)
        };
        counts.waiting.fetch_add(statuses.len() as u64, Ordering::Relaxed);
        let inner = self.0.clone();
        tokio::spawn(async move {
            let stop = inner.stop.clone();
            tokio::select! {
                () = stop.cancelled() => {}
                () = inner.report(&subject, &statuses) => {}
            }
            drop(place);
        });
    }

    pub(super) fn summary(&self) -> ReportSummary {
        let counts = &self.0.counts;
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        ReportSummary {
            sent: of(&counts.sent),
            acknowledged: of(&counts.acknowledged),
            waiting: of(&counts.waiting),
            given_up: of(&counts.given_up),
            dropped: of(&counts.dropped),
            without_webhook: of(&counts.without_webhook),
        }
    }
}

impl Inner {
    async fn report(&self, subject: &Subject, statuses: &[Status]) {
        for status in statuses {
            let delay = {
                let range = self.faults.borrow().reports.delay_ms;
                drawn(range, &mut *self.rng.lock().unwrap_or_else(PoisonError::into_inner))
            };
            tokio::time::sleep(delay).await;
            let mut faults = self.faults.clone();
            // Its sender lives as long as the simulator.
            let _ = faults.wait_for(|faults| !faults.reports.withhold).await;
            let is_acknowledged = self.deliver(subject, status).await;
            let count = if is_acknowledged { &self.counts.acknowledged } else { &self.counts.given_up };
            count.fetch_add(1, Ordering::Relaxed);
            self.counts.waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Whether the webhook has answered 2xx in the end.
    async fn deliver(&self, subject: &Subject, status: &Status) -> bool {
        let connections = self.connections_to(subject.webhook.address());
        let until = Instant::now() + Duration::from_secs(self.faults.borrow().reports.retry_seconds);
        let mut pause = FIRST_PAUSE;
        loop {
            self.counts.sent.fetch_add(1, Ordering::Relaxed);
            let answer = connections.send(request_of(subject, status)).await;
            if answer.is_ok_and(|answer| answer.status.is_success()) {
                return true;
            }
            if Instant::now() + pause > until {
                return false;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn connections_to(&self, address: SocketAddr) -> Arc<Connections> {
        let mut all = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(address).or_insert_with(|| Arc::new(Connections::to(address, CONNECTIONS))).clone()
    }
}

fn request_of(subject: &Subject, status: &Status) -> Request<Full<Bytes>> {
    let request = Request::post(subject.webhook.path_and_query()).header(HOST, subject.webhook.authority());
    let (request, body) = match subject.channel {
        Channel::Whatsapp => {
            let body = meta::status_body(subject, status.name, status.error_code).to_string();
            let signature = format!("sha256={}", hub_signature(&subject.secret, body.as_bytes()));
            let request = request
                .header(CONTENT_TYPE, "application/json")
                .header(USER_AGENT, "facebookexternalua")
                .header("X-Hub-Signature-256", signature);
            (request, body)
        }
        Channel::Sms | Channel::Voice => {
            let parameters =
                twilio::status_parameters(subject, status.name, status.error_code, status.sequence);
            let signature = twilio_signature(&subject.secret, subject.webhook.url(), &parameters);
            let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&parameters).finish();
            let request = request
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded; charset=UTF-8")
                .header(USER_AGENT, "TwilioProxy/1.1")
                .header("X-Twilio-Signature", signature);
            (request, body)
        }
    };
    request.body(Full::new(Bytes::from(body))).expect("the URL was parsed, and signatures are ASCII")
}
