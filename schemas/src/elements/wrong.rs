//! Answers that are always refused, as broken pages and strangers send them.

use rand::{Rng, RngExt};
use serde_json::{Value, json};

use super::{AnswerType, Settings, find};
use crate::definition::Element;

/// Not the syntax of an id, so no version can have offered it.
const NEVER_AN_ID: &str = "não existe!";

/// An answer that the element's check refuses in the version at hand.
pub fn wrong_answer(element: &Element, rng: &mut impl Rng) -> Value {
    let mut candidates = match find(&element.element_type) {
        None => vec![json!([["nested"]])],
        Some(element_type) => {
            let settings = Settings::new(element_type, element);
            let mut candidates = of_wrong_type(element_type.answer);
            candidates.extend(of_wrong_content(&settings));
            candidates
        }
    };
    let chosen = rng.random_range(0..candidates.len());
    candidates.swap_remove(chosen)
}

fn of_wrong_type(answer: AnswerType) -> Vec<Value> {
    match answer {
        AnswerType::None => vec![json!("an answer to what is no question"), json!(true)],
        AnswerType::Boolean => vec![json!("sim"), json!(1), json!([true])],
        AnswerType::Long => vec![json!("5"), json!(2.5), json!(true), json!({"value": 5})],
        AnswerType::Double => vec![json!("12,5"), json!(false), json!([1.5])],
        AnswerType::Text => {
            vec![json!(42), json!(true), json!(["text"]), json!({"text": "text"}), json!("x".repeat(10_001))]
        }
        AnswerType::ListOfText => {
            vec![json!("a"), json!([1, 2]), json!([["a"]]), json!({"0": "a"}), json!(vec!["a"; 201])]
        }
        AnswerType::MapOfText => vec![json!("a"), json!(["a"]), json!({"a": 1}), json!({"a": {"b": "c"}})],
    }
}

fn of_wrong_content(settings: &Settings) -> Vec<Value> {
    match settings.element_type.name {
        "short_text" | "long_text" => too_long(settings.count("maxLength")),
        "name" => vec![json!("12345"), json!("!?"), json!("a".repeat(121))],
        "email" => vec![
            json!("ana@"),
            json!("ana.exemplo.com"),
            json!("ana souza@exemplo.com"),
            json!("ana@localhost"),
        ],
        "phone" => vec![json!("123"), json!("+55 20 98765-4321"), json!("ligue já"), json!("00000000000")],
        "number" | "slider" | "weight" | "currency" => beyond(settings),
        "height" | "scale" => vec![json!(1_000), json!(-1_000)],
        "rating" => vec![json!(0), json!(11)],
        "nps" => vec![json!(-1), json!(11)],
        "date" => vec![json!("2023-02-29"), json!("31/12/2024"), json!("hoje")],
        "birth_date" => vec![json!("2199-01-01"), json!("1990-13-01"), json!("01/01/1990")],
        "time" => vec![json!("24:00"), json!("7h30"), json!("07:60")],
        "single_choice" if settings.flag("allowOther") => vec![json!("x".repeat(201))],
        "single_choice" | "image_choice" | "dropdown" => vec![json!(NEVER_AN_ID)],
        "multiple_choice" => vec![json!([NEVER_AN_ID, "também não!"]), json!([NEVER_AN_ID, NEVER_AN_ID])],
        "ranking" => vec![json!([NEVER_AN_ID])],
        "matrix" => vec![json!({NEVER_AN_ID: NEVER_AN_ID})],
        "address" => vec![json!({"cep": "00000-000"}), json!({"planet": "Terra"})],
        "cpf" => vec![json!("529.982.247-24"), json!("111.111.111-11"), json!("123")],
        "cnpj" => vec![json!("11.222.333/0001-80"), json!("00000000000000")],
        "cep" => vec![json!("00000-000"), json!("1310-100")],
        "consent" if settings.required() => vec![json!(false)],
        "hidden" => vec![json!("x".repeat(501))],
        _ => Vec::new(),
    }
}

fn too_long(max: Option<usize>) -> Vec<Value> {
    max.into_iter().map(|max| json!("x".repeat(max + 1))).collect()
}

fn beyond(settings: &Settings) -> Vec<Value> {
    let below = settings.decimal("min").map(|min| json!(min - 1.0 - min.abs() / 2.0));
    let above = settings.decimal("max").map(|max| json!(max + 1.0 + max.abs() / 2.0));
    below.into_iter().chain(above).collect()
}
