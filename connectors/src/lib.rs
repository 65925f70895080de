//! Campaign workers: messages of the channel topics go through the ledger to providers, and what happens to
//! them is an event again.

pub mod history;
pub mod intake;
pub mod ledger;
pub mod permissions;
mod planted;
pub mod policy;
pub mod providers;
#[cfg(test)]
mod sample_message;
pub mod sender;
pub mod webhooks;
