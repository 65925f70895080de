//! The way of one plausible person through a quiz: what was shown, for how long, what was answered, and the
//! bodies of the beacons and of the submission that tell of it.

use std::collections::BTreeMap;

use bytes::Bytes;
use rand::seq::IteratorRandom;
use rand::{Rng, RngExt};
use serde_json::{Map, Value, json};
use vendzz_schemas::definition::sample_answers;
use vendzz_schemas::events::AnswerValue;

use super::TrafficQuiz;
use super::templates::{BodyTail, arrival_of, with_answers};
use super::visitors::weighted_place;

/// How long one element is looked at, in milliseconds.
const MILLIS_ON_ELEMENT: std::ops::Range<i64> = 800..20_000;
/// How many beacons somebody sends who finishes: 0 to 3 with these weights, 1.8 on average.
const BEACONS_OF_A_FINISHER: [u32; 4] = [15, 20, 35, 30];
const BEACONS_OF_A_LEAVER: [u32; 4] = [0, 1, 1, 1];

#[derive(Debug)]
pub(super) struct Way {
    /// Id and milliseconds of each element shown, in order.
    elements: Vec<(String, i64)>,
    /// The place of the first answered element that asks for an e-mail address or a phone number.
    contact_at: Option<usize>,
    answers: Map<String, Value>,
    saves_partial: bool,
    /// Of the submission, and of a beacon without answers.
    submission: BodyTail,
    arrival: Value,
    beacon: BodyTail,
}

/// Where beacons are sent: after so many elements each, in order.
pub(super) type Cuts = Vec<usize>;

impl Way {
    pub(super) fn draw(quiz: &TrafficQuiz, rng: &mut impl Rng) -> Self {
        let answers = sample_answers(&quiz.document, &quiz.compiled, rng);
        let shown = quiz.compiled.shown(&values_of(&answers));
        let elements =
            shown.iter().map(|id| ((*id).to_owned(), rng.random_range(MILLIS_ON_ELEMENT))).collect();
        let asks_for_contact = |id: &str| {
            let element = quiz.document.elements.iter().find(|element| element.id == id);
            element.is_some_and(|element| matches!(element.element_type.as_str(), "email" | "phone"))
        };
        let contact_at = shown.iter().position(|id| asks_for_contact(id) && answers.contains_key(*id));
        let arrival = arrival_of(quiz, rng);
        Self {
            elements,
            contact_at,
            saves_partial: quiz.document.save_partial_responses,
            submission: BodyTail::of(with_answers(answers.clone(), arrival.clone())),
            answers,
            beacon: BodyTail::of(arrival.clone()),
            arrival,
        }
    }

    /// Of somebody who finishes.
    pub(super) fn cuts_of_a_finisher(&self, rng: &mut impl Rng) -> Cuts {
        let count = weighted_place(&BEACONS_OF_A_FINISHER, rng);
        self.cuts(count, self.elements.len(), rng)
    }

    /// Of somebody who leaves, half of them after a contact was given (where the way leads to one).
    pub(super) fn cuts_of_a_leaver(&self, rng: &mut impl Rng) -> Cuts {
        let count = weighted_place(&BEACONS_OF_A_LEAVER, rng);
        let last = match self.contact_at {
            Some(place) if rng.random_bool(0.5) => {
                // The element after it is shown: the contact's has been answered.
                let from = (place + 2).min(self.elements.len());
                rng.random_range(from..=self.elements.len())
            }
            Some(place) => rng.random_range(1..=place + 1),
            None => rng.random_range(1..=self.elements.len()),
        };
        let mut cuts = self.cuts(count - 1, last - 1, rng);
        cuts.push(last);
        cuts
    }

    fn cuts(&self, count: usize, up_to: usize, rng: &mut impl Rng) -> Cuts {
        let mut cuts = (1..=up_to).sample(rng, count);
        cuts.sort_unstable();
        cuts
    }

    /// Whether a contact was given before this cut's last element was shown.
    pub(super) fn has_contact_at(&self, cut: usize) -> bool {
        self.contact_at.is_some_and(|place| place + 1 < cut)
    }

    /// A beacon sent while the last of `cut` elements is shown; `reported` of them stood in the one before.
    pub(super) fn beacon(&self, head: &str, sequence: usize, reported: usize, cut: usize) -> Bytes {
        let elements = self.elements_up_to(cut, true);
        let head = format!(r#"{head},"sequence":{sequence},"elements":{elements},"reported":{reported}"#);
        if !(self.saves_partial && self.has_contact_at(cut)) {
            return self.beacon.behind(&head);
        }
        let answered = self.elements[..cut - 1].iter().filter_map(|(id, _)| {
            let answer = self.answers.get(id)?;
            Some((id.clone(), answer.clone()))
        });
        BodyTail::of(with_answers(answered.collect(), self.arrival.clone())).behind(&head)
    }

    /// The submission of somebody who sent beacons up to `reported` elements.
    pub(super) fn submission(&self, head: &str, reported: usize) -> Bytes {
        let elements = self.elements_up_to(self.elements.len(), false);
        self.submission.behind(&format!(r#"{head},"elements":{elements},"reported":{reported}"#))
    }

    /// The submission of somebody whose page tells nothing of the way.
    pub(super) fn plain_submission(&self, head: &str) -> Bytes {
        self.submission.behind(head)
    }

    fn elements_up_to(&self, cut: usize, last_is_open: bool) -> String {
        let elements = self.elements[..cut].iter().enumerate().map(|(place, (id, millis))| {
            // What is shown now was not looked at to its end.
            let millis = if last_is_open && place + 1 == cut { millis / 2 } else { *millis };
            json!({ "id": id, "millis": millis })
        });
        Value::Array(elements.collect()).to_string()
    }
}

/// The answers as the flow compares them; one that no condition can read is left out.
fn values_of(answers: &Map<String, Value>) -> BTreeMap<String, AnswerValue> {
    let read =
        |(id, answer): (&String, &Value)| Some((id.clone(), serde_json::from_value(answer.clone()).ok()?));
    answers.iter().filter_map(read).collect()
}
