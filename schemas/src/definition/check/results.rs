use std::collections::HashSet;

use serde_json::Value;

use crate::checking::{Fields, Problems};
use crate::definition::{QuizDocument, QuizResult};
use crate::elements::is_id;

const FIELDS: [&str; 5] = ["id", "title", "description", "minScore", "maxScore"];
/// 200 elements with 200 choices each of the highest score.
const MAX_TOTAL: i64 = 40_000_000_000;

pub(super) fn read(value: &Value, pointer: &str, problems: &mut Problems) -> Option<QuizResult> {
    let fields = Fields::of(value, pointer, &FIELDS, problems)?;
    let id = fields.text("id", 64, problems);
    if !id.is_empty() && !is_id(&id) {
        problems.add(fields.at("id"), "bad_id", "expected 1 to 64 of a-z, 0-9, _ and -");
    }
    for name in ["minScore", "maxScore"] {
        if !fields.has(name) {
            problems.add(fields.at(name), "missing", "this field is needed");
        }
    }
    Some(QuizResult {
        id,
        title: fields.text("title", 300, problems),
        description: fields.optional_text("description", 5_000, problems),
        min_score: fields.optional_whole("minScore", -MAX_TOTAL, MAX_TOTAL, problems).unwrap_or(0),
        max_score: fields.optional_whole("maxScore", -MAX_TOTAL, MAX_TOTAL, problems).unwrap_or(0),
    })
}

/// Ids once, ranges not empty and disjoint. Gaps are allowed: such a score has no result.
pub(super) fn check(document: &QuizDocument, problems: &mut Problems) {
    let mut seen = HashSet::new();
    for (index, result) in document.results.iter().enumerate() {
        if !result.id.is_empty() && !seen.insert(result.id.as_str()) {
            problems.add(format!("/results/{index}/id"), "duplicate_id", "another result has this id");
        }
        if result.min_score > result.max_score {
            problems.add(
                format!("/results/{index}/minScore"),
                "empty_range",
                "must not be more than maxScore",
            );
        }
        let overlaps = |former: &QuizResult| {
            former.min_score <= result.max_score && result.min_score <= former.max_score
        };
        if document.results[..index].iter().any(overlaps) {
            let detail = "a result before it has some of these scores too";
            problems.add(format!("/results/{index}"), "overlapping_range", detail);
        }
    }
}
