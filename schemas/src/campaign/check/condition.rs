use serde_json::Value;

use crate::campaign::variables::Variables;
use crate::campaign::{CampaignCondition, CampaignDocument, VariableTest};
use crate::checking::{Fields, Problems};
use crate::definition::{MAX_DEPTH, MAX_PARTS, Operator};

/// The most comparisons in a campaign's condition.
const MAX_TESTS: usize = 200;
/// The most of them that search a text of a stranger: each reads up to 20,000 bytes, at every submission.
const MAX_TEXT_SEARCHES: usize = 10;

pub(super) fn read(document: &Fields, problems: &mut Problems) -> Option<CampaignCondition> {
    let condition = document.get("when")?;
    read_condition(condition, "/when", 1, problems)
}

fn read_condition(
    value: &Value,
    pointer: &str,
    depth: usize,
    problems: &mut Problems,
) -> Option<CampaignCondition> {
    if depth > MAX_DEPTH {
        problems.add(pointer, "too_deep", format!("conditions nested deeper than {MAX_DEPTH} levels"));
        return None;
    }
    let has = |name| value.get(name).is_some();
    if has("all") {
        let fields = Fields::of(value, pointer, &["all"], problems)?;
        return Some(CampaignCondition::All { all: read_parts(&fields, "all", depth, problems) });
    }
    if has("any") {
        let fields = Fields::of(value, pointer, &["any"], problems)?;
        return Some(CampaignCondition::Any { any: read_parts(&fields, "any", depth, problems) });
    }
    let fields = Fields::of(value, pointer, &["variable", "is", "value"], problems)?;
    let compared_with = fields.get("value").cloned().unwrap_or_default();
    if compared_with.as_str().is_some_and(|text| text.contains('\0')) {
        problems.add(fields.at("value"), "null_character", "U+0000 is not accepted");
    }
    Some(CampaignCondition::Test(VariableTest {
        variable: fields.text("variable", 80, problems),
        is: fields.text("is", 20, problems),
        value: compared_with,
    }))
}

/// A place for each part, so that places and pointers agree.
fn read_parts(fields: &Fields, name: &str, depth: usize, problems: &mut Problems) -> Vec<CampaignCondition> {
    let items = fields.list(name, MAX_PARTS, problems);
    if items.is_empty() && fields.get(name).is_some_and(Value::is_array) {
        problems.add(fields.at(name), "empty", "one condition at least is needed");
    }
    let mut parts = Vec::with_capacity(items.len());
    for (pointer, item) in items {
        let part = read_condition(item, &pointer, depth + 1, problems);
        parts.push(part.unwrap_or(CampaignCondition::Unknown(Value::Null)));
    }
    parts
}

/// What the condition names must exist and fit. Elements of former versions may be named: responses to those
/// versions still come.
pub(super) fn check(document: &CampaignDocument, variables: &Variables, problems: &mut Problems) {
    let Some(condition) = &document.when else { return };
    let mut count = Count::default();
    check_condition(condition, "/when", variables, &mut count, problems);
    if count.tests > MAX_TESTS {
        problems.add("/when", "too_many", format!("more than {MAX_TESTS} comparisons"));
    }
    if count.text_searches > MAX_TEXT_SEARCHES {
        let detail = format!("more than {MAX_TEXT_SEARCHES} comparisons search a text with \"contains\"");
        problems.add("/when", "too_many", detail);
    }
}

#[derive(Default)]
struct Count {
    tests: usize,
    text_searches: usize,
}

fn check_condition(
    condition: &CampaignCondition,
    pointer: &str,
    variables: &Variables,
    count: &mut Count,
    problems: &mut Problems,
) {
    match condition {
        CampaignCondition::All { all: parts } | CampaignCondition::Any { any: parts } => {
            let name = if matches!(condition, CampaignCondition::All { .. }) { "all" } else { "any" };
            for (index, part) in parts.iter().enumerate() {
                check_condition(part, &format!("{pointer}/{name}/{index}"), variables, count, problems);
            }
        }
        CampaignCondition::Test(test) => check_test(test, pointer, variables, count, problems),
        CampaignCondition::Unknown(_) => {}
    }
}

fn check_test(
    test: &VariableTest,
    pointer: &str,
    variables: &Variables,
    count: &mut Count,
    problems: &mut Problems,
) {
    count.tests += 1;
    let operator = Operator::from_wire(&test.is);
    if operator.is_none() && !test.is.is_empty() {
        let detail = format!("expected one of {}", Operator::NAMES);
        problems.add(format!("{pointer}/is"), "unknown_operator", detail);
    }
    if test.variable.is_empty() {
        return;
    }
    let variable = match variables.find(&test.variable) {
        Ok(variable) => variable,
        Err(error) => {
            problems.add(format!("{pointer}/variable"), error.code(), error.to_string());
            return;
        }
    };
    let Some(operator) = operator else { return };
    let comparable = &variable.comparable;
    if !comparable.takes(operator) {
        let detail = "this variable cannot be compared so";
        problems.add(format!("{pointer}/is"), "operator_does_not_fit", detail);
        return;
    }
    if operator == Operator::Contains && comparable.is_searched_as_text() {
        count.text_searches += 1;
    }
    if let Some((code, detail)) = comparable.value_complaint(operator, &test.value) {
        problems.add(format!("{pointer}/value"), code, detail);
    }
}
