//! What holds for any text.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;
use vendzz_processors::leads::{Contacts, Evidence, LeadElements, detect};
use vendzz_schemas::definition::QuizDocument;
use vendzz_schemas::events::AnswerValue;

use super::corpus::cases;

fn elements(questions: &[(&str, &str, &str)]) -> LeadElements {
    let elements: Vec<_> = questions
        .iter()
        .map(|(id, element_type, label)| json!({"id": id, "type": element_type, "label": label}))
        .collect();
    let document = json!({
        "accountId": "account", "title": "Quiz", "language": "pt-BR", "timeZone": "America/Sao_Paulo", "elements": elements,
    });
    let document: QuizDocument = serde_json::from_value(document).expect("a quiz document");
    LeadElements::new(&document, &[])
}

fn answers(texts: &[(&str, &str)]) -> BTreeMap<String, AnswerValue> {
    texts.iter().map(|(id, text)| ((*id).to_owned(), AnswerValue::Text((*text).to_owned()))).collect()
}

/// Letters and digits in small letters, without the marks of pt, en and es.
fn essence(text: &str) -> String {
    let mut kept = String::new();
    for character in text.chars().flat_map(char::to_lowercase) {
        if character.is_alphanumeric() {
            kept.push(character);
        }
    }
    kept
}

/// Whether the value occurs in the answer, as far as its form was not mended: spelled marks of an address, the
/// country code and the ninth digit of a phone.
fn occurs_in(field: &str, value: &str, answer: &str) -> bool {
    match field {
        "email" => {
            let mut spelled = answer.to_lowercase();
            for word in ["arroba", "ponto", "punto", "dot", "(at)", "[at]", " at "] {
                spelled = spelled.replace(word, "");
            }
            essence(answer).contains(&essence(value)) || essence(&spelled).contains(&essence(value))
        }
        "phone" => {
            let digits: String = answer.chars().filter(char::is_ascii_digit).collect();
            // The last eight digits are the same in every form.
            digits.contains(&value[value.len() - 8..])
        }
        _ => essence(answer).contains(&essence(value)),
    }
}

fn check_occurrence(contacts: &Contacts, answers: &BTreeMap<String, AnswerValue>) {
    let fields = [("email", &contacts.email), ("phone", &contacts.phone), ("name", &contacts.name)];
    for (field, found) in fields {
        let Some(found) = found else { continue };
        assert!((0.0..=1.0).contains(&found.confidence));
        let answer = match &answers[&found.element_id] {
            AnswerValue::Text(text) => text.clone(),
            AnswerValue::Double(number) => format!("{number:.0}"),
            other => panic!("a contact in {other:?}"),
        };
        assert!(occurs_in(field, &found.value, &answer), "{field} {:?} in {answer:?}", found.value);
    }
}

#[test]
fn every_value_found_in_the_corpus_occurs_in_its_answer() {
    for case in cases() {
        check_occurrence(&case.detect(), &case.answers);
    }
}

/// Pieces that the rules look at, among any characters, so that texts come close to them.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,8}",
        "[0-9 ()+./-]{1,16}",
        "[a-z.]{1,6}@[a-z]{1,6}\\.(com|com\\.br|Oi)",
        Just(" me liga no ".to_owned()),
        Just("meu e-mail é ".to_owned()),
        Just(" da minha mãe ".to_owned()),
        Just("me chamo ".to_owned()),
        Just("Ana ".to_owned()),
        Just("sou a ".to_owned()),
        Just(" arroba gmail ponto com".to_owned()),
        Just("0xx11 98765-4321".to_owned()),
        Just("+55 (11) 8765-4321".to_owned()),
        Just(". ".to_owned()),
        Just("@".to_owned()),
        Just("ẞİﬁ\u{301}\u{202e}".to_owned()),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

const FREE: &[(&str, &str, &str)] = &[
    ("message", "long_text", "Algo mais?"),
    ("mail", "short_text", "Seu e-mail"),
    ("call", "short_text", "Telefone"),
    ("who", "short_text", "Nome"),
    ("friend", "short_text", "Telefone de um amigo"),
];

proptest! {
    #[test]
    fn no_text_makes_it_panic_and_what_is_found_stands_there(
        message in text(), mail in text(), call in text(), who in text(), friend in text(), label in text(),
    ) {
        let answers = answers(&[("message", &message), ("mail", &mail), ("call", &call), ("who", &who), ("friend", &friend)]);
        let contacts = detect(&elements(FREE), &answers);
        check_occurrence(&contacts, &answers);
        let _ = elements(&[("any", "short_text", &label)]);
    }

    #[test]
    fn it_is_the_same_each_time_whatever_order_the_answers_came_in(texts in proptest::collection::vec(text(), 5)) {
        let ids = ["message", "mail", "call", "who", "friend"];
        let forward: BTreeMap<String, AnswerValue> =
            ids.iter().zip(&texts).map(|(id, text)| ((*id).to_owned(), AnswerValue::Text(text.clone()))).collect();
        let backward: BTreeMap<String, AnswerValue> =
            ids.iter().zip(&texts).rev().map(|(id, text)| ((*id).to_owned(), AnswerValue::Text(text.clone()))).collect();
        let once = detect(&elements(FREE), &forward);
        prop_assert_eq!(&once, &detect(&elements(FREE), &forward));
        prop_assert_eq!(&once, &detect(&elements(FREE), &backward));
    }

    #[test]
    fn an_answer_that_is_typed_wins_over_any_text(message in text(), mail in text()) {
        let mut questions = FREE.to_vec();
        questions.push(("typed_mail", "email", "E-mail"));
        questions.push(("typed_phone", "phone", "Celular"));
        questions.push(("typed_name", "name", "Como prefere ser chamado?"));
        let answers = answers(&[
            ("message", &message), ("mail", &mail), ("typed_mail", "typed@exemplo.com"), ("typed_phone", "+5521987650000"),
            ("typed_name", "Beatriz Prado"),
        ]);
        let contacts = detect(&elements(&questions), &answers);
        let values = [
            (contacts.email, "typed@exemplo.com"), (contacts.phone, "+5521987650000"), (contacts.name, "Beatriz Prado"),
        ];
        for (found, value) in values {
            let found = found.expect("typed");
            prop_assert_eq!(found.value, value);
            prop_assert_eq!(found.evidence, Evidence::TypedElement);
        }
    }

    #[test]
    fn a_number_of_so_many_digits_in_any_common_form_is_the_same_phone(number in 960_000_000u32..=999_999_998) {
        let digits = number.to_string();
        let (head, tail) = digits.split_at(5);
        prop_assume!(digits.bytes().any(|digit| digit != b'9'));
        let expected = format!("+5511{digits}");
        let forms = [
            format!("11{digits}"), format!("(11) {head}-{tail}"), format!("+55 11 {head}-{tail}"), format!("011 {head}-{tail}"),
            format!("0 15 11 {head}-{tail}"), format!("5511{digits}"), format!("(11) {}-{tail}", &head[1..]),
        ];
        for form in forms {
            let found = detect(&elements(&[("call", "short_text", "Telefone com DDD")]), &answers(&[("call", &form)]));
            prop_assert_eq!(found.phone.map(|phone| phone.value), Some(expected.clone()), "{}", form);
        }
    }

    #[test]
    fn documents_and_codes_are_no_phones(body in "[0-9]{9}", code in "[A-Z]{2}[0-9]{9}[A-Z]{2}", cep in "[0-9]{5}-[0-9]{3}") {
        let check = |digits: &[u8]| vendzz_schemas::elements::checks::cpf::check_digit(digits);
        let mut digits: Vec<u8> = body.bytes().map(|byte| byte - b'0').collect();
        digits.push(check(&digits));
        digits.push(check(&digits));
        let cpf: String = digits.iter().map(|digit| char::from(b'0' + digit)).collect();
        let marked = format!("{}.{}.{}-{}", &cpf[..3], &cpf[3..6], &cpf[6..9], &cpf[9..]);
        for text in [cpf.as_str(), &marked, &code, &cep] {
            let found = detect(&elements(&[("message", "long_text", "Algo mais?")]), &answers(&[("message", text)]));
            prop_assert_eq!(found.phone, None, "{}", text);
        }
    }
}
