use super::{AnswerCheck, Property, Settings, catalogue};

/// Makes the check of one element from its settings. Called once for each version of a quiz.
pub(super) type BuildCheck = fn(&Settings) -> Box<dyn AnswerCheck>;

/// One row of the catalogue.
#[derive(Debug)]
pub struct ElementType {
    /// The name on the wire, in snake case. Never renamed, never given another meaning.
    pub name: &'static str,
    pub family: Family,
    /// The branch of the answer union that this element's answers take, for ever.
    pub answer: AnswerType,
    pub choices: ChoiceUse,
    /// Answers are texts whose order is the order of time (dates and times), so a condition may ask
    /// for greater or less.
    pub ordered_text: bool,
    /// An answer is a way to reach whoever gave it.
    pub is_contact: bool,
    /// What it is, in one sentence.
    pub summary: &'static str,
    /// How an answer is checked and in which form it is kept, in one sentence; empty for content.
    pub checked: &'static str,
    /// Its own properties; [`catalogue::COMMON_PROPERTIES`] come on top.
    pub properties: &'static [Property],
    /// None for content, which takes no answer.
    pub build_check: Option<BuildCheck>,
}

/// Whether an element asks something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    Input,
    Content,
}

/// The branch of the closed union `events::AnswerValue` that an answer takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerType {
    /// Content: there is no answer.
    None,
    Boolean,
    Long,
    Double,
    Text,
    ListOfText,
    MapOfText,
}

/// What an element does with the document's `choices`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChoiceUse {
    /// It has none.
    None,
    /// One at least.
    Needed,
    /// One at least, and each with an image.
    NeededWithImages,
}

/// An element type as it is read from the wire: a string, known to this build or not. A quiz that was
/// published by a newer build is still served and its answers are still taken.
#[derive(Debug, Clone)]
pub enum ElementKind {
    Known(&'static ElementType),
    Unknown(String),
}

impl ElementKind {
    pub fn from_wire(name: &str) -> Self {
        match catalogue::find(name) {
            Some(element_type) => Self::Known(element_type),
            None => Self::Unknown(name.to_owned()),
        }
    }

    pub fn name(&self) -> &str {
        match self {
            Self::Known(element_type) => element_type.name,
            Self::Unknown(name) => name,
        }
    }
}

impl ElementType {
    /// Says that its answers sort as texts in the order of time.
    pub(super) const fn in_order_of_time(mut self) -> Self {
        self.ordered_text = true;
        self
    }

    /// Says that its answers are ways to reach somebody.
    pub(super) const fn giving_a_contact(mut self) -> Self {
        self.is_contact = true;
        self
    }

    pub fn is_input(&self) -> bool {
        self.family == Family::Input
    }

    pub fn takes_choices(&self) -> bool {
        self.choices != ChoiceUse::None
    }

    /// The property of this name, the element's own or a common one.
    pub fn property(&self, name: &str) -> Option<&'static Property> {
        self.all_properties().find(|property| property.name == name)
    }

    pub fn all_properties(&self) -> impl Iterator<Item = &'static Property> {
        self.properties.iter().chain(catalogue::COMMON_PROPERTIES)
    }
}

impl AnswerType {
    /// The words used in messages and in the reference page.
    pub fn describe(self) -> &'static str {
        match self {
            Self::None => "no answer",
            Self::Boolean => "boolean",
            Self::Long => "whole number",
            Self::Double => "number",
            Self::Text => "text",
            Self::ListOfText => "list of texts",
            Self::MapOfText => "map of texts",
        }
    }
}
