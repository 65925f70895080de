//! Configuration from the environment: one struct per concern, every mistake named in one start,
//! secrets never shown.

mod duration;
mod env;
mod profile;
mod registry;
mod secret;

pub use duration::{Span, SpanError};
pub use env::{ConfigMistakes, Env, Settings};
pub use profile::{Profile, UnknownProfile};
pub use registry::registry_url;
pub use secret::Secret;
