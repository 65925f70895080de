//! Quizzes, as one kind of what is published: a version's name is its record's offset.

mod judge;
mod view;

use std::borrow::Cow;

use vendzz_runtime::telemetry::MetricName;
use vendzz_schemas::definition::QuizDocument;
use vendzz_schemas::events::QuizDefinition;
use vendzz_schemas::topics;

use super::kind::{Kind, Thing, VersionTag};

pub(super) use judge::{Publication, judge_unpublication};
pub(super) use view::{changed, list, version};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Quizzes;

/// What a list shows of a quiz's document.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct QuizHeadline {
    pub(super) title: String,
}

impl Kind for Quizzes {
    type Event = QuizDefinition;
    type Headline = QuizHeadline;

    const THING: Thing = Thing::Quiz;
    const TOPIC: &'static str = topics::QUIZ_DEFINITION;
    /// What former versions had stands in each version, as `retired`.
    const KEEPS_FORMER: bool = false;
    const LATCH_PREFIX: &'static str = "";
    const CHANGES: MetricName = MetricName::QuizChanges;
    const HELD: MetricName = MetricName::DefinitionsHeld;

    fn id(event: &QuizDefinition) -> &str {
        &event.quiz_id
    }

    fn key(event: &QuizDefinition) -> Cow<'_, str> {
        Cow::Borrowed(&event.quiz_id)
    }

    fn tag(_: &QuizDefinition, offset: i64) -> VersionTag {
        VersionTag::new(offset)
    }

    fn read_key(key: &str, offset: i64) -> Option<(&str, VersionTag)> {
        Some((key, VersionTag::new(offset)))
    }

    fn headline(event: &QuizDefinition) -> Result<QuizHeadline, serde_json::Error> {
        let document: QuizDocument = serde_json::from_str(&event.document)?;
        Ok(QuizHeadline { title: document.title })
    }
}
