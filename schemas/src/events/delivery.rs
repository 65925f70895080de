use serde::{Deserialize, Serialize};

use super::AvroEvent;

/// Something happened to a message; on `campaign.delivery.v1`. (message_id, number) is the idempotency key, and
/// copies are the same, value for value. It names no contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignDelivery {
    /// UUIDv8 of the message.
    pub message_id: String,
    /// Events of this message are numbered from 1, in their order.
    pub number: i32,
    pub account_id: String,
    pub quiz_id: String,
    pub response_id: String,
    pub campaign_id: String,
    pub revision: String,
    pub step_id: String,
    /// `sms`, `email`, `whatsapp` or `voice`.
    pub channel: String,
    /// `deferred`, `sent`, `failed`, `skipped`, `unknown`, `carried`, `undelivered`, `delivered` or `read`.
    pub what: String,
    /// A bounded word; empty where there is nothing to say.
    pub reason: String,
    /// Name of the provider in the account's settings; empty when none was asked.
    pub provider: String,
    /// The provider's name for the message; empty when it has given none.
    pub provider_ref: String,
    /// Calls to a provider so far.
    pub attempt: i32,
    /// Milliseconds since 1970 (UTC), by the database's clock.
    pub happened_at: i64,
}

impl AvroEvent for CampaignDelivery {
    const FULL_NAME: &'static str = "com.vendzz.CampaignDelivery";
    const SCHEMA: &'static str = include_str!("../../avro/CampaignDelivery.avsc");
}
