//! Folds the channel topics and the campaigns' definitions into the ledger, exactly as a projector does:
//! rows and resume point in one transaction.

mod backlog;
mod campaign_row;
mod message_row;
mod projection;

pub use backlog::Backlog;
pub use campaign_row::CampaignRow;
pub use message_row::MessageRow;
pub(crate) use message_row::TALLY_SHARDS;
pub use projection::{IntakeFold, IntakeProjection};
