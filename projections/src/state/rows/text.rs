//! Fields of events as the texts of JSON columns.

use std::collections::BTreeMap;

use serde::Serialize;
use vendzz_schemas::contract::Violation;
use vendzz_schemas::events::Utm;

pub(super) fn utm_without_empty(utm: &Utm) -> BTreeMap<&'static str, &str> {
    [
        ("source", &utm.source),
        ("medium", &utm.medium),
        ("campaign", &utm.campaign),
        ("term", &utm.term),
        ("content", &utm.content),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(name, value)| (name, value.as_str()))
    .collect()
}

pub(super) fn json(value: &impl Serialize) -> Result<String, Violation> {
    serde_json::to_string(value)
        .map_err(|_| Violation { reason: "not_json", detail: "a field cannot be written as JSON" })
}
