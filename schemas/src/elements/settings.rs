use serde_json::Value;

use super::{DefaultValue, ElementType};
use crate::definition::{Choice, Element};

/// An element read through its catalogue entry: each property with its default.
///
/// The document has been checked when it was published. It may have been published by a build whose
/// catalogue is newer, so a value of an unexpected kind counts as absent rather than as a mistake.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'e> {
    pub element_type: &'static ElementType,
    element: &'e Element,
}

impl<'e> Settings<'e> {
    pub fn new(element_type: &'static ElementType, element: &'e Element) -> Self {
        Self { element_type, element }
    }

    pub fn required(&self) -> bool {
        self.element.required
    }

    pub fn choices(&self) -> &'e [Choice] {
        &self.element.choices
    }

    pub fn choice_ids(&self) -> Vec<String> {
        self.element.choices.iter().map(|choice| choice.id.clone()).collect()
    }

    pub fn flag(&self, name: &str) -> bool {
        let default = matches!(self.default(name), DefaultValue::Flag(true));
        self.value(name).and_then(Value::as_bool).unwrap_or(default)
    }

    pub fn whole(&self, name: &str) -> Option<i64> {
        self.value(name).and_then(Value::as_i64).or(match self.default(name) {
            DefaultValue::Whole(number) => Some(number),
            _ => None,
        })
    }

    /// A number of characters, entries or steps. A negative one counts as 0.
    pub fn count(&self, name: &str) -> Option<usize> {
        self.whole(name).map(|number| usize::try_from(number).unwrap_or(0))
    }

    pub fn decimal(&self, name: &str) -> Option<f64> {
        self.value(name).and_then(Value::as_f64).or(match self.default(name) {
            DefaultValue::Decimal(number) => Some(number),
            _ => None,
        })
    }

    pub fn text(&self, name: &str) -> Option<&'e str> {
        self.value(name).and_then(Value::as_str).or(match self.default(name) {
            DefaultValue::Text(text) => Some(text),
            _ => None,
        })
    }

    /// The ids of a property that is a list of options.
    pub fn option_ids(&self, name: &str) -> Vec<String> {
        let options = self.value(name).and_then(Value::as_array).into_iter().flatten();
        options.filter_map(|option| option.get("id")?.as_str()).map(str::to_owned).collect()
    }

    /// Whether one property's value lies above another's; false when either is absent. Texts are dates or
    /// times, whose order is that of their bytes.
    pub fn is_above(&self, name: &str, other: &str) -> bool {
        if let (Some(one), Some(other)) = (self.number(name), self.number(other)) {
            return one > other;
        }
        matches!((self.text(name), self.text(other)), (Some(one), Some(other)) if one > other)
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.decimal(name).or(self.whole(name).map(|number| number as f64))
    }

    fn value(&self, name: &str) -> Option<&'e Value> {
        self.element.properties.get(name)
    }

    fn default(&self, name: &str) -> DefaultValue {
        self.element_type.property(name).map_or(DefaultValue::Absent, |property| property.default)
    }
}
