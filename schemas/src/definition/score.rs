use std::collections::{BTreeMap, HashSet};

use super::{CompiledQuiz, Element, QuizDocument, QuizResult};
use crate::elements::{Settings, find};
use crate::events::AnswerValue;

/// What a response comes to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Sum of the scores of what was chosen.
    pub score: i64,
    /// The quiz's result whose range holds the score; None in a gap between the ranges.
    pub result: Option<QuizResult>,
}

/// The score and the result of these answers, by the version's logic: only elements that the answers lead
/// through count, each chosen one of their choices once; yes and no by `yesScore` and `noScore`. What was
/// answered on a way that was left again does not count. `compiled` must be made from `document`.
pub fn outcome(
    document: &QuizDocument,
    compiled: &CompiledQuiz,
    answers: &BTreeMap<String, AnswerValue>,
) -> Outcome {
    let shown: HashSet<&str> = compiled.shown(answers).into_iter().collect();
    let mut score: i64 = 0;
    for element in &document.elements {
        if !shown.contains(element.id.as_str()) {
            continue;
        }
        if let Some(answer) = answers.get(&element.id) {
            // The document of a newer build may allow larger scores than this one.
            score = score.saturating_add(score_of(element, answer));
        }
    }
    let holds_score = |result: &&QuizResult| (result.min_score..=result.max_score).contains(&score);
    Outcome { score, result: document.results.iter().find(holds_score).cloned() }
}

fn score_of(element: &Element, answer: &AnswerValue) -> i64 {
    match answer {
        AnswerValue::Bool(is_yes) => {
            let name = if *is_yes { "yesScore" } else { "noScore" };
            let element_type = find(&element.element_type);
            element_type.and_then(|kind| Settings::new(kind, element).whole(name)).unwrap_or(0)
        }
        AnswerValue::Text(chosen) => sum_of_chosen(element, |id| id == chosen),
        AnswerValue::List(chosen) => sum_of_chosen(element, |id| chosen.iter().any(|entry| entry == id)),
        AnswerValue::Long(_) | AnswerValue::Double(_) | AnswerValue::Map(_) => 0,
    }
}

fn sum_of_chosen(element: &Element, is_chosen: impl Fn(&str) -> bool) -> i64 {
    let chosen = element.choices.iter().filter(|choice| is_chosen(&choice.id));
    chosen.filter_map(|choice| choice.score).fold(0, i64::saturating_add)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::definition::testing::{document_json, examples};

    fn example(name: &str) -> (QuizDocument, CompiledQuiz) {
        let (_, document) = examples().into_iter().find(|(file, _)| *file == name).expect(name);
        let compiled = CompiledQuiz::new(&document, &[]);
        (document, compiled)
    }

    fn text(value: &str) -> AnswerValue {
        AnswerValue::Text(value.to_owned())
    }

    fn list(values: &[&str]) -> AnswerValue {
        AnswerValue::List(values.iter().map(|value| (*value).to_owned()).collect())
    }

    fn answers<const N: usize>(given: [(&str, AnswerValue); N]) -> BTreeMap<String, AnswerValue> {
        given.into_iter().map(|(element, answer)| (element.to_owned(), answer)).collect()
    }

    fn expect(quiz: &str, given: BTreeMap<String, AnswerValue>, score: i64, result: Option<&str>) {
        let (document, compiled) = example(quiz);
        let outcome = outcome(&document, &compiled, &given);
        assert_eq!(
            (outcome.score, outcome.result.as_ref().map(|result| result.id.as_str())),
            (score, result)
        );
    }

    #[test]
    fn chosen_choices_and_yes_or_no_add_up_along_the_way() {
        // pessoa 1, dividas 2, yes 4; the slider, the amount and the name have no score.
        let loan = answers([
            ("perfil", text("pessoa")),
            ("valor", AnswerValue::Double(20_000.0)),
            ("motivo", text("dividas")),
            ("garantia", AnswerValue::Bool(true)),
            ("nome", text("pessoa")),
        ]);
        expect("emprestimo.json", loan, 7, Some("com-garantia"));
        // 18-29 1, ate-5kg 1, two difficulties 2 + 1 with one of the taker's own, quase-nada 3.
        let diet = answers([
            ("idade", text("18-29")),
            ("objetivo", text("ate-5kg")),
            ("gestante", AnswerValue::Bool(false)),
            ("dificuldades", list(&["ansiedade", "tempo", "outra coisa"])),
            ("atividade", text("quase-nada")),
        ]);
        expect("emagrecimento.json", diet, 8, Some("ritmo"));
    }

    #[test]
    fn what_the_answers_do_not_lead_through_does_not_count() {
        // Somebody who is pregnant is led past the difficulties, whatever was answered there before.
        let diet = answers([
            ("idade", text("50-mais")),
            ("objetivo", text("mais-de-15kg")),
            ("gestante", AnswerValue::Bool(true)),
            ("dificuldades", list(&["ansiedade", "noite", "constancia"])),
            ("atividade", text("quase-nada")),
        ]);
        expect("emagrecimento.json", diet, 9, Some("ritmo"));
        // Design skips the question about programs (5 points).
        let course = answers([
            ("momento", text("primeiro-emprego")),
            ("area", text("design")),
            ("ja-programou", AnswerValue::Bool(true)),
        ]);
        expect("cursos.json", course, 2, Some("comece"));
    }

    #[test]
    fn without_answers_the_score_is_zero_and_a_gap_has_no_result() {
        for (quiz, result) in
            [("cursos.json", "comece"), ("emagrecimento.json", "leve"), ("emprestimo.json", "pessoal")]
        {
            expect(quiz, BTreeMap::new(), 0, Some(result));
        }
        let mut document = document_json(
            json!([{"id": "a", "type": "single_choice", "label": "?", "choices": [
                {"id": "x", "label": "X", "score": -5}, {"id": "y", "label": "Y"}]}]),
            json!([]),
        );
        document["results"] = json!([
            {"id": "low", "title": "L", "minScore": -10, "maxScore": -5},
            {"id": "high", "title": "H", "minScore": 1, "maxScore": 9},
        ]);
        let document: QuizDocument = serde_json::from_value(document).expect("a document");
        let compiled = CompiledQuiz::new(&document, &[]);
        let result_of = |choice: &str| outcome(&document, &compiled, &answers([("a", text(choice))])).result;
        assert_eq!(result_of("x").expect("in the low range").id, "low");
        assert_eq!(result_of("y"), None);
        assert_eq!(result_of("removed"), None);
    }

    #[test]
    fn scores_beyond_any_range_do_not_overflow() {
        let choices = json!([{"id": "x", "label": "X", "score": i64::MAX}, {"id": "y", "label": "Y", "score": i64::MAX}]);
        let element = json!({"id": "a", "type": "multiple_choice", "label": "?", "choices": choices});
        let document: QuizDocument =
            serde_json::from_value(document_json(json!([element]), json!([]))).expect("a document");
        let compiled = CompiledQuiz::new(&document, &[]);
        assert_eq!(outcome(&document, &compiled, &answers([("a", list(&["x", "y"]))])).score, i64::MAX);
    }
}
