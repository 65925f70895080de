use serde_json::Value;

use super::{Comparable, ElementsById};
use crate::checking::{Fields, Problems};
use crate::definition::{Condition, Operator, QuizDocument, Rule, TARGET_END, Test};
use crate::elements::{AnswerType, find};

const RULE_FIELDS: [&str; 3] = ["from", "when", "goTo"];
/// How deep conditions may be nested.
pub(crate) const MAX_DEPTH: usize = 8;
/// The most conditions in one `all` or `any`.
pub(crate) const MAX_PARTS: usize = 50;
/// The most conditions of a quiz that search a text: each reads up to 20,000 bytes of what a stranger
/// sent, at every submission.
const MAX_TEXT_SEARCHES: usize = 50;

pub(super) fn read_rule(value: &Value, pointer: &str, problems: &mut Problems) -> Option<Rule> {
    let fields = Fields::of(value, pointer, &RULE_FIELDS, problems)?;
    let when = fields.get("when").map(|condition| {
        read_condition(condition, &fields.at("when"), 1, problems).unwrap_or(Condition::Unknown(Value::Null))
    });
    Some(Rule { from: fields.text("from", 64, problems), when, go_to: fields.text("goTo", 64, problems) })
}

fn read_condition(value: &Value, pointer: &str, depth: usize, problems: &mut Problems) -> Option<Condition> {
    if depth > MAX_DEPTH {
        problems.add(pointer, "too_deep", format!("conditions nested deeper than {MAX_DEPTH} levels"));
        return None;
    }
    let has = |name| value.get(name).is_some();
    if has("all") {
        let fields = Fields::of(value, pointer, &["all"], problems)?;
        return Some(Condition::All { all: read_parts(&fields, "all", depth, problems) });
    }
    if has("any") {
        let fields = Fields::of(value, pointer, &["any"], problems)?;
        return Some(Condition::Any { any: read_parts(&fields, "any", depth, problems) });
    }
    let fields = Fields::of(value, pointer, &["element", "is", "value"], problems)?;
    Some(Condition::Test(Test {
        element: fields.text("element", 64, problems),
        is: fields.text("is", 20, problems),
        value: fields.get("value").cloned().unwrap_or_default(),
    }))
}

fn read_parts(fields: &Fields, name: &str, depth: usize, problems: &mut Problems) -> Vec<Condition> {
    let items = fields.list(name, MAX_PARTS, problems);
    if items.is_empty() && fields.get(name).is_some_and(Value::is_array) {
        problems.add(fields.at(name), "empty", "one condition at least is needed");
    }
    items.iter().filter_map(|(pointer, item)| read_condition(item, pointer, depth + 1, problems)).collect()
}

/// What the rules and conditions name must exist and fit. Placeholders of what could not be read are
/// passed over: they are problems already.
pub(super) fn check(document: &QuizDocument, elements: &ElementsById, problems: &mut Problems) {
    let mut always_left = Vec::new();
    for (index, rule) in document.logic.iter().enumerate() {
        let pointer = format!("/logic/{index}");
        if !rule.from.is_empty() && elements.place(&rule.from).is_none() {
            problems.add(format!("{pointer}/from"), "unknown_element", "there is no element of this id");
        }
        let is_known_target = rule.go_to == TARGET_END || elements.place(&rule.go_to).is_some();
        if !rule.go_to.is_empty() && !is_known_target {
            problems.add(format!("{pointer}/goTo"), "jump_to_nowhere", "there is no element of this id");
        }
        if always_left.contains(&rule.from.as_str()) {
            let detail = "a rule without a condition stands before it and always applies";
            problems.add(&pointer, "never_applies", detail);
        }
        match &rule.when {
            None if !rule.from.is_empty() => always_left.push(&rule.from),
            None => {}
            Some(condition) => {
                check_condition(condition, &format!("{pointer}/when"), document, elements, problems)
            }
        }
    }
    let conditions = document.logic.iter().filter_map(|rule| rule.when.as_ref());
    if conditions.map(|condition| text_searches(condition, document, elements)).sum::<usize>()
        > MAX_TEXT_SEARCHES
    {
        let detail = format!("more than {MAX_TEXT_SEARCHES} conditions search a text with \"contains\"");
        problems.add("/logic", "too_many", detail);
    }
}

fn text_searches(condition: &Condition, document: &QuizDocument, elements: &ElementsById) -> usize {
    match condition {
        Condition::All { all: parts } | Condition::Any { any: parts } => {
            parts.iter().map(|part| text_searches(part, document, elements)).sum()
        }
        Condition::Test(test) => {
            let element = elements.place(&test.element).map(|place| &document.elements[place]);
            let element_type = element.and_then(|element| find(&element.element_type));
            let is_text = element_type.is_some_and(|element_type| element_type.answer == AnswerType::Text);
            usize::from(is_text && Operator::from_wire(&test.is) == Some(Operator::Contains))
        }
        Condition::Unknown(_) => 0,
    }
}

fn check_condition(
    condition: &Condition,
    pointer: &str,
    document: &QuizDocument,
    elements: &ElementsById,
    problems: &mut Problems,
) {
    match condition {
        Condition::All { all: parts } | Condition::Any { any: parts } => {
            let name = if matches!(condition, Condition::All { .. }) { "all" } else { "any" };
            for (index, part) in parts.iter().enumerate() {
                check_condition(part, &format!("{pointer}/{name}/{index}"), document, elements, problems);
            }
        }
        Condition::Test(test) => check_test(test, pointer, document, elements, problems),
        Condition::Unknown(_) => {}
    }
}

fn check_test(
    test: &Test,
    pointer: &str,
    document: &QuizDocument,
    elements: &ElementsById,
    problems: &mut Problems,
) {
    let operator = Operator::from_wire(&test.is);
    if operator.is_none() && !test.is.is_empty() {
        problems.add(
            format!("{pointer}/is"),
            "unknown_operator",
            format!("expected one of {}", Operator::NAMES),
        );
    }
    if test.element.is_empty() {
        return;
    }
    let Some(place) = elements.place(&test.element) else {
        problems.add(format!("{pointer}/element"), "unknown_element", "there is no element of this id");
        return;
    };
    let element = &document.elements[place];
    let Some(element_type) = find(&element.element_type) else { return };
    if !element_type.is_input() {
        problems.add(format!("{pointer}/element"), "not_a_question", "content takes no answer");
        return;
    }
    let Some(operator) = operator else { return };
    let comparable = Comparable::of_element(element, element_type);
    if !comparable.takes(operator) {
        let detail = format!("an answer of {} cannot be compared so", element_type.name);
        problems.add(format!("{pointer}/is"), "operator_does_not_fit", detail);
        return;
    }
    if let Some((code, detail)) = comparable.value_complaint(operator, &test.value) {
        problems.add(format!("{pointer}/value"), code, detail);
    }
}
