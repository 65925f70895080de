use std::collections::HashSet;

use chrono_tz::Tz;
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Map, Value, json};

use super::*;
use crate::definition::{Choice, Element};
use crate::elements::property::PropertyKind;
use crate::elements::{CheckContext, Settings, Verdict, sample_answer, wrong_answer};
use crate::events::AnswerValue;

fn now() -> CheckContext {
    CheckContext { received_at_ms: chrono::Utc::now().timestamp_millis(), time_zone: Tz::America__Sao_Paulo }
}

fn verdict(element_type: &'static ElementType, element: &Element, answer: &Value) -> Verdict {
    let build_check = element_type.build_check.expect("an input");
    build_check(&Settings::new(element_type, element)).check(answer, &now())
}

/// The branch of the union that a value takes.
fn branch(value: &AnswerValue) -> AnswerType {
    match value {
        AnswerValue::Bool(_) => Boolean,
        AnswerValue::Long(_) => Long,
        AnswerValue::Double(_) => Double,
        AnswerValue::Text(_) => Text,
        AnswerValue::List(_) => ListOfText,
        AnswerValue::Map(_) => MapOfText,
    }
}

#[test]
fn the_table_is_well_formed() {
    let names: HashSet<&str> = CATALOGUE.iter().map(|element_type| element_type.name).collect();
    assert_eq!(names.len(), CATALOGUE.len(), "each name stands once");
    assert!(CATALOGUE.iter().filter(|element_type| element_type.is_input()).count() >= 25);
    for element_type in CATALOGUE {
        let name = element_type.name;
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        assert_eq!(element_type.is_input(), element_type.build_check.is_some(), "{name}");
        assert_eq!(element_type.is_input(), element_type.answer != AnswerType::None, "{name}");
        assert_eq!(element_type.is_input(), !element_type.checked.is_empty(), "{name}");
        let mut seen = HashSet::new();
        for property in element_type.all_properties() {
            assert!(seen.insert(property.name), "{name}.{}", property.name);
            let default = match property.default {
                Or::Absent => continue,
                Or::Flag(flag) => json!(flag),
                Or::Whole(number) => json!(number),
                Or::Decimal(number) => json!(number),
                Or::Text(text) => json!(text),
            };
            assert!(!property.required, "{name}.{} has a default", property.name);
            assert_eq!(property.kind.problems_of(&default), [], "the default of {name}.{}", property.name);
        }
    }
}

/// What can be changed in a type's properties without leaving no room for an answer: a range within the
/// property's own bounds for each pair `minX`, `maxX`.
fn any_element() -> impl Strategy<Value = (&'static ElementType, Element)> {
    let input = prop::sample::select(CATALOGUE.iter().filter(|row| row.is_input()).collect::<Vec<_>>());
    let ids = prop::collection::btree_set("[a-z0-9_-]{1,8}", 1..12);
    (input, ids, any::<(bool, bool, bool)>(), (0u32..1000, 0u32..1000), any::<u8>()).prop_map(
        |(element_type, ids, (has_range, flags, required), (low, high), step)| {
            let ids: Vec<String> = ids.into_iter().collect();
            let range = has_range.then(|| (low.min(high), low.max(high)));
            let mut properties = Map::new();
            for property in element_type.properties {
                if let Some(value) = value_of(property, range, flags, step, &ids) {
                    assert_eq!(
                        property.kind.problems_of(&value),
                        [],
                        "{}.{}",
                        element_type.name,
                        property.name
                    );
                    properties.insert(property.name.to_owned(), value);
                }
            }
            let choices = if element_type.takes_choices() { ids } else { Vec::new() };
            let choices: Vec<Choice> = choices
                .into_iter()
                .map(|id| Choice { label: id.clone(), id, score: None, image: None })
                .collect();
            if element_type.name == "multiple_choice" {
                let most = choices.len() as u32;
                properties.insert("minChoices".into(), json!(low % (most + 1)));
                properties.insert("maxChoices".into(), json!(most.max(1)));
            }
            let element_type_name = element_type.name.to_owned();
            let id = "e".to_owned();
            let label = "?".to_owned();
            (
                element_type,
                Element { id, element_type: element_type_name, label, required, properties, choices },
            )
        },
    )
}

fn value_of(
    property: &Property,
    range: Option<(u32, u32)>,
    flags: bool,
    step: u8,
    ids: &[String],
) -> Option<Value> {
    let within = |share: u32, min: i64, max: i64| min + (max - min) * i64::from(share) / 1000;
    let bound = range.and_then(|(low, high)| {
        if property.name.starts_with("min") {
            Some(low)
        } else {
            property.name.starts_with("max").then_some(high)
        }
    });
    match (property.kind, bound) {
        (PropertyKind::Flag, _) => Some(json!(flags)),
        (PropertyKind::Options { .. }, _) => {
            Some(ids.iter().map(|id| json!({"id": id, "label": id})).collect())
        }
        (PropertyKind::Text { .. }, _) if property.required => Some(json!("texto")),
        (PropertyKind::PositiveDecimal, _) => Some(json!(f64::from(step % 8 + 1) / 10.0)),
        (PropertyKind::Whole { min, max }, Some(share)) => Some(json!(within(share, min, max))),
        (PropertyKind::Decimal, Some(share)) => Some(json!(f64::from(share) - 500.0)),
        (PropertyKind::Date, Some(share)) => Some(json!(format!("{}-02-28", 1900 + share / 4))),
        (PropertyKind::Time, Some(share)) => Some(json!(format!("{:02}:{:02}", share / 42, share % 42))),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_sample_passes_its_check_and_takes_its_branch((element_type, element) in any_element(), seed in any::<u64>()) {
        let mut rng = StdRng::seed_from_u64(seed);
        let sample = sample_answer(&element, &mut rng).expect("each input has samples");
        match verdict(element_type, &element, &sample) {
            Verdict::Good(value) => prop_assert_eq!(branch(&value), element_type.answer),
            other => prop_assert!(false, "{:?} of {:?}: {:?}", sample, element, other),
        }
    }

    #[test]
    fn every_wrong_answer_is_refused((element_type, element) in any_element(), seed in any::<u64>()) {
        let mut rng = StdRng::seed_from_u64(seed);
        let wrong = wrong_answer(&element, &mut rng);
        let verdict = verdict(element_type, &element, &wrong);
        prop_assert!(!matches!(verdict, Verdict::Good(_)), "{:?} of {:?}", wrong, element);
    }
}

#[test]
fn content_has_no_sample_and_each_answer_to_it_is_wrong() {
    let mut rng = StdRng::seed_from_u64(1);
    for element_type in CATALOGUE.iter().filter(|row| !row.is_input()) {
        let element = Element { element_type: element_type.name.to_owned(), ..Element::default() };
        assert_eq!(sample_answer(&element, &mut rng), None, "{}", element_type.name);
        assert!(!wrong_answer(&element, &mut rng).is_null());
    }
}
