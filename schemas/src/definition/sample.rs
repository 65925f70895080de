use std::collections::BTreeMap;

use rand::{Rng, RngExt};
use serde_json::{Map, Value};

use super::{CompiledQuiz, QuizDocument};
use crate::elements::{CheckContext, Verdict, sample_answer};

/// How often a question that need not be answered is answered.
const ANSWERED_OPTIONAL: f64 = 0.85;

/// The answers of one plausible quiz taker, who follows the quiz's logic from the first element to the
/// end. They pass the check of this version when they are received today.
pub fn sample_answers(
    document: &QuizDocument,
    quiz: &CompiledQuiz,
    rng: &mut impl Rng,
) -> Map<String, Value> {
    // Only birth dates know the time, and the sample leaves them days of room.
    let context =
        CheckContext { received_at_ms: chrono::Utc::now().timestamp_millis(), time_zone: quiz.time_zone() };
    let mut sent = Map::new();
    let mut kept = BTreeMap::new();
    let mut visited = vec![false; document.elements.len()];
    let mut current = Some(0);
    while let Some(place) = current
        && !std::mem::replace(&mut visited[place], true)
    {
        let element = &document.elements[place];
        let is_answered = element.required || rng.random_bool(ANSWERED_OPTIONAL);
        let answer = if is_answered { sample_answer(element, rng) } else { None };
        if let (Some(answer), Some(check)) = (answer, &quiz.elements[place].check) {
            if let Verdict::Good(value) = check.check(&answer, &context) {
                kept.insert(place, value);
            }
            sent.insert(element.id.clone(), answer);
        }
        current = quiz.flow().next(place, &|place| kept.get(&place));
    }
    sent
}
