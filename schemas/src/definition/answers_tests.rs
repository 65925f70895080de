use std::collections::BTreeSet;

use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::json;

use super::*;
use crate::definition::testing::{choice, compiled, document, examples, text};
use crate::definition::{History, sample_answers};
use crate::elements::wrong_answer;

/// 2026-03-01 12:00 UTC.
const RECEIVED_AT_MS: i64 = 1_772_366_400_000;
const CURRENT: SubmissionContext =
    SubmissionContext { answered_version_is_current: true, received_at_ms: RECEIVED_AT_MS };
const OLDER: SubmissionContext = SubmissionContext { answered_version_is_current: false, ..CURRENT };

fn check(
    quiz: &CompiledQuiz,
    answers: Value,
    context: &SubmissionContext,
) -> Result<CheckedAnswers, Vec<FieldProblem>> {
    let Value::Object(answers) = answers else { panic!("answers are an object") };
    check_submission(quiz, &answers, context)
}

fn problems(quiz: &CompiledQuiz, answers: Value, context: &SubmissionContext) -> Vec<(String, &'static str)> {
    let found = check(quiz, answers, context).err().unwrap_or_default();
    found.into_iter().map(|problem| (problem.pointer, problem.code)).collect()
}

fn all_types() -> CompiledQuiz {
    compiled(
        json!([
            {"id": "text", "type": "short_text", "label": "?", "properties": {"minLength": 2, "maxLength": 5}},
            {"id": "email", "type": "email", "label": "?"},
            {"id": "phone", "type": "phone", "label": "?"},
            {"id": "number", "type": "number", "label": "?", "properties": {"min": 1, "max": 9, "step": 0.5}},
            {"id": "money", "type": "currency", "label": "?"},
            {"id": "nps", "type": "nps", "label": "?"},
            {"id": "date", "type": "date", "label": "?", "properties": {"minDate": "2024-01-01"}},
            {"id": "born", "type": "birth_date", "label": "?", "properties": {"minAge": 18}},
            {"id": "time", "type": "time", "label": "?", "properties": {"maxTime": "20:00"}},
            choice("one", &["x", "y"]),
            {"id": "many", "type": "multiple_choice", "label": "?", "properties": {"maxChoices": 2},
             "choices": [{"id": "x", "label": "X"}, {"id": "y", "label": "Y"}, {"id": "z", "label": "Z"}]},
            {"id": "rank", "type": "ranking", "label": "?",
             "choices": [{"id": "x", "label": "X"}, {"id": "y", "label": "Y"}]},
            {"id": "matrix", "type": "matrix", "label": "?", "properties": {
                "rows": [{"id": "r1", "label": "R"}, {"id": "r2", "label": "R"}],
                "columns": [{"id": "c1", "label": "C"}]}},
            {"id": "yes", "type": "yes_no", "label": "?"},
            {"id": "title", "type": "heading", "properties": {"text": "T"}},
        ]),
        json!([]),
    )
}

#[test]
fn answers_are_kept_in_one_form() {
    let sent = json!({
        "email": " Ana@Exemplo.com.BR ", "phone": "(11) 98765-4321", "number": 2, "money": 10.25, "nps": 9.0,
        "date": "2024-02-29", "born": "2008-03-01", "one": "x", "many": ["z", "x"], "rank": ["y", "x"],
        "matrix": {"r1": "c1", "r2": "c1"}, "yes": false, "text": "olá",
    });
    let checked = check(&all_types(), sent, &CURRENT).expect("right answers");
    let expected = [
        ("date", AnswerValue::Text("2024-02-29".into())),
        ("born", AnswerValue::Text("2008-03-01".into())),
        ("email", AnswerValue::Text("Ana@exemplo.com.br".into())),
        ("many", AnswerValue::List(vec!["z".into(), "x".into()])),
        ("matrix", AnswerValue::Map([("r1".into(), "c1".into()), ("r2".into(), "c1".into())].into())),
        ("money", AnswerValue::Double(10.25)),
        ("nps", AnswerValue::Long(9)),
        ("number", AnswerValue::Double(2.0)),
        ("one", AnswerValue::Text("x".into())),
        ("phone", AnswerValue::Text("+5511987654321".into())),
        ("rank", AnswerValue::List(vec!["y".into(), "x".into()])),
        ("text", AnswerValue::Text("olá".into())),
        ("yes", AnswerValue::Bool(false)),
    ];
    assert_eq!(checked.answers, expected.map(|(id, answer)| (id.to_owned(), answer)).into());
    assert!(!checked.stale);
}

#[test]
fn each_wrong_answer_has_its_place_and_code() {
    // The answer, its code, and whether an older version's submission is refused for it too.
    let cases = [
        ("text", json!(5), "wrong_type", true),
        ("text", json!("a\0b"), "null_character", true),
        ("text", json!("x".repeat(10_001)), "too_large", true),
        ("text", json!("a"), "too_short", false),
        ("text", json!("abcdef"), "too_long", false),
        ("email", json!("ana@"), "bad_email", true),
        ("phone", json!("123"), "bad_phone", false),
        ("phone", json!("1".repeat(41)), "too_large", true),
        ("number", json!("2"), "wrong_type", true),
        ("number", json!(0.5), "too_small", false),
        ("number", json!(9.5), "too_big", false),
        ("number", json!(1.25), "off_step", false),
        ("money", json!(10.255), "off_step", false),
        ("money", json!(-1), "too_small", false),
        ("nps", json!(11), "too_big", false),
        ("nps", json!(1.5), "wrong_type", true),
        ("date", json!("2024-02-30"), "bad_date", true),
        ("date", json!("2023-12-31"), "too_early", false),
        ("born", json!("2008-03-02"), "too_young", false),
        ("born", json!("2026-03-02"), "bad_birth_date", true),
        ("time", json!("20:01"), "too_late", false),
        ("time", json!("24:00"), "bad_time", true),
        ("one", json!("z"), "not_offered", false),
        ("one", json!(["x"]), "wrong_type", true),
        ("one", json!("x".repeat(201)), "too_large", true),
        ("many", json!(["x", "q"]), "not_offered", false),
        ("many", json!(["x", "y", "z"]), "too_many", false),
        ("many", json!(["x", "x"]), "repeated", true),
        ("rank", json!(["x"]), "not_a_ranking", false),
        ("rank", json!(["x", "q"]), "not_offered", false),
        ("matrix", json!({"r9": "c1"}), "unknown_row", false),
        ("matrix", json!({"r1": "c9"}), "unknown_column", false),
        ("matrix", json!({"r1": "c1"}), "rows_missing", false),
        ("yes", json!("true"), "wrong_type", true),
        ("title", json!("x"), "not_a_question", true),
        ("never", json!("x"), "unknown_element", true),
        ("ne/ver", json!("x"), "unknown_element", true),
    ];
    let quiz = all_types();
    for (id, answer, code, is_form) in cases {
        let pointer = format!("/answers/{}", id.replace('/', "~1"));
        let expected = [(pointer, code)];
        assert_eq!(problems(&quiz, json!({id: answer}), &CURRENT), expected, "{id}: {answer}");
        if is_form {
            assert_eq!(problems(&quiz, json!({id: answer}), &OLDER), expected, "{id}: {answer}");
        } else {
            let kept = check(&quiz, json!({id: answer}), &OLDER).expect("kept");
            assert!(kept.stale && kept.answers.contains_key(id), "{id}: {answer}");
        }
    }
}

#[test]
fn all_problems_are_named_at_once_up_to_a_bound() {
    let found = problems(&all_types(), json!({"email": "x", "nps": 11, "zzz": 1}), &CURRENT);
    let expected =
        [("/answers/email", "bad_email"), ("/answers/nps", "too_big"), ("/answers/zzz", "unknown_element")];
    assert_eq!(found, expected.map(|(pointer, code)| (pointer.to_owned(), code)));

    let many: Value = (0..1_000).map(|number| (format!("x{number}"), json!(1))).collect::<Map<_, _>>().into();
    assert_eq!(problems(&all_types(), many, &CURRENT).len(), MAX_PROBLEMS);
    let long_id = problems(&all_types(), json!({"k".repeat(5_000): 1}), &CURRENT);
    assert!(long_id[0].0.len() < 100);
}

#[test]
fn no_answer_has_many_forms() {
    let quiz =
        compiled(json!([{"id": "a", "type": "short_text", "label": "?", "required": true}]), json!([]));
    for nothing in [json!(null), json!(""), json!("  \n"), json!([]), json!({})] {
        let expected = [("/answers/a".to_owned(), "required")];
        assert_eq!(problems(&quiz, json!({"a": nothing}), &CURRENT), expected, "{nothing}");
    }
    assert_eq!(problems(&quiz, json!({}), &CURRENT), [("/answers/a".to_owned(), "required")]);
    assert_eq!(problems(&quiz, json!({"a": 5}), &CURRENT), [("/answers/a".to_owned(), "wrong_type")]);
    let older = check(&quiz, json!({}), &OLDER).expect("kept");
    assert!(older.stale && older.answers.is_empty());
}

#[test]
fn a_consent_that_is_required_must_be_given() {
    let consent = |required: bool| {
        let element = json!({"id": "c", "type": "consent", "label": "?", "required": required, "properties": {"text": "t"}});
        compiled(json!([element]), json!([]))
    };
    assert_eq!(
        problems(&consent(true), json!({"c": false}), &CURRENT),
        [("/answers/c".to_owned(), "consent_needed")]
    );
    assert_eq!(problems(&consent(true), json!({"c": true}), &CURRENT), []);
    assert_eq!(problems(&consent(false), json!({"c": false}), &CURRENT), []);
}

#[test]
fn required_only_where_the_logic_leads() {
    let mut company = text("company");
    company["required"] = json!(true);
    let quiz = compiled(
        json!([choice("who", &["me", "firm"]), company, text("last")]),
        json!([{"from": "who", "when": {"element": "who", "is": "equals", "value": "me"}, "goTo": "last"}]),
    );
    let missing = [("/answers/company".to_owned(), "required")];
    assert_eq!(problems(&quiz, json!({"who": "me"}), &CURRENT), []);
    assert_eq!(problems(&quiz, json!({"who": "firm"}), &CURRENT), missing);
    assert_eq!(problems(&quiz, json!({}), &CURRENT), missing);
    // One who went back and chose another way: the answer is kept.
    let kept = check(&quiz, json!({"who": "me", "company": "ACME"}), &CURRENT).expect("kept");
    assert!(kept.answers.contains_key("company") && !kept.stale);
}

#[test]
fn an_edited_quiz_loses_no_lead() {
    let first = document(json!([text("gone"), choice("one", &["x", "y"])]), json!([]));
    let mut needed = text("new");
    needed["required"] = json!(true);
    let second = document(json!([choice("one", &["y"]), needed]), json!([]));
    let history = History::after(Some(&History::after(None, &first)), &second);
    let quiz = CompiledQuiz::new(&second, &history.retired_from(&second));

    let sent = json!({"gone": "still here", "one": "x"});
    let kept = check(&quiz, sent.clone(), &OLDER).expect("a lead");
    assert!(kept.stale);
    assert_eq!(kept.answers.keys().map(String::as_str).collect::<Vec<_>>(), ["gone", "one"]);
    assert_eq!(
        problems(&quiz, sent, &CURRENT),
        [("/answers/gone", "removed_element"), ("/answers/one", "not_offered"), ("/answers/new", "required")]
            .map(|(pointer, code)| (pointer.to_owned(), code))
    );
    // What an older version's answers may not be: of a wrong type, or to what never was there.
    assert_eq!(problems(&quiz, json!({"gone": 5}), &OLDER), [("/answers/gone".to_owned(), "wrong_type")]);
    assert_eq!(
        problems(&quiz, json!({"never": "x"}), &OLDER),
        [("/answers/never".to_owned(), "unknown_element")]
    );
    // An older version whose answers fit this one too is not stale.
    assert!(!check(&quiz, json!({"one": "y", "new": "n"}), &OLDER).expect("fits").stale);
}

#[test]
fn answers_to_a_type_of_a_newer_build_are_taken_by_form() {
    let document = serde_json::from_value(json!({
        "accountId": "a", "title": "t", "language": "pt", "timeZone": "UTC",
        "elements": [{"id": "x", "type": "telepathy", "label": "?", "required": true}],
    }))
    .expect("a document");
    let quiz = CompiledQuiz::new(&document, &[]);
    for answer in [json!("a"), json!(1), json!(1.5), json!(true), json!(["a"]), json!({"a": "b"})] {
        assert_eq!(problems(&quiz, json!({"x": answer}), &CURRENT), []);
    }
    assert_eq!(problems(&quiz, json!({"x": [["a"]]}), &CURRENT), [("/answers/x".to_owned(), "wrong_type")]);
}

#[test]
fn samples_of_the_examples_are_accepted_and_go_many_ways() {
    let now = SubmissionContext { received_at_ms: chrono::Utc::now().timestamp_millis(), ..CURRENT };
    for (name, document) in examples() {
        let quiz = CompiledQuiz::new(&document, &[]);
        let mut rng = StdRng::seed_from_u64(7);
        let mut ways = BTreeSet::new();
        let mut answered = BTreeSet::new();
        for _ in 0..2_000 {
            let answers = sample_answers(&document, &quiz, &mut rng);
            let checked = check_submission(&quiz, &answers, &now)
                .unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
            let shown = quiz.shown(&checked.answers);
            assert!(checked.answers.keys().all(|id| shown.contains(&id.as_str())), "{name}");
            ways.insert(shown.join(" "));
            answered.extend(checked.answers.into_keys());
        }
        assert!(ways.len() >= 3, "{name}: {} ways", ways.len());
        let inputs = document.elements.iter().filter(|element| {
            crate::elements::find(&element.element_type).is_some_and(crate::elements::ElementType::is_input)
        });
        for input in inputs {
            assert!(answered.contains(&input.id), "{name}: {} is never answered", input.id);
        }
    }
}

#[test]
fn one_wrong_answer_spoils_a_submission() {
    let now = SubmissionContext { received_at_ms: chrono::Utc::now().timestamp_millis(), ..CURRENT };
    let mut rng = StdRng::seed_from_u64(8);
    for (name, document) in examples() {
        let quiz = CompiledQuiz::new(&document, &[]);
        for element in &document.elements {
            for _ in 0..50 {
                let mut answers = sample_answers(&document, &quiz, &mut rng);
                let wrong = wrong_answer(element, &mut rng);
                answers.insert(element.id.clone(), wrong.clone());
                let problems = check_submission(&quiz, &answers, &now).expect_err(name);
                let expected = format!("/answers/{}", element.id);
                assert!(
                    problems.iter().any(|problem| problem.pointer == expected),
                    "{name} {expected} {wrong}"
                );
            }
        }
    }
}

/// Any JSON, with ids that the quiz knows among its keys.
fn any_answers() -> impl Strategy<Value = Value> {
    let id = prop_oneof![
        "[a-z]{1,6}",
        prop::sample::select(vec!["text", "email", "phone", "many", "matrix", "born", "title"])
            .prop_map(str::to_owned)
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        "[0-9:-]{0,12}".prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z0-9]{0,3}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    prop::collection::btree_map(id, value, 0..6).prop_map(|map| Value::Object(map.into_iter().collect()))
}

proptest! {
    #[test]
    fn what_is_accepted_now_is_accepted_from_an_older_version_unchanged(answers in any_answers()) {
        let quiz = all_types();
        match check(&quiz, answers.clone(), &CURRENT) {
            Ok(checked) => prop_assert_eq!(check(&quiz, answers, &OLDER), Ok(checked)),
            Err(problems) => prop_assert!(!problems.is_empty()),
        }
    }

    #[test]
    fn what_is_kept_is_accepted_again_unchanged(answers in any_answers()) {
        let quiz = all_types();
        if let Ok(checked) = check(&quiz, answers, &CURRENT) {
            let again = serde_json::to_value(&checked.answers).expect("answers are JSON");
            prop_assert_eq!(check(&quiz, again, &CURRENT), Ok(checked));
        }
    }
}

#[test]
fn a_partial_response_is_asked_for_form_alone() {
    let quiz = compiled(
        json!([
            {"id": "name", "type": "name", "label": "?", "required": true},
            {"id": "email", "type": "email", "label": "?"},
            {"id": "phone", "type": "phone", "label": "?"},
            {"id": "nps", "type": "nps", "label": "?"},
            {"id": "title", "type": "heading", "properties": {"text": "T"}},
        ]),
        json!([]),
    );
    let partial = |answers: Value| {
        let Value::Object(answers) = answers else { panic!("answers are an object") };
        let checked = check_partial(&quiz, &answers, RECEIVED_AT_MS);
        checked.map(|checked| (checked.answers.len(), checked.stale, checked.contact_given))
    };
    // Answers → how many are kept, whether they fail this version, whether they give a contact.
    for (answers, expected) in [
        (json!({}), (0, false, false)),
        (json!({"name": "Ana"}), (1, false, false)),
        (json!({"email": "ana@exemplo.com"}), (1, false, true)),
        (json!({"phone": "(11) 98765-4321"}), (1, false, true)),
        (json!({"phone": "(11) 9876"}), (1, true, false)),
        (json!({"nps": 11}), (1, true, false)),
        (json!({"email": " ", "phone": null}), (0, false, false)),
    ] {
        assert_eq!(partial(answers.clone()), Ok(expected), "{answers}");
    }
    for (answers, code) in [
        (json!({"email": "ana@"}), "bad_email"),
        (json!({"name": 7}), "wrong_type"),
        (json!({"title": "x"}), "not_a_question"),
        (json!({"nobody": 1}), "unknown_element"),
    ] {
        assert_eq!(partial(answers.clone()).unwrap_err()[0].code, code, "{answers}");
    }
}
