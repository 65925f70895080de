use serde_json::json;
use vendzz_schemas::definition::RetiredElement;

use super::super::super::testing::{quiz, quiz_document, quiz_version, tag};
use super::*;

fn publication(document: Value, precondition: Precondition) -> Publication {
    Publication { quiz_id: "q".to_owned(), document, precondition }
}

fn from(version: i64) -> Precondition {
    Precondition::Version(vec![tag(version)])
}

fn appended(verdict: Result<Verdict<Quizzes>, Refusal>) -> QuizDefinition {
    match verdict {
        Ok(Verdict::Append(definition)) => definition,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_first_version_needs_no_precondition() {
    for precondition in [Precondition::None, Precondition::New] {
        let definition = appended(publication(quiz_document("acc"), precondition).judge(None, 7));
        assert_eq!((definition.quiz_id.as_str(), definition.account_id.as_str()), ("q", "acc"));
        assert_eq!((definition.state.as_str(), definition.changed_at), ("published", 7));
        assert!(definition.retired.is_empty());
    }
    let from_nowhere = publication(quiz_document("acc"), from(0)).judge(None, 7);
    assert_eq!(from_nowhere, Err(Refusal::PreconditionFailed { current: None }));
}

#[test]
fn the_next_version_names_the_one_that_it_was_made_from() {
    let current = quiz_version(3, quiz("q", "acc", "published"));
    let mut changed = quiz_document("acc");
    changed["title"] = json!("Outro");
    let judge = |precondition| publication(changed.clone(), precondition).judge(Some(&current), 7);
    assert_eq!(judge(Precondition::None), Err(Refusal::PreconditionRequired { current: tag(3) }));
    assert_eq!(judge(Precondition::New), Err(Refusal::PreconditionFailed { current: Some(tag(3)) }));
    assert_eq!(judge(from(2)), Err(Refusal::PreconditionFailed { current: Some(tag(3)) }));
    assert!(appended(judge(from(3))).document.contains("Outro"));
}

#[test]
fn the_same_content_again_is_a_success_whatever_version_it_names() {
    let current = quiz_version(3, quiz("q", "acc", "published"));
    for precondition in [Precondition::None, Precondition::New, from(2), from(3)] {
        let verdict = publication(quiz_document("acc"), precondition.clone()).judge(Some(&current), 7);
        assert_eq!(verdict, Ok(Verdict::Unchanged), "{precondition:?}");
    }
    let unpublished = quiz_version(3, quiz("q", "acc", "unpublished"));
    let again = |precondition| publication(quiz_document("acc"), precondition).judge(Some(&unpublished), 7);
    assert_eq!(again(Precondition::None), Err(Refusal::PreconditionRequired { current: tag(3) }));
    assert_eq!(appended(again(from(3))).state, "published");
}

#[test]
fn a_quiz_belongs_for_ever_to_its_first_account() {
    for state in ["published", "unpublished"] {
        let current = quiz_version(3, quiz("q", "acc", state));
        for precondition in [Precondition::None, Precondition::New, from(3)] {
            let takeover = publication(quiz_document("thief"), precondition).judge(Some(&current), 7);
            assert_eq!(takeover, Err(Refusal::ForeignAccount));
        }
    }
}

#[test]
fn what_is_removed_is_remembered_over_all_versions() {
    let mut current = quiz("q", "acc", "published");
    current.retired =
        vec![RetiredElement { element_id: "old".into(), element_type: "email".into(), choices: Vec::new() }];
    let current = quiz_version(3, current);
    let mut changed = quiz_document("acc");
    changed["elements"][1]["choices"] = json!([{ "id": "less", "label": "Perder peso" }]);
    let next = appended(publication(changed, from(3)).judge(Some(&current), 7));
    let retired: Vec<_> =
        next.retired.iter().map(|one| (one.element_id.as_str(), one.choices.concat())).collect();
    assert_eq!(retired, [("goal", "same".to_owned()), ("old", String::new())]);

    let mut reused = quiz_document("acc");
    reused["elements"][0] = json!({ "id": "old", "type": "phone", "label": "Telefone" });
    let Err(Refusal::Invalid(problems)) = publication(reused, from(3)).judge(Some(&current), 7) else {
        panic!()
    };
    assert_eq!((problems[0].pointer.as_str(), problems[0].code), ("/elements/0/type", "type_changed"));
}

#[test]
fn a_stale_request_learns_the_version_before_what_is_wrong_in_it() {
    let current = quiz_version(3, quiz("q", "acc", "published"));
    let broken = json!({ "accountId": "acc" });
    let stale = publication(broken.clone(), from(2)).judge(Some(&current), 7);
    assert_eq!(stale, Err(Refusal::PreconditionFailed { current: Some(tag(3)) }));
    assert!(matches!(publication(broken, from(3)).judge(Some(&current), 7), Err(Refusal::Invalid(_))));
}

#[test]
fn unpublishing_keeps_the_document_and_is_done_once() {
    let current = quiz_version(3, quiz("q", "acc", "published"));
    let next = appended(judge_unpublication(Some(&current), &from(3), 7));
    assert_eq!((next.state.as_str(), next.changed_at), ("unpublished", 7));
    assert_eq!(next.document, current.event.document);
    let required = judge_unpublication(Some(&current), &Precondition::None, 7);
    assert_eq!(required, Err(Refusal::PreconditionRequired { current: tag(3) }));
    assert_eq!(judge_unpublication(None, &Precondition::None, 7), Err(Refusal::Unknown));
    let unpublished = quiz_version(4, next);
    for precondition in [Precondition::None, from(3), from(4)] {
        assert_eq!(judge_unpublication(Some(&unpublished), &precondition, 8), Ok(Verdict::Unchanged));
    }
}
