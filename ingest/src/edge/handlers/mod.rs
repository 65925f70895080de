//! What the routes do, once a request is known to be for a quiz that exists.

mod asked;
mod fields;
mod quiz;
mod submission;
mod submit;
mod view;

pub use asked::Asked;
pub use quiz::quiz;
pub use submit::submit;
pub use view::{view, view_pixel};
