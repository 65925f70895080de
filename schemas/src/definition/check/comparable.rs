use serde_json::Value;

use crate::definition::{Element, Operator};
use crate::elements::checks::{date::parse_date, time::parse_time};
use crate::elements::{AnswerType, ElementType};

/// How something that conditions ask about can be compared: an element's answer, or a campaign's variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Comparable {
    pub(crate) answer: AnswerType,
    /// The ids that can be chosen; None where nothing is chosen.
    pub(crate) offered: Option<Vec<String>>,
    /// Texts whose order is the order of time.
    pub(crate) form: TextForm,
}

/// What a text that is compared must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextForm {
    Free,
    Date,
    Time,
}

impl Comparable {
    pub(crate) fn of_element(element: &Element, element_type: &ElementType) -> Self {
        let offered = element_type
            .takes_choices()
            .then(|| element.choices.iter().map(|choice| choice.id.clone()).collect());
        Self { answer: element_type.answer, offered, form: TextForm::of(element_type) }
    }

    /// Text of any form.
    pub(crate) fn text() -> Self {
        Self { answer: AnswerType::Text, offered: None, form: TextForm::Free }
    }

    /// Whether this operator makes sense here.
    pub(crate) fn takes(&self, operator: Operator) -> bool {
        let is_number = matches!(self.answer, AnswerType::Long | AnswerType::Double);
        let is_map = self.answer == AnswerType::MapOfText;
        let is_list = self.answer == AnswerType::ListOfText;
        let is_ordered_text = self.form != TextForm::Free;
        match operator {
            Operator::Answered | Operator::NotAnswered => true,
            Operator::Equals | Operator::NotEquals => !is_map && !is_list && self.answer != AnswerType::None,
            Operator::Contains => is_list || self.is_searched_as_text(),
            Operator::Greater | Operator::Less => is_number || is_ordered_text,
        }
    }

    /// Whether `contains` would search a text that a stranger wrote.
    pub(crate) fn is_searched_as_text(&self) -> bool {
        self.answer == AnswerType::Text && self.offered.is_none() && self.form == TextForm::Free
    }

    /// What is wrong with the value that it is compared with: a code, and a sentence for people.
    pub(crate) fn value_complaint(
        &self,
        operator: Operator,
        value: &Value,
    ) -> Option<(&'static str, &'static str)> {
        if !operator.takes_value() {
            return (!value.is_null()).then_some(("unexpected_value", "this comparison takes no value"));
        }
        if value.is_null() {
            return Some(("missing", "this comparison needs a value"));
        }
        match self.answer {
            AnswerType::Boolean => (!value.is_boolean()).then_some(("wrong_type", "expected true or false")),
            AnswerType::Long | AnswerType::Double => {
                (!value.is_number()).then_some(("wrong_type", "expected a number"))
            }
            AnswerType::Text | AnswerType::ListOfText => self.text_complaint(value),
            AnswerType::None | AnswerType::MapOfText => None,
        }
    }

    fn text_complaint(&self, value: &Value) -> Option<(&'static str, &'static str)> {
        let Some(text) = value.as_str() else { return Some(("wrong_type", "expected a text")) };
        if text.is_empty() || text.chars().count() > 500 {
            return Some(("out_of_range", "expected 1 to 500 characters"));
        }
        if self.offered.as_ref().is_some_and(|offered| !offered.iter().any(|id| id == text)) {
            return Some(("unknown_choice", "there is no such choice"));
        }
        let is_right_form = match self.form {
            TextForm::Free => true,
            TextForm::Date => parse_date(text).is_some(),
            TextForm::Time => parse_time(text).is_some(),
        };
        (!is_right_form).then_some(("bad_value", "expected the form of the element's answers"))
    }
}

impl TextForm {
    /// That of an element type's answers.
    pub(crate) fn of(element_type: &ElementType) -> Self {
        match element_type.name {
            "time" => Self::Time,
            _ if element_type.ordered_text => Self::Date,
            _ => Self::Free,
        }
    }
}
