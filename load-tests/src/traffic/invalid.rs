//! Submissions that must be refused, as broken pages and strangers send them.

use rand::seq::IndexedRandom;
use rand::{Rng, RngExt};
use serde_json::{Map, Value, json};
use vendzz_schemas::definition::sample_answers;
use vendzz_schemas::elements::wrong_answer;
use vendzz_schemas::ids::TimedId;

use super::TrafficQuiz;

/// Far beyond what an id may be ahead of the edge's clock.
const TOO_FAR_AHEAD_MS: i64 = 3_600_000;

/// What is wrong with a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    WrongAnswer,
    UnknownElement,
    MissingRequired,
    TruncatedBody,
    IdNotTimed,
    IdFromTheFuture,
}

impl Flaw {
    pub(super) const ALL: [Self; 6] = [
        Self::WrongAnswer,
        Self::UnknownElement,
        Self::MissingRequired,
        Self::TruncatedBody,
        Self::IdNotTimed,
        Self::IdFromTheFuture,
    ];

    /// The answers of a plausible person, spoilt where the flaw is one of answers.
    pub(super) fn answers(self, quiz: &TrafficQuiz, rng: &mut impl Rng) -> Map<String, Value> {
        let mut answers = sample_answers(&quiz.document, &quiz.compiled, rng);
        match self {
            Self::WrongAnswer => {
                let element = quiz.document.elements.choose(rng).expect("a quiz has one element at least");
                answers.insert(element.id.clone(), wrong_answer(element, rng));
            }
            Self::UnknownElement => {
                answers.insert("elemento-que-nunca-existiu".to_owned(), json!("x"));
            }
            Self::MissingRequired => {
                // Everyone is led to the first question.
                let first = quiz.document.elements.iter().find(|element| element.required);
                if let Some(first) = first {
                    answers.remove(&first.id);
                }
            }
            Self::TruncatedBody | Self::IdNotTimed | Self::IdFromTheFuture => {}
        }
        answers
    }

    /// The id that is written into the body.
    pub(super) fn response_id(self, now_ms: i64, id: &TimedId, rng: &mut impl Rng) -> String {
        match self {
            Self::IdNotTimed => uuid::Builder::from_random_bytes(rng.random()).into_uuid().to_string(),
            Self::IdFromTheFuture => {
                let millis = u64::try_from(now_ms + TOO_FAR_AHEAD_MS).unwrap_or(0);
                TimedId::mint_at(millis, &rng.random()).to_string()
            }
            _ => id.to_string(),
        }
    }

    /// Bytes left of a body of this length.
    pub(super) fn kept_bytes(self, length: usize) -> usize {
        if self == Self::TruncatedBody { length * 2 / 3 } else { length }
    }
}
