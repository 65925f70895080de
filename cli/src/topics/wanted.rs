//! How a topic of the catalogue is to stand on the cluster, by profile.

use std::collections::BTreeMap;

use vendzz_runtime::config::Profile;
use vendzz_schemas::topics::{Cleanup, PRODUCTION_RETENTION_MS, TopicSpec};

use crate::cluster::NewTopicSettings;

/// A segment is only ever deleted whole, so it may span this part of the retention at most:
/// without it, a topic with little traffic would keep its records for a week more.
const SEGMENTS_PER_RETENTION: i64 = 24;

/// Partitions, replicas and settings of a topic.
pub(crate) fn new_topic_settings(spec: &TopicSpec, profile: Profile) -> NewTopicSettings {
    let (partitions, replicas, min_in_sync) = match profile {
        Profile::Local => (spec.partitions_local, 1, 1),
        Profile::Production => (spec.partitions_production, 3, 2),
    };
    let mut settings = BTreeMap::from([
        ("cleanup.policy", cleanup_policy(spec.cleanup).to_owned()),
        // Folds compare event times with append times; a client's clock must not decide those.
        ("message.timestamp.type", "LogAppendTime".to_owned()),
        ("min.insync.replicas", min_in_sync.to_string()),
        ("unclean.leader.election.enable", "false".to_owned()),
    ]);
    if spec.cleanup == Cleanup::Delete {
        match retention_ms(spec, profile) {
            None => {
                settings.insert("retention.ms", "-1".to_owned());
            }
            Some(retention) => {
                settings.insert("retention.ms", retention.to_string());
                settings.insert("segment.ms", (retention / SEGMENTS_PER_RETENTION).to_string());
            }
        }
    }
    if let Some(lag) = spec.compaction_lag_ms {
        settings.insert("min.compaction.lag.ms", lag.to_string());
    }
    NewTopicSettings { partitions, replicas, settings }
}

fn cleanup_policy(cleanup: Cleanup) -> &'static str {
    match cleanup {
        Cleanup::Compact => "compact",
        Cleanup::Delete => "delete",
    }
}

/// `None`: for ever.
fn retention_ms(spec: &TopicSpec, profile: Profile) -> Option<i64> {
    match (spec.retention_ms, profile) {
        (Some(retention), _) => Some(retention),
        (None, Profile::Production) => Some(PRODUCTION_RETENTION_MS),
        (None, Profile::Local) => None,
    }
}

#[cfg(test)]
mod tests {
    use vendzz_schemas::topics::{CATALOGUE, EDGE_ADDRESS_KEY, QUIZ_DEFINITION, QUIZ_SUBMISSION, spec};

    use super::*;

    fn wanted(name: &str, profile: Profile) -> NewTopicSettings {
        new_topic_settings(spec(name).unwrap(), profile)
    }

    #[test]
    fn production_is_wide_and_safe_and_keeps_90_days() {
        let submissions = wanted(QUIZ_SUBMISSION, Profile::Production);
        assert_eq!((submissions.partitions, submissions.replicas), (128, 3));
        assert_eq!(submissions.settings["min.insync.replicas"], "2");
        assert_eq!(submissions.settings["unclean.leader.election.enable"], "false");
        assert_eq!(submissions.settings["retention.ms"], "7776000000");
    }

    #[test]
    fn locally_everything_is_kept() {
        let submissions = wanted(QUIZ_SUBMISSION, Profile::Local);
        assert_eq!((submissions.partitions, submissions.replicas), (6, 1));
        assert_eq!(submissions.settings["retention.ms"], "-1");
        assert!(!submissions.settings.contains_key("segment.ms"));
    }

    #[test]
    fn address_keys_are_gone_after_48_hours_in_either_profile() {
        for profile in [Profile::Local, Profile::Production] {
            let keys = wanted(EDGE_ADDRESS_KEY, profile);
            assert_eq!(keys.settings["retention.ms"], "172800000");
            assert_eq!(keys.settings["segment.ms"], "7200000", "a segment of a week would outlive them");
        }
    }

    #[test]
    fn every_topic_has_append_time_and_answers_are_never_compacted() {
        for topic in CATALOGUE {
            for profile in [Profile::Local, Profile::Production] {
                let wanted = new_topic_settings(topic, profile);
                assert_eq!(wanted.settings["message.timestamp.type"], "LogAppendTime", "{}", topic.name);
                assert!(!topic.routed || wanted.settings["cleanup.policy"] == "delete", "{}", topic.name);
            }
        }
        assert_eq!(wanted(QUIZ_DEFINITION, Profile::Production).settings["cleanup.policy"], "compact");
    }
}
