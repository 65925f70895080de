//! The order of the rules: typed element, validated value, whole-word label.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use vendzz_processors::leads::{Contacts, Evidence, LeadElements, detect};
use vendzz_schemas::definition::{QuizDocument, RetiredElement};
use vendzz_schemas::events::AnswerValue;

fn found(elements: Value, answers: Value, retired: &[RetiredElement]) -> Contacts {
    let document = json!({
        "accountId": "account", "title": "Quiz", "language": "pt-BR", "timeZone": "America/Sao_Paulo", "elements": elements,
    });
    let document: QuizDocument = serde_json::from_value(document).expect("a quiz document");
    let answers: BTreeMap<String, AnswerValue> = serde_json::from_value(answers).expect("answers");
    detect(&LeadElements::new(&document, retired), &answers)
}

#[test]
fn a_validated_value_goes_before_one_that_only_the_label_makes() {
    let questions = json!([
        {"id": "labelled", "type": "short_text", "label": "E-mail"},
        {"id": "digits", "type": "number", "label": "WhatsApp"},
        {"id": "free", "type": "long_text", "label": "Algo mais?"},
    ]);
    let answers = json!({
        "labelled": "ana arroba gmail ponto com", "digits": 11_987_654_321_u64,
        "free": "meu e-mail é bia@exemplo.com e meu celular (21) 98888-7777",
    });
    let contacts = found(questions.clone(), answers, &[]);
    let (email, phone) = (contacts.email.unwrap(), contacts.phone.unwrap());
    assert_eq!((email.value.as_str(), email.element_id.as_str()), ("bia@exemplo.com", "free"));
    assert_eq!((phone.value.as_str(), phone.element_id.as_str()), ("+5521988887777", "free"));
    assert_eq!((email.evidence, phone.evidence), (Evidence::ValidatedValue, Evidence::ValidatedValue));

    let contacts = found(
        questions,
        json!({"labelled": "ana arroba gmail ponto com", "digits": 11_987_654_321_u64}),
        &[],
    );
    let (email, phone) = (contacts.email.unwrap(), contacts.phone.unwrap());
    assert_eq!((email.value.as_str(), email.evidence), ("ana@gmail.com", Evidence::Label));
    assert_eq!((phone.value.as_str(), phone.evidence), ("+5511987654321", Evidence::Label));
}

#[test]
fn the_confidences_of_the_three_kinds_do_not_overlap() {
    let mut bounds: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for case in super::corpus::cases() {
        let contacts = case.detect();
        for found in [contacts.email, contacts.phone, contacts.name].into_iter().flatten() {
            let (least, most) = bounds.entry(found.evidence.name()).or_insert((1.0, 0.0));
            *least = least.min(found.confidence);
            *most = most.max(found.confidence);
        }
    }
    let (typed, validated, label) = (bounds["typed_element"], bounds["validated_value"], bounds["label"]);
    assert!(typed.0 > validated.1 && validated.0 > label.1, "{bounds:?}");
}

#[test]
fn of_two_equal_ones_the_first_shown_is_taken() {
    let questions = json!([
        {"id": "z-first", "type": "email", "label": "E-mail"},
        {"id": "a-second", "type": "email", "label": "Outro e-mail"},
    ]);
    let contacts =
        found(questions, json!({"z-first": "um@exemplo.com", "a-second": "dois@exemplo.com"}), &[]);
    assert_eq!(contacts.email.unwrap().element_id, "z-first");
}

#[test]
fn a_typed_phone_without_country_code_is_one_of_the_elements_country() {
    let questions = json!([
        {"id": "call", "type": "phone", "label": "Telefone", "properties": {"defaultCountry": "PT"}},
    ]);
    let contacts = found(questions, json!({"call": "912 345 678"}), &[]);
    assert_eq!(contacts.phone.unwrap().value, "+351912345678");
}

#[test]
fn removed_elements_are_read_after_the_others() {
    let retired = |id: &str, element_type: &str| RetiredElement {
        element_id: id.to_owned(),
        element_type: element_type.to_owned(),
        choices: Vec::new(),
    };
    let questions = json!([{"id": "now", "type": "email", "label": "E-mail"}]);
    let removed = [retired("before", "email"), retired("a-name", "name")];
    let answers = json!({"before": "antes@exemplo.com", "now": "agora@exemplo.com", "a-name": "ana souza"});
    let contacts = found(questions.clone(), answers, &removed);
    assert_eq!(contacts.email.unwrap().value, "agora@exemplo.com");
    assert_eq!(contacts.name.unwrap().value, "Ana Souza");
    let contacts = found(questions, json!({"before": "antes@exemplo.com"}), &removed);
    assert_eq!(contacts.email.unwrap().element_id, "before");
}

#[test]
fn what_the_quiz_does_not_know_is_not_read() {
    let questions = json!([{"id": "now", "type": "signature_of_tomorrow", "label": "E-mail"}]);
    let contacts = found(questions, json!({"now": "ana@exemplo.com", "other": "ana@exemplo.com"}), &[]);
    assert_eq!(contacts, Contacts::default());
}

/// Whatever an example quiz's label says besides: it asks the respondent for his own contact, in an element made
/// for it.
#[test]
fn the_typed_contacts_of_the_example_quizzes_are_the_respondents() {
    for name in ["cursos", "emagrecimento", "emprestimo"] {
        let path = format!("{}/../docs/examples/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let elements = document["elements"].as_array().unwrap();
        let id_of = |kind: &str| {
            let element = elements.iter().find(|element| element["type"] == kind)?;
            Some(element["id"].as_str()?.to_owned())
        };
        let typed = [("email", "ana@exemplo.com.br"), ("phone", "+5511987654321"), ("name", "Ana Souza")];
        let answers: serde_json::Map<String, Value> =
            typed.iter().filter_map(|(kind, value)| Some((id_of(kind)?, json!(value)))).collect();
        let contacts = found(document["elements"].clone(), Value::Object(answers), &[]);
        let values = [contacts.email, contacts.phone, contacts.name];
        for ((kind, value), contact) in typed.iter().zip(values) {
            let expected = id_of(kind).map(|_| (*value).to_owned());
            assert_eq!(contact.map(|contact| contact.value), expected, "{kind} of {name}");
        }
    }
}
