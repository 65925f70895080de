use std::path::Path;
use std::sync::OnceLock;

use vendzz_schemas::topics::{CAMPAIGN_DEFINITION, Namespace, QUIZ_DEFINITION};
use vendzz_test_support::make_topics;

/// The prefix that this run's topics stand under, made with the operators' own command.
pub(crate) fn prefix() -> &'static str {
    static PREFIX: OnceLock<String> = OnceLock::new();
    PREFIX.get_or_init(|| {
        let prefix = fresh_prefix();
        furnish(&prefix);
        prefix
    })
}

/// Makes every schema and topic under a prefix.
pub(crate) fn furnish(prefix: &str) {
    make_topics(admin_binary(), prefix);
}

/// A prefix under which nothing stands.
pub(crate) fn fresh_prefix() -> String {
    format!("test-admin-{}.", uuid::Uuid::new_v4().simple())
}

/// The real name of `quiz.definition.v1` in this run.
pub(crate) fn definition_topic() -> String {
    Namespace::new(prefix()).name(QUIZ_DEFINITION)
}

/// The real name of `campaign.definition.v1` in this run.
pub(crate) fn campaign_topic() -> String {
    Namespace::new(prefix()).name(CAMPAIGN_DEFINITION)
}

pub(crate) fn admin_binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_vendzz-admin"))
}
