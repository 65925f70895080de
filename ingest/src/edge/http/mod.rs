//! The public listener: connections, admission, bodies, routes.

mod activity;
mod admission;
mod body;
mod connection;
mod listener;
mod open_files;
mod refused_by_hyper;
mod routes;
mod service;
mod workers;

pub use admission::{Admission, Class, Permit};
pub use body::{BodyLimits, read_body};
pub use listener::{Listener, OpenConnections};
pub use routes::Route;

use bytes::Bytes;
use http_body_util::Full;

/// Every answer stands whole in memory before it is sent.
pub type Response = hyper::Response<Full<Bytes>>;
