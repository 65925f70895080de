//! What travels on the log: event types, topic catalogue, ids, routing, the element catalogue,
//! the quiz definition and the Avro codec. This crate depends on nothing else of the workspace.
#![forbid(unsafe_code)]

pub mod campaign;
mod checking;
pub mod codec;
pub mod contract;
pub mod definition;
pub mod elements;
pub mod event_time;
pub mod events;
pub mod ids;
pub mod json;
pub mod registry;
pub mod routing;
pub mod topics;
