//! The Rust side of the `.avsc` files in `schemas/avro`. The serde name of each struct equals its
//! Avro record's name, and the fields stand in the same order.

mod abandonment;
mod answer;
mod campaign;
mod definition;
mod delivery;
mod epochs;
mod lead;
mod message;
mod progress;
mod submission;
mod view;

pub use abandonment::QuizAbandoned;
pub use answer::AnswerValue;
pub use campaign::{CampaignDefinition, CampaignState};
pub use definition::{QuizDefinition, QuizState, RetiredElement};
pub use delivery::CampaignDelivery;
pub use epochs::{Epoch, TopicEpochs};
pub use lead::{LeadDetected, LeadName};
pub use message::{CampaignMessage, FrequencyCap, ProviderTemplate, QuietHours};
pub use progress::{ElementSeen, QuizProgressed};
pub use submission::QuizSubmitted;
pub use view::{QuizViewed, Utm};

/// The text of an event's `.avsc` file and its full name, so that the codec and the registry
/// commands need no file at run time.
pub trait AvroEvent: serde::Serialize + serde::de::DeserializeOwned {
    /// Full name of the Avro record, e.g. `com.vendzz.QuizSubmitted`.
    const FULL_NAME: &'static str;
    /// The schema's JSON text, as it is registered.
    const SCHEMA: &'static str;
}
