//! What comes in: the public HTTP edge of the quizzes, and the admin API that publishes them.
#![forbid(unsafe_code)]

pub mod admin;
pub mod edge;
