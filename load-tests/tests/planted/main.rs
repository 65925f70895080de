//! The checks can fail: with a fault planted in a projector or in the workers of the channels, the reckoning that the
//! fault suite relies on must find it. `load-tests/show-that-checks-can-fail` builds the programs with their
//! planted faults (never part of a normal build) and runs this.

#![allow(clippy::unwrap_used)] // A test says by a panic what went wrong.

// The trials are the fault suite's own; what only that suite uses of them is not dead.
#[allow(dead_code)]
#[path = "../faults/follow_up_trial.rs"]
mod follow_up_trial;
mod projections;
mod sending;
#[allow(dead_code)]
#[path = "../faults/sending_trial.rs"]
mod sending_trial;
#[allow(dead_code)]
#[path = "../faults/trial.rs"]
mod trial;
