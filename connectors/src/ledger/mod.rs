//! The ledger: one row for a message, and the one way in which its state moves.

pub mod machine;
pub mod store;
#[cfg(test)]
mod machine_interleavings_tests;
#[cfg(test)]
mod machine_tests;
