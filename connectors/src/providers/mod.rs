//! The providers' documented protocols, and what each of their answers means.

mod outcome;

pub use outcome::{NotTaken, Outcome, Outgoing};
