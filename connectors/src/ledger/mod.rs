//! The ledger: one row for a message, and the one way in which its state moves.

mod machine;
#[cfg(test)]
mod machine_interleavings_tests;
#[cfg(test)]
mod machine_tests;
pub mod store;

pub use machine::{
    Cause, Command, LeaseRule, NotAllowed, Report, Row, State, TRANSITIONS, TokenRule, Transition, step,
    transition,
};
