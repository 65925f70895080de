//! Who sends: the client's address and network, its device, whether it is a person, and where its page
//! was reached from.

mod address;
mod bots;
mod limits;
mod page;
mod user_agent;

pub use address::TrustedProxies;
pub use bots::{BotSigns, Verdict};
pub use limits::{NetworkLimiter, Rate};
pub use page::{UtmReader, referrer_of};
pub use user_agent::{Device, UserAgent};
