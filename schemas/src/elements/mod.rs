//! The element catalogue: what a quiz can be built of, what each element's answer is, and how it is
//! checked. [`catalogue::CATALOGUE`] is the one table; `docs/elements.md` is written from it.

pub mod catalogue;
pub mod checks;
mod element_type;
mod property;
mod reference;
mod sample;
mod settings;
mod verdict;
mod wrong;

pub use catalogue::{CATALOGUE, COMMON_PROPERTIES, find};
pub use element_type::{AnswerType, ChoiceUse, ElementKind, ElementType, Family};
pub use property::{DefaultValue, Property, PropertyKind, PropertyProblem, is_https_url, is_id};
pub use reference::reference_page;
pub use sample::sample_answer;
pub use settings::Settings;
pub use verdict::{AnswerCheck, CheckContext, Refusal, Verdict};
pub use wrong::wrong_answer;
