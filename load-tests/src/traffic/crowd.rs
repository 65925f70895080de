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
use super::way::Cuts;
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

    /// Somebody finishes a quiz, whose page tells nothing of the way there.
    pub fn submission(&mut self) -> Event {
        let now = now_ms();
        let person = self.person(now);
        let (quiz, templates) = &self.quizzes[person.quiz];
        let way = &templates.ways[person.way];
        let started_at = now - self.rng.random_range(ANSWERING_MS);
        let body = way.plain_submission(&person.head(started_at, Some(now)));
        let request = request(Method::POST, templates.submit_uri.clone(), &self.host, &person.client, body);
        Event { kind: EventKind::Submission, quiz: quiz.clone(), id: person.id.uuid(), valid: true, request }
    }

    /// Somebody finishes a quiz and sends beacons on the way there.
    pub fn finisher(&mut self) -> Journey {
        let person = self.person(now_ms());
        let cuts = self.quizzes[person.quiz].1.ways[person.way].cuts_of_a_finisher(&mut self.rng);
        self.journey(&person, &cuts)
    }

    /// Somebody sends beacons and does not finish. What is given as the submission would be sent by one who
    /// comes back.
    pub fn leaver(&mut self) -> Journey {
        let person = self.person(now_ms());
        let cuts = self.quizzes[person.quiz].1.ways[person.way].cuts_of_a_leaver(&mut self.rng);
        self.journey(&person, &cuts)
    }

    fn journey(&mut self, person: &Person, cuts: &Cuts) -> Journey {
        let (quiz, templates) = &self.quizzes[person.quiz];
        let way = &templates.ways[person.way];
        let now = now_ms();
        let started_at = now - self.rng.random_range(ANSWERING_MS);
        let event = |kind, id, uri: &hyper::Uri, body| Event {
            kind,
            quiz: quiz.clone(),
            id,
            valid: true,
            request: request(Method::POST, uri.clone(), &self.host, &person.client, body),
        };
        let head = person.head(started_at, None);
        let mut beacons = Vec::with_capacity(cuts.len());
        let mut reported = 0;
        for (place, cut) in cuts.iter().enumerate() {
            let sequence = place + 1;
            let body = way.beacon(&head, sequence, reported, *cut);
            let id = beacon_id(person.id.uuid(), sequence as i64);
            beacons.push(event(EventKind::Beacon, id, &templates.progress_uri, body));
            reported = *cut;
        }
        let body = way.submission(&person.head(started_at, Some(now)), reported);
        let submission = event(EventKind::Submission, person.id.uuid(), &templates.submit_uri, body);
        Journey { beacons, submission, gave_contact: way.has_contact_at(reported) }
    }

    fn person(&mut self, now: i64) -> Person {
        let id = mint(now, &mut self.rng);
        let visitor = self.visitor(now);
        let quiz = self.rng.random_range(0..self.quizzes.len());
        let way = self.rng.random_range(0..self.quizzes[quiz].1.ways.len());
        Person { id, visitor, quiz, way, client: self.clients.any(&mut self.rng).clone() }
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

/// What somebody sends, in order.
pub struct Journey {
    /// 0 to 3.
    pub beacons: Vec<Event>,
    pub submission: Event,
    /// Whether a contact stands in the answers when the last beacon is sent.
    pub gave_contact: bool,
}

/// What a beacon is known by: its response's id and its number (1 to 3) in one.
pub fn beacon_id(response_id: Uuid, sequence: i64) -> Uuid {
    Uuid::from_u128(response_id.as_u128() ^ (u128::from(sequence.unsigned_abs()) << 56))
}

struct Person {
    id: TimedId,
    visitor: TimedId,
    quiz: usize,
    way: usize,
    client: Client,
}

impl Person {
    fn head(&self, started_at: i64, submitted_at: Option<i64>) -> String {
        match submitted_at {
            Some(submitted_at) => {
                submission_head(&self.id.to_string(), &self.visitor, started_at, submitted_at)
            }
            None => {
                format!(
                    r#""responseId":"{}","visitorId":"{}","startedAt":{started_at}"#,
                    self.id, self.visitor
                )
            }
        }
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
    fn a_journey_tells_of_one_way_and_each_part_of_it_once() {
        let quizzes = quizzes();
        let mut crowd = crowd(&quizzes);
        let (mut beacons, mut contacts) = (0, 0);
        for number in 0..2_000 {
            let leaves = number % 2 == 0;
            let journey = if leaves { crowd.leaver() } else { crowd.finisher() };
            assert_eq!(
                refusal(&quizzes, &journey.submission),
                None,
                "{:?}",
                journey.submission.request.body()
            );
            assert!(journey.beacons.len() <= 3 && !(leaves && journey.beacons.is_empty()));
            let submission: Value = serde_json::from_slice(journey.submission.request.body()).unwrap();
            let way = submission["elements"].as_array().unwrap();
            let mut reported = 0;
            for (place, beacon) in journey.beacons.iter().enumerate() {
                let body = parse_strict(beacon.request.body()).unwrap();
                let elements = body["elements"].as_array().unwrap();
                assert_eq!(
                    (&body["responseId"], body["sequence"].as_u64()),
                    (&submission["responseId"], Some(place as u64 + 1))
                );
                assert_eq!(body["reported"].as_u64(), Some(reported));
                assert!(
                    elements.len() as u64 > reported
                        && elements.iter().zip(way).all(|(a, b)| a["id"] == b["id"])
                );
                reported = elements.len() as u64;
                beacons += 1;
            }
            assert_eq!(submission["reported"].as_u64(), Some(reported));
            contacts += u32::from(leaves && journey.gave_contact);
        }
        // 1.8 of those who finish and 2 of those who leave.
        assert!((3_500..4_100).contains(&beacons), "{beacons}");
        assert!((400..600).contains(&contacts), "{contacts} of 1,000 leave after giving a contact");
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
