//! What the routes do, once a request is known to be for a quiz that exists.

mod asked;
mod fields;
mod progress;
mod progress_body;
mod quiz;
mod submission;
mod submit;
mod view;
mod way;

pub use asked::Asked;
pub use progress::progress;
pub use quiz::quiz;
pub use submit::submit;
pub use view::{view, view_pixel};
