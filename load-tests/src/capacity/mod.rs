//! What the system takes and what it costs: the highest rates held, and CPU seconds by process.

mod bare;
mod ceiling;
mod fan_out;
mod load_campaigns;
mod measure;
mod measure_report;
mod sending;
mod sending_report;
mod target;

pub use bare::serve_bare;
pub use ceiling::{Ceiling, CeilingReport, Step};
pub use fan_out::{FanOut, FanOutReport, LagSample};
pub use measure::Measure;
pub use measure_report::{MeasureReport, ProcessCost};
pub use sending::SendMessages;
pub use sending_report::{SendReport, SendSample};
pub use target::Target;
