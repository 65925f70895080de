//! HTTP as every service of ours but the edge serves it: listeners with limits that drain, bearer tokens, bodies of
//! a bounded size and time. Problem documents are the edge's, too.

mod bearer_token;
mod body;
mod measure;
mod problem;
mod server;

pub use bearer_token::{BearerToken, require_token};
pub use body::{BodyError, BodyLimits, discard, read_whole};
pub use measure::measured;
pub use problem::{FieldError, Problem};
pub use server::{listen, serve};
