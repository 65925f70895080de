use vendzz_schemas::events::Epoch;
use vendzz_schemas::topics::{QUIZ_SUBMISSION, spec};

use super::*;
use crate::cluster::{PartitionState, TopicSetting};
use vendzz_runtime::config::Profile;

fn wanted(profile: Profile) -> NewTopicSettings {
    new_topic_settings(spec(QUIZ_SUBMISSION).unwrap(), profile)
}

/// As `apply` leaves it in the local profile.
fn applied(partitions: i32) -> TopicState {
    let partition = |id| PartitionState { id, leader: Some(1), replicas: 1, in_sync: 1 };
    let own = |value: &String| TopicSetting { value: value.clone(), own: true };
    let settings = wanted(Profile::Local).settings;
    TopicState {
        partitions: (0..partitions).map(partition).collect(),
        settings: settings.iter().map(|(name, value)| ((*name).to_owned(), own(value))).collect(),
        watermarks: BTreeMap::from([(0, (0, 10))]),
    }
}

fn epochs(partitions: &[i32]) -> TopicEpochs {
    let epoch = |(number, partitions): (usize, &i32)| Epoch {
        number: i32::try_from(number).unwrap(),
        begins_at: i64::try_from(number).unwrap(),
        partitions: *partitions,
        salt: 2,
    };
    let epochs = partitions.iter().enumerate().map(epoch).collect();
    TopicEpochs { topic: "t".into(), incarnation: "i".into(), epochs }
}

fn planned(profile: Profile, actual: Option<&TopicState>, epochs: Option<&TopicEpochs>) -> TopicPlan {
    plan(spec(QUIZ_SUBMISSION).unwrap(), "t".into(), wanted(profile), actual, epochs)
}

#[test]
fn what_was_applied_is_left_alone() {
    let plan = planned(Profile::Local, Some(&applied(6)), Some(&epochs(&[6])));
    assert!(plan.is_satisfied(), "{plan:?}");
    assert!(plan.notes.is_empty(), "{plan:?}");
}

#[test]
fn a_missing_topic_is_made_and_one_that_had_epochs_is_made_again() {
    assert_eq!(planned(Profile::Local, None, None).action, Action::Create);
    assert_eq!(planned(Profile::Local, None, Some(&epochs(&[6]))).action, Action::CreateAgain);
}

#[test]
fn partitions_are_neither_taken_nor_added() {
    for count in [12, 7] {
        let plan = planned(Profile::Local, Some(&applied(count)), Some(&epochs(&[6, 7])));
        assert!(plan.is_satisfied(), "{plan:?}");
        assert!(plan.notes[0].contains("kept"), "{plan:?}");
    }
    let without_epochs = planned(Profile::Local, Some(&applied(3)), None);
    assert_eq!((without_epochs.action, without_epochs.partitions), (Action::WriteEpochs, 3));
    assert!(without_epochs.notes.iter().any(|note| note.contains("holds 10 records")), "{without_epochs:?}");
}

#[test]
fn fewer_partitions_than_ids_are_routed_to_is_a_fault() {
    let plan = planned(Profile::Local, Some(&applied(6)), Some(&epochs(&[6, 12])));
    assert!(!plan.is_satisfied() && !plan.has_work());
    assert!(plan.faults[0].contains("route to 12"), "{plan:?}");
}

#[test]
fn too_few_replicas_are_a_fault_and_settings_a_change() {
    let plan = planned(Profile::Production, Some(&applied(6)), Some(&epochs(&[6])));
    assert!(plan.faults.iter().any(|fault| fault.contains("1 replicas where 3")), "{plan:?}");
    let changed: Vec<&str> = plan.changes.iter().map(|change| change.setting).collect();
    assert_eq!(changed, ["min.insync.replicas", "retention.ms", "segment.ms"]);
    assert_eq!(plan.changes[1].from.as_deref(), Some("-1"));
}

#[test]
fn settings_of_others_survive_a_change() {
    let mut actual = applied(6);
    actual.settings.insert("max.message.bytes".into(), TopicSetting { value: "5".into(), own: true });
    actual.settings.insert("segment.bytes".into(), TopicSetting { value: "7".into(), own: false });
    actual.settings.insert("retention.ms".into(), TopicSetting { value: "1000".into(), own: true });
    let plan = planned(Profile::Local, Some(&actual), Some(&epochs(&[6])));
    assert_eq!(plan.changes.len(), 1);
    let all = all_settings(&plan.wanted, &actual);
    assert_eq!(all["max.message.bytes"], "5");
    assert_eq!(all["retention.ms"], "-1");
    assert!(!all.contains_key("segment.bytes"), "the broker's own default is not pinned to the topic");
}
