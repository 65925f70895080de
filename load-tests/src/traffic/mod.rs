//! Who sends what: the quizzes, the people who open and answer them, and how much of everything.
//!
//! ```text
//! Mix ──> Arrivals (when, what) ──┐
//!                                 ├──> generator
//! quizzes ──> Crowd (who, which) ─┘
//! ```

mod crowd;
mod event;
mod invalid;
mod mix;
mod quizzes;
mod templates;
mod visitors;
mod way;

pub use crowd::{Crowd, Journey, beacon_id};
pub use event::{Event, EventRequest};
pub use mix::{Arrival, Arrivals, Mix};
pub use quizzes::{QuizFile, TrafficQuiz, read_quiz_files};
