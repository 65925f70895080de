//! Finds the respondent's own contact among the answers.
//!
//! ```text
//! QuizDocument + retired ──LeadElements::new──> LeadElements ──detect(answers)──> Contacts
//!                             (labels read once)              e-mail, phone, name: each at most once
//! ```
//!
//! The rules, their order and why the confidences are what they are: `docs/leads.md`.

mod contacts;
mod detect;
mod elements;
mod email;
mod first_names;
mod introductions;
mod labels;
mod name;
mod name_labels;
mod owner;
mod phone;
mod phone_shapes;
mod text;
mod vocabulary;
mod words;

pub use contacts::{Contacts, Evidence, Found};
pub use detect::detect;
pub use elements::LeadElements;
