use std::collections::VecDeque;
use std::net::SocketAddr;

use hyper::Method;
use hyper::header::HeaderValue;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use uuid::Uuid;
use vendzz_schemas::ids::TimedId;

use super::event::{Event, EventRequest};
use super::templates::Templates;
use super::visitors::{Client, Clients};
use super::{Mix, TrafficQuiz};
use crate::sent::EventKind;

/// Views by the pixel instead of the beacon, as pages without script send them.
const PIXEL_SHARE: f64 = 0.1;
/// Submissions come from visitors seen lately.
const VISITORS_REMEMBERED: usize = 1_024;
/// Below the edge's 50 submissions a minute from one address, with room for bursts.
const SUBMISSIONS_PER_ADDRESS_AND_MINUTE: f64 = 10.0;
const MIN_ADDRESSES: f64 = 2_000.0;
const MAX_ADDRESSES: f64 = 100_000.0;
/// How long people take to answer, in milliseconds.
const ANSWERING_MS: std::ops::Range<i64> = 40_000..300_000;

/// The people who open and answer the quizzes. The same seed draws the same people.
pub struct Crowd {
    quizzes: Vec<(std::sync::Arc<str>, Templates)>,
    clients: Clients,
    visitors: VecDeque<TimedId>,
    host: HeaderValue,
    rng: StdRng,
}

impl Crowd {
    /// As many client addresses as keep each of them below the edge's limits at the rates of `mix`.
    pub fn gather(quizzes: &[TrafficQuiz], mix: &Mix, target: SocketAddr, seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let submissions_a_minute = mix.submissions_per_second.max(mix.views_per_second / 10.0) * 60.0;
        let addresses =
            (submissions_a_minute / SUBMISSIONS_PER_ADDRESS_AND_MINUTE).clamp(MIN_ADDRESSES, MAX_ADDRESSES);
        let clients = Clients::draw(addresses as usize, &mut rng);
        let quizzes = quizzes.iter().map(|quiz| (quiz.id.clone(), Templates::draw(quiz, &mut rng))).collect();
        let host = HeaderValue::try_from(target.to_string()).expect("an address is printable ASCII");
        Self { quizzes, clients, visitors: VecDeque::new(), host, rng }
    }

    /// Somebody new opens a quiz.
    pub fn view(&mut self) -> Event {
        let now = now_ms();
        let visitor = mint(now, &mut self.rng);
        if self.visitors.len() == VISITORS_REMEMBERED {
            self.visitors.pop_front();
        }
        self.visitors.push_back(visitor);
        let by_pixel = self.rng.random_bool(PIXEL_SHARE);
        let (quiz, templates) = &self.quizzes[self.rng.random_range(0..self.quizzes.len())];
        let client = self.clients.any(&mut self.rng);
        let request = if by_pixel {
            let pixel = &templates.pixels[self.rng.random_range(0..templates.pixels.len())];
            let uri = format!("{pixel}{visitor}").try_into().expect("ids are plain ASCII");
            request(Method::GET, uri, &self.host, client, bytes::Bytes::new())
        } else {
            let tail = &templates.views[self.rng.random_range(0..templates.views.len())];
            let body = tail.behind(&format!(r#""visitorId":"{visitor}""#));
            request(Method::POST, templates.view_uri.clone(), &self.host, client, body)
        };
        Event { kind: EventKind::View, quiz: quiz.clone(), id: visitor.uuid(), valid: true, request }
    }

    /// Somebody finishes a quiz.
    pub fn submission(&mut self) -> Event {
        let now = now_ms();
        let id = mint(now, &mut self.rng);
        let visitor = self.visitor(now);
        let (quiz, templates) = &self.quizzes[self.rng.random_range(0..self.quizzes.len())];
        let tail = &templates.submissions[self.rng.random_range(0..templates.submissions.len())];
        let started_at = now - self.rng.random_range(ANSWERING_MS);
        let body = tail.behind(&submission_head(&id.to_string(), &visitor, started_at, now));
        let client = self.clients.any(&mut self.rng);
        let request = request(Method::POST, templates.submit_uri.clone(), &self.host, client, body);
        Event { kind: EventKind::Submission, quiz: quiz.clone(), id: id.uuid(), valid: true, request }
    }

    /// A submission that must be refused.
    pub fn invalid_submission(&mut self) -> Event {
        let now = now_ms();
        let id = mint(now, &mut self.rng);
        let visitor = self.visitor(now);
        let (quiz, templates) = &self.quizzes[self.rng.random_range(0..self.quizzes.len())];
        let (flaw, tail) = &templates.invalid[self.rng.random_range(0..templates.invalid.len())];
        let id_in_body = flaw.response_id(now, &id, &mut self.rng);
        let started_at = now - self.rng.random_range(ANSWERING_MS);
        let mut body = tail.behind(&submission_head(&id_in_body, &visitor, started_at, now));
        body.truncate(flaw.kept_bytes(body.len()));
        // What stands in the log would stand there under the id of the body.
        let id = Uuid::try_parse(&id_in_body).unwrap_or(id.uuid());
        let client = self.clients.any(&mut self.rng);
        let request = request(Method::POST, templates.submit_uri.clone(), &self.host, client, body);
        Event { kind: EventKind::Submission, quiz: quiz.clone(), id, valid: false, request }
    }

    fn visitor(&mut self, now: i64) -> TimedId {
        if self.visitors.is_empty() {
            return mint(now, &mut self.rng);
        }
        self.visitors[self.rng.random_range(0..self.visitors.len())]
    }
}

fn request(
    method: Method,
    uri: hyper::Uri,
    host: &HeaderValue,
    client: &Client,
    body: bytes::Bytes,
) -> EventRequest {
    EventRequest {
        method,
        uri,
        host: host.clone(),
        user_agent: client.browser.clone(),
        forwarded_for: client.address.clone(),
        country: client.country.clone(),
        body,
    }
}

fn submission_head(response_id: &str, visitor: &TimedId, started_at: i64, submitted_at: i64) -> String {
    format!(
        r#""responseId":"{response_id}","visitorId":"{visitor}","startedAt":{started_at},"submittedAt":{submitted_at}"#
    )
}

fn mint(now_ms: i64, rng: &mut impl Rng) -> TimedId {
    TimedId::mint_at(u64::try_from(now_ms).unwrap_or(0), &rng.random())
}

fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use vendzz_schemas::definition::{SubmissionContext, check_submission};
    use vendzz_schemas::json::parse_strict;

    use super::*;
    use crate::traffic::read_quiz_files;

    fn quizzes() -> Vec<TrafficQuiz> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/examples");
        let files = read_quiz_files(folder.as_ref()).unwrap();
        files.iter().map(|file| TrafficQuiz::new(&file.id, 3, &file.document).unwrap()).collect()
    }

    fn crowd(quizzes: &[TrafficQuiz]) -> Crowd {
        Crowd::gather(quizzes, &Mix::realistic(10.0), "127.0.0.1:8080".parse().unwrap(), 1)
    }

    /// Why the edge would refuse it, by the same rules; `None` when it would take it.
    fn refusal(quizzes: &[TrafficQuiz], event: &Event) -> Option<String> {
        let body = match parse_strict(event.request.body()) {
            Ok(body) => body,
            Err(problem) => return Some(problem.to_string()),
        };
        let id = match TimedId::parse(body["responseId"].as_str().unwrap()) {
            Ok(id) => id,
            Err(problem) => return Some(problem.to_string()),
        };
        let now = now_ms();
        if id.minted_at() > now + 300_000 {
            return Some("from the future".to_owned());
        }
        let quiz = quizzes.iter().find(|quiz| quiz.id == event.quiz).unwrap();
        let context = SubmissionContext { answered_version_is_current: true, received_at_ms: now };
        let answers = body["answers"].as_object().unwrap();
        check_submission(&quiz.compiled, answers, &context).err().map(|problems| format!("{problems:?}"))
    }

    #[test]
    fn valid_submissions_pass_the_check_and_invalid_ones_never_do() {
        let quizzes = quizzes();
        let mut crowd = crowd(&quizzes);
        for _ in 0..1_000 {
            let valid = crowd.submission();
            assert_eq!(refusal(&quizzes, &valid), None, "{:?}", valid.request.body());
            let invalid = crowd.invalid_submission();
            assert!(refusal(&quizzes, &invalid).is_some(), "{:?}", invalid.request.body());
        }
    }

    #[test]
    fn a_view_carries_the_id_that_it_is_known_by() {
        let quizzes = quizzes();
        let mut crowd = crowd(&quizzes);
        for _ in 0..200 {
            let view = crowd.view();
            let request = view.request.to_http();
            if request.method() == Method::GET {
                let query = request.uri().query().unwrap();
                assert!(query.ends_with(&view.id.to_string()), "{query}");
            } else {
                let body: Value = serde_json::from_slice(view.request.body()).unwrap();
                assert_eq!(body["visitorId"], view.id.to_string());
            }
        }
    }
}
