//! The pure half of the fold: events in, rows out, nothing else. No clock, no store, no randomness.

mod lead;
mod partial;
mod quiz;
mod response;
mod text;

pub use lead::{LeadRow, LeadSighting, NameSighting, PlaceInSource};
pub use partial::PartialRow;
pub use quiz::QuizRow;
pub use response::ResponseRow;
