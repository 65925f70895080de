//! Bodies rendered before the run, so that the generator only writes the ids in front of them.

use bytes::Bytes;
use hyper::Uri;
use rand::{Rng, RngExt};
use serde_json::{Map, Value, json};

use super::TrafficQuiz;
use super::invalid::Flaw;
use super::visitors::Origin;
use super::way::Way;

const SUBMISSIONS: usize = 4_096;
const VIEWS: usize = 64;
const INVALID_OF_EACH_FLAW: usize = 16;

/// Everything of one quiz that does not change from request to request.
#[derive(Debug)]
pub(super) struct Templates {
    pub(super) submit_uri: Uri,
    pub(super) view_uri: Uri,
    pub(super) progress_uri: Uri,
    pub(super) ways: Vec<Way>,
    pub(super) invalid: Vec<(Flaw, BodyTail)>,
    pub(super) views: Vec<BodyTail>,
    /// Path and query of the view pixel, up to the visitor's id.
    pub(super) pixels: Vec<String>,
}

/// A JSON object without its opening brace and its ids.
#[derive(Debug)]
pub(super) struct BodyTail(String);

impl Templates {
    pub(super) fn draw(quiz: &TrafficQuiz, rng: &mut impl Rng) -> Self {
        let base = format!("/api/quiz/{}", quiz.id);
        let path = |name: &str| format!("{base}/{name}").try_into().expect("ids are plain ASCII");
        let flawed = Flaw::ALL.into_iter().flat_map(|flaw| [flaw; INVALID_OF_EACH_FLAW]);
        Self {
            submit_uri: path("submit"),
            view_uri: path("view"),
            progress_uri: path("progress"),
            ways: (0..SUBMISSIONS).map(|_| Way::draw(quiz, rng)).collect(),
            views: (0..VIEWS).map(|_| view_tail(quiz, rng)).collect(),
            pixels: (0..VIEWS).map(|_| pixel_path(quiz, rng)).collect(),
            invalid: flawed
                .map(|flaw| {
                    let answers = flaw.answers(quiz, rng);
                    (flaw, BodyTail::of(with_answers(answers, arrival_of(quiz, rng))))
                })
                .collect(),
        }
    }
}

/// How somebody came: what beacons and submissions have in common.
pub(super) fn arrival_of(quiz: &TrafficQuiz, rng: &mut impl Rng) -> Value {
    let origin = Origin::draw(rng);
    let mut hidden = Map::new();
    for name in quiz.compiled.hidden_fields() {
        if rng.random_bool(0.5) {
            hidden.insert(name.clone(), json!(format!("{name}-{}", rng.random_range(1..100))));
        }
    }
    json!({ "version": quiz.version, "hidden": hidden, "utm": origin.utm(), "referrer": origin.referrer })
}

pub(super) fn with_answers(answers: Map<String, Value>, mut arrival: Value) -> Value {
    arrival["answers"] = Value::Object(answers);
    arrival
}

fn view_tail(quiz: &TrafficQuiz, rng: &mut impl Rng) -> BodyTail {
    let origin = Origin::draw(rng);
    BodyTail::of(json!({ "version": quiz.version, "utm": origin.utm(), "referrer": origin.referrer }))
}

fn pixel_path(quiz: &TrafficQuiz, rng: &mut impl Rng) -> String {
    let origin = Origin::draw(rng);
    format!(
        "/api/quiz/{}/view.gif?version={}&utm_source={}&utm_medium={}&utm_campaign={}&visitorId=",
        quiz.id, quiz.version, origin.source, origin.medium, origin.campaign
    )
}

impl BodyTail {
    pub(super) fn of(object: Value) -> Self {
        let text = object.to_string();
        let inside = text.strip_prefix('{').expect("an object begins with a brace");
        Self(inside.to_owned())
    }

    /// The whole body: `head` is the first members, without braces.
    pub(super) fn behind(&self, head: &str) -> Bytes {
        let mut body = String::with_capacity(head.len() + self.0.len() + 2);
        body.push('{');
        body.push_str(head);
        body.push(',');
        body.push_str(&self.0);
        body.into()
    }
}
