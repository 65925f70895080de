use serde_json::json;

use super::super::super::definitions::Record;
use super::super::super::kind::VersionTag;
use super::super::super::testing::{campaign, campaign_document, quiz, revision, tag, version};
use super::*;

const QUIZ: &str = "q";

fn quizzes() -> Definitions<Quizzes> {
    let definitions = Definitions::default();
    let decoded = Ok(quiz(QUIZ, "acc", "published"));
    definitions.apply(QUIZ, VersionTag::new(0), Record { offset: 0, appended_at: 0, decoded });
    definitions
}

/// A campaign whose only version has this state.
fn standing(state: &str) -> Standing<Campaigns> {
    Standing { newest: version(3, campaign("c", QUIZ, "acc", state)).into(), former: Vec::new() }
}

fn stamp() -> Stamp {
    Stamp { revision: TimedId::parse(&revision(7)).unwrap(), now: 7 }
}

fn judge(
    document: Value,
    precondition: Precondition,
    standing: Option<&Standing<Campaigns>>,
) -> Result<Verdict<Campaigns>, Refusal> {
    let publication = Publication { campaign_id: "c".to_owned(), document, precondition };
    publication.judge(standing, &quizzes(), stamp())
}

fn document(state: &str) -> Value {
    campaign_document(QUIZ, "acc", state)
}

fn with(field: &str, value: Value) -> Value {
    let mut document = document("active");
    document[field] = value;
    document
}

fn from(number: u8) -> Precondition {
    Precondition::Version(vec![tag(revision(number))])
}

fn appended(verdict: Result<Verdict<Campaigns>, Refusal>) -> CampaignDefinition {
    match verdict {
        Ok(Verdict::Append(event)) => event,
        other => panic!("{other:?}"),
    }
}

/// The pointer and code of the only thing wrong.
fn problem_of(verdict: Result<Verdict<Campaigns>, Refusal>) -> (String, &'static str) {
    match verdict {
        Err(Refusal::Invalid(problems)) if problems.len() == 1 => {
            (problems[0].pointer.clone(), problems[0].code)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_first_version_needs_no_precondition_and_is_marked_with_a_revision() {
    for precondition in [Precondition::None, Precondition::New] {
        let event = appended(judge(document("draft"), precondition, None));
        assert_eq!((event.campaign_id.as_str(), event.quiz_id.as_str()), ("c", QUIZ));
        assert_eq!((event.account_id.as_str(), event.state.as_str()), ("acc", "draft"));
        assert_eq!((event.revision, event.changed_at), (revision(7), 7));
    }
    let from_nowhere = judge(document("draft"), from(0), None);
    assert_eq!(from_nowhere, Err(Refusal::PreconditionFailed { current: None }));
}

#[test]
fn the_next_version_names_the_one_that_it_was_made_from() {
    let current = standing("draft");
    let judge = |precondition| judge(document("active"), precondition, Some(&current));
    let tag = tag(revision(0));
    assert_eq!(judge(Precondition::None), Err(Refusal::PreconditionRequired { current: tag.clone() }));
    let failed = Err(Refusal::PreconditionFailed { current: Some(tag) });
    assert_eq!(judge(Precondition::New), failed);
    assert_eq!(judge(from(1)), failed);
    assert_eq!(appended(judge(from(0))).state, "active");
}

#[test]
fn the_same_content_again_is_a_success_whatever_it_names() {
    for state in ["draft", "active", "paused", "ended"] {
        let current = standing(state);
        for precondition in [Precondition::None, Precondition::New, from(0), from(1)] {
            let again = judge(document(state), precondition.clone(), Some(&current));
            assert_eq!(again, Ok(Verdict::Unchanged), "{state} {precondition:?}");
        }
    }
}

#[test]
fn a_state_leads_to_any_other_but_nothing_leads_out_of_ended() {
    let states = ["draft", "active", "paused"];
    for (before, after) in states.iter().flat_map(|before| states.map(|after| (*before, after))) {
        let verdict = judge(document(after), from(0), Some(&standing(before)));
        if before == after {
            assert_eq!(verdict, Ok(Verdict::Unchanged));
        } else {
            assert_eq!(appended(verdict).state, after);
        }
    }
    for before in states {
        assert_eq!(appended(judge(document("ended"), from(0), Some(&standing(before)))).state, "ended");
    }
    for precondition in [Precondition::None, Precondition::New, from(0), from(1)] {
        for after in states {
            let verdict = judge(document(after), precondition.clone(), Some(&standing("ended")));
            assert_eq!(verdict, Err(Refusal::EndedForEver), "{after} {precondition:?}");
        }
        let mut renamed = document("ended");
        renamed["name"] = json!("Outro");
        assert_eq!(judge(renamed, precondition, Some(&standing("ended"))), Err(Refusal::EndedForEver));
    }
}

#[test]
fn account_quiz_and_channel_are_for_ever() {
    let current = standing("active");
    for precondition in [Precondition::None, Precondition::New, from(0)] {
        for (field, other, refusal) in [
            ("accountId", "thief", Refusal::ForeignAccount),
            ("quizId", "outro", Refusal::OtherQuiz),
            ("channel", "email", Refusal::OtherChannel),
        ] {
            let verdict = judge(with(field, json!(other)), precondition.clone(), Some(&current));
            assert_eq!(verdict, Err(refusal), "{field}");
        }
    }
}

#[test]
fn the_quiz_must_exist_and_be_of_the_account() {
    let problem = |document| problem_of(judge(document, Precondition::New, None));
    assert_eq!(problem(with("quizId", json!("outro"))), ("/quizId".to_owned(), "unknown_quiz"));
    assert_eq!(problem(with("quizId", json!(7))), ("/quizId".to_owned(), "wrong_type"));
    assert_eq!(problem(json!({})), ("/quizId".to_owned(), "missing"));
    assert_eq!(problem(json!([])), (String::new(), "wrong_type"));
    let foreign = judge(with("accountId", json!("outra")), Precondition::New, None);
    let Err(Refusal::Invalid(problems)) = foreign else { panic!("{foreign:?}") };
    assert!(problems.iter().any(|problem| problem.pointer == "/accountId"), "{problems:?}");
}

#[test]
fn a_quiz_that_cannot_be_read_is_nothing_to_check_against() {
    let quizzes = quizzes();
    let record = Record { offset: 5, appended_at: 0, decoded: Err("damaged".to_owned()) };
    quizzes.apply(QUIZ, VersionTag::new(5), record);
    let judge = |document, precondition, standing| {
        Publication { campaign_id: "c".to_owned(), document, precondition }.judge(standing, &quizzes, stamp())
    };
    let unreadable = Err(Refusal::UnreadableQuiz { version: tag(5) });
    assert_eq!(judge(document("active"), Precondition::New, None), unreadable);
    let current = standing("active");
    assert_eq!(judge(with("name", json!("Outro")), from(0), Some(&current)), unreadable);
    // What needs no check goes on: a repetition, and a stop.
    assert_eq!(judge(document("active"), from(1), Some(&current)), Ok(Verdict::Unchanged));
    assert_eq!(appended(judge(document("paused"), from(0), Some(&current))).state, "paused");
    assert_eq!(appended(judge(document("ended"), from(0), Some(&current))).state, "ended");
    let starting = judge(document("active"), from(0), Some(&standing("paused")));
    assert_eq!(starting, unreadable, "what starts a campaign is checked");
}

#[test]
fn a_stop_changes_the_state_alone_and_keeps_to_its_precondition() {
    let current = standing("active");
    let event = appended(judge(document("paused"), from(0), Some(&current)));
    let mut expected: Value = serde_json::from_str(&current.newest.event.document).unwrap();
    expected["state"] = json!("paused");
    assert_eq!(serde_json::from_str::<Value>(&event.document).unwrap(), expected);
    let unsaid = judge(document("paused"), Precondition::None, Some(&current));
    assert_eq!(unsaid, Err(Refusal::PreconditionRequired { current: tag(revision(0)) }));

    let stops = |document: &Value| {
        let document: CampaignDocument = serde_json::from_value(document.clone()).unwrap();
        stops(&document, &current.newest)
    };
    assert!(stops(&document("paused")) && stops(&document("ended")));
    assert!(!stops(&document("draft")) && !stops(&document("active")));
    let mut edited = document("paused");
    edited["name"] = json!("Outro");
    assert!(!stops(&edited));
}

#[test]
fn a_field_that_reading_would_lose_is_not_taken_for_the_same_content() {
    let plain = |document: Value| {
        let publication =
            Publication { campaign_id: "c".to_owned(), document, precondition: Precondition::None };
        publication.read_plainly().is_some()
    };
    assert!(plain(document("active")));
    assert!(!plain(with("colour", json!("red"))));
    let mut in_a_step = document("active");
    in_a_step["steps"][0]["template"]["colour"] = json!("red");
    assert!(!plain(in_a_step));
    assert!(!plain(with("steps", json!(7))));
    assert!(!plain(with("activeFrom", json!(null))), "left to the check");
}

#[test]
fn a_stale_request_learns_the_version_before_what_is_wrong_in_it() {
    let current = standing("active");
    let broken = with("steps", json!(7));
    let stale = judge(broken.clone(), from(1), Some(&current));
    assert_eq!(stale, Err(Refusal::PreconditionFailed { current: Some(tag(revision(0))) }));
    assert!(matches!(judge(broken, from(0), Some(&current)), Err(Refusal::Invalid(_))));
}

#[test]
fn every_former_version_is_checked_against_oldest_first() {
    let mut standing = standing("paused");
    let mut older = campaign("c", QUIZ, "acc", "draft");
    older.document = older.document.replace("Boas-vindas", "Antiga");
    standing.former.push(version(1, older).into());
    let documents = former_documents(&standing).unwrap();
    let names: Vec<&str> = documents.iter().map(|document| document.name.as_str()).collect();
    assert_eq!(names, ["Antiga", "Boas-vindas"]);
}

#[test]
fn the_action_is_the_state_that_is_asked_for() {
    let action = |document: Value| {
        Publication { campaign_id: "c".to_owned(), document, precondition: Precondition::None }.action()
    };
    let states = ["draft", "active", "paused", "ended"];
    assert_eq!(states.map(|state| action(document(state))), ["draft", "activate", "pause", "end"]);
    assert_eq!(action(document("sleeping")), "unknown");
    assert_eq!(action(json!([])), "unknown");
}
