use vendzz_schemas::events::{CampaignDefinition, QuizDefinition};

use super::super::campaigns::Campaigns;
use super::super::quizzes::Quizzes;
use super::super::testing::{campaign, quiz, revision};
use super::*;

fn apply_quiz(
    definitions: &Definitions<Quizzes>,
    id: &str,
    offset: i64,
    decoded: Result<QuizDefinition, String>,
) {
    definitions.apply(id, VersionTag::new(offset), Record { offset, appended_at: 0, decoded });
}

fn apply_campaign(definitions: &Definitions<Campaigns>, offset: i64, number: u8) {
    let event = CampaignDefinition { revision: revision(number), ..campaign("c", "q", "acc", "draft") };
    let record = Record { offset, appended_at: offset * 1_000, decoded: Ok(event) };
    definitions.apply("c", VersionTag::new(revision(number)), record);
}

#[test]
fn the_table_never_goes_back_and_knows_what_each_version_replaced() {
    let definitions = Definitions::default();
    for offset in [3, 9, 3, 9, 4] {
        apply_quiz(&definitions, "q", offset, Ok(quiz("q", "acc", "published")));
    }
    let version = definitions.get("q").unwrap().unwrap();
    assert_eq!((version.offset, version.replaced), (9, Some(3)));
    assert_eq!(definitions.get("other"), Ok(None));
    assert!(definitions.standing("q").unwrap().unwrap().former.is_empty(), "of a quiz the newest is enough");
}

#[test]
fn of_a_campaign_each_version_is_held_once_also_when_its_topic_is_read_again() {
    let definitions = Definitions::<Campaigns>::default();
    for _ in 0..2 {
        for (offset, number) in [(2, 1), (5, 2), (6, 3)] {
            apply_campaign(&definitions, offset, number);
        }
    }
    let standing = definitions.standing("c").unwrap().unwrap();
    assert_eq!((standing.newest.tag.as_str(), standing.newest.replaced), (revision(3).as_str(), Some(5)));
    let former: Vec<i64> = standing.former.iter().map(|version| version.offset).collect();
    assert_eq!(former, [2, 5], "oldest first");
    let versions = definitions.versions("c").unwrap();
    let appended: Vec<i64> = versions.iter().map(|version| version.as_ref().unwrap().appended_at).collect();
    assert_eq!(appended, [6_000, 5_000, 2_000], "newest first");
    assert!(definitions.versions("other").is_none());
}

#[test]
fn a_version_that_cannot_be_read_hides_the_older_one() {
    let definitions = Definitions::<Quizzes>::default();
    let unreadable = || definitions.get("q").unwrap_err().offset;
    apply_quiz(&definitions, "q", 1, Ok(quiz("q", "acc", "published")));
    apply_quiz(&definitions, "q", 2, Err("schema id 7 is unknown".to_owned()));
    assert_eq!(unreadable(), 2);
    apply_quiz(&definitions, "q", 3, Ok(quiz("other", "acc", "published")));
    assert_eq!(unreadable(), 3, "key and value disagree");
    let broken = QuizDefinition { document: "{}".to_owned(), ..quiz("q", "acc", "published") };
    apply_quiz(&definitions, "q", 4, Ok(broken));
    assert_eq!(unreadable(), 4, "a document without its fields");
    apply_quiz(&definitions, "q", 5, Ok(quiz("q", "acc", "unpublished")));
    assert!(definitions.get("q").is_ok());
}

#[test]
fn a_campaign_is_unreadable_when_its_key_names_another_revision() {
    let definitions = Definitions::<Campaigns>::default();
    apply_campaign(&definitions, 1, 1);
    let event = CampaignDefinition { revision: revision(2), ..campaign("c", "q", "acc", "draft") };
    let record = Record { offset: 2, appended_at: 0, decoded: Ok(event) };
    definitions.apply("c", VersionTag::new(revision(3)), record);
    assert_eq!(definitions.standing("c").unwrap_err().tag.as_str(), revision(3));
    apply_campaign(&definitions, 3, 4);
    let standing = definitions.standing("c").unwrap().unwrap();
    assert_eq!(standing.former.len(), 1, "what cannot be read is no former version to check against");
    assert!(definitions.versions("c").unwrap()[1].is_err(), "but it is among the versions");
}

#[test]
fn pages_follow_each_other_by_id() {
    let definitions = Definitions::<Quizzes>::default();
    for (offset, id) in ["c", "a", "d", "b"].into_iter().enumerate() {
        apply_quiz(&definitions, id, offset as i64, Ok(quiz(id, "acc", "published")));
    }
    apply_quiz(&definitions, "b", 9, Err("unreadable".to_owned()));
    let ids = |after: &str, limit| {
        let page = definitions.page(after, limit, |_| true);
        page.into_iter().map(|version| version.event.quiz_id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids("", 2), ["a", "c"]);
    assert_eq!(ids("c", 2), ["d"]);
    assert!(ids("d", 2).is_empty());
    assert_eq!(definitions.page("", 9, |version| version.event.quiz_id == "d").len(), 1);
}
