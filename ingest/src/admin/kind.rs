//! What is published: quizzes and campaigns. All that they have in common is written once, over [`Kind`].

use std::borrow::Cow;
use std::fmt::{self, Debug, Display};

use vendzz_runtime::telemetry::MetricName;
use vendzz_schemas::events::AvroEvent;

/// A kind of thing that the admin API publishes: each thing has an id, and its versions are records of one
/// partition of one topic, in the order of their offsets.
pub(super) trait Kind: Debug + Clone + Copy + PartialEq + Send + Sync + 'static {
    /// One version, as it stands in the log.
    type Event: AvroEvent + Debug + Clone + PartialEq + Send + Sync;
    /// What a list shows of a version's document.
    type Headline: Debug + Clone + PartialEq + Send + Sync;

    const THING: Thing;
    /// In the topic catalogue.
    const TOPIC: &'static str;
    /// Whether the versions before the newest are held too.
    const KEEPS_FORMER: bool;
    /// Before the names of the parts that `/readyz` waits for.
    const LATCH_PREFIX: &'static str;
    /// Counts what was asked and what became of it.
    const CHANGES: MetricName;
    /// How many things are held.
    const HELD: MetricName;

    /// Of the thing; the record's partition is chosen by it.
    fn id(event: &Self::Event) -> &str;

    /// The record's key.
    fn key(event: &Self::Event) -> Cow<'_, str>;

    /// The name of the version that this record is.
    fn tag(event: &Self::Event, offset: i64) -> VersionTag;

    /// The thing's id and the version's name, from a record whose value may be unreadable. `None` when no
    /// record of this kind can have such a key.
    fn read_key(key: &str, offset: i64) -> Option<(&str, VersionTag)>;

    /// Reads the version's document.
    fn headline(event: &Self::Event) -> Result<Self::Headline, serde_json::Error>;
}

/// Which kind, for words and labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thing {
    Quiz,
    Campaign,
}

impl Thing {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Quiz => "quiz",
            Self::Campaign => "campaign",
        }
    }
}

/// The name of a version, as `ETag` and `If-Match` have it between their quotes: a quiz's offset, a
/// campaign's revision. Compared byte by byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct VersionTag(String);

impl VersionTag {
    pub(super) fn new(name: impl Display) -> Self {
        Self(name.to_string())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// As an entity tag (RFC 9110 section 8.8.3).
    pub(super) fn quoted(&self) -> String {
        format!("\"{}\"", self.0)
    }
}

impl Display for VersionTag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
