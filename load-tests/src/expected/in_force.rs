use super::CampaignVersion;

/// Of one campaign's versions, the last by offset whose time has come: from its append and the notice, an active one
/// not before its `activeFrom`.
pub(super) fn in_force<'v>(
    versions: &[&'v CampaignVersion],
    at_ms: i64,
    notice_ms: i64,
) -> Option<&'v CampaignVersion> {
    let mut found: Option<&CampaignVersion> = None;
    for version in versions {
        let mut effective_from = version.append_ms + notice_ms;
        // What is not active stops the former version as soon as it may.
        if version.state == "active"
            && let Some(active_from) = version.document["activeFrom"].as_i64()
        {
            effective_from = effective_from.max(active_from);
        }
        let is_later = found.is_none_or(|found| version.offset > found.offset);
        if effective_from <= at_ms && is_later {
            found = Some(version);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn version(offset: i64, append_ms: i64, active_from: Option<i64>) -> CampaignVersion {
        CampaignVersion {
            campaign_id: "c".into(),
            revision: offset.to_string(),
            account_id: "a".into(),
            quiz_id: "q".into(),
            state: "active".into(),
            offset,
            append_ms,
            document: json!({ "activeFrom": active_from }),
        }
    }

    #[test]
    fn the_last_version_whose_time_has_come() {
        // Effective from 1090, 1500 and 1290.
        let versions = [version(0, 1_000, None), version(1, 1_100, Some(1_500)), version(2, 1_200, None)];
        let versions: Vec<&CampaignVersion> = versions.iter().collect();
        let at = |millis| in_force(&versions, millis, 90).map(|version| version.offset);
        assert_eq!(
            [at(1_089), at(1_090), at(1_289), at(1_290), at(9_000)],
            [None, Some(0), Some(0), Some(2), Some(2)]
        );
        assert_eq!(in_force(&versions[..2], 1_500, 90).map(|version| version.offset), Some(1));
    }
}
