//! What decides, before any send, whether, when and to whom: pure.

mod content;
mod frequency;
mod judge;
#[cfg(test)]
mod judge_tests;
mod late;
mod quiet_hours;
mod recipient;
pub mod time_zone;
mod time_zone_tables;
#[cfg(test)]
mod virtual_clock_tests;

pub use content::MAX_VOICE_CHARS;
pub use frequency::{CapVerdict, PAIR_INTERVAL, after_pair_interval, within_cap};
pub use judge::{Consent, Facts, SkipReason, Verdict, WaitReason, judge};
pub use late::{Lateness, late_from};
pub use quiet_hours::{QuietHoursError, QuietSchedule};
pub use recipient::is_reachable;
