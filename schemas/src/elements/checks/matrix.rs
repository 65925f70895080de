//! One column for each row.

use std::collections::BTreeMap;

use serde_json::Value;

use super::choice::OfferedIds;
use super::form;
use crate::elements::{AnswerCheck, CheckContext, Refusal, Settings, Verdict};
use crate::events::AnswerValue;

/// A map from a row's id to a column's id; each row is needed unless allowPartial is set.
#[derive(Debug)]
pub struct MatrixCheck {
    rows: OfferedIds,
    columns: OfferedIds,
    allow_partial: bool,
}

pub fn build(settings: &Settings) -> Box<dyn AnswerCheck> {
    Box::new(MatrixCheck {
        rows: OfferedIds::new(settings.option_ids("rows")),
        columns: OfferedIds::new(settings.option_ids("columns")),
        allow_partial: settings.flag("allowPartial"),
    })
}

impl AnswerCheck for MatrixCheck {
    fn check(&self, value: &Value, _: &CheckContext) -> Verdict {
        match form::map_of_text(value) {
            Err(refusal) => Verdict::WrongInForm(refusal),
            Ok(cells) => Verdict::unless(self.complaint(&cells), AnswerValue::Map(cells)),
        }
    }
}

impl MatrixCheck {
    fn complaint(&self, cells: &BTreeMap<String, String>) -> Option<Refusal> {
        if !cells.keys().all(|row| self.rows.contains(row)) {
            return Some(Refusal::new("unknown_row", "there is no such row"));
        }
        if !cells.values().all(|column| self.columns.contains(column)) {
            return Some(Refusal::new("unknown_column", "there is no such column"));
        }
        if !self.allow_partial && cells.len() < self.rows.len() {
            return Some(Refusal::new("rows_missing", "each row needs an answer"));
        }
        None
    }
}
