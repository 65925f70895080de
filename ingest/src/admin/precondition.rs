use axum::http::HeaderMap;
use axum::http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};

use super::kind::VersionTag;

/// What must be true of a quiz or campaign so that a change may go on (RFC 9110 section 13.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Precondition {
    /// Nothing was said: right for what does not exist yet.
    None,
    /// `If-Match`: the current version is one of these.
    Version(Vec<VersionTag>),
    /// `If-None-Match: *`: it does not exist.
    New,
}

/// Why a change may not go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unmet {
    /// It exists, and the request does not say which version it was made from.
    Required { current: VersionTag },
    /// The current version, if there is one, is another than the request says.
    Failed { current: Option<VersionTag> },
}

/// A header that cannot be read, and why.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{header}: {reason}")]
pub(super) struct BadPrecondition {
    pub(super) header: &'static str,
    pub(super) reason: &'static str,
}

impl Precondition {
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, BadPrecondition> {
        match (values(headers, &IF_MATCH), values(headers, &IF_NONE_MATCH)) {
            (None, None) => Ok(Self::None),
            (Some(_), Some(_)) => Err(bad("If-Match", "stands beside If-None-Match; send one of them")),
            (Some(tags), None) => read_if_match(&tags).map(Self::Version),
            (None, Some(tags)) if tags.trim() == "*" => Ok(Self::New),
            (None, Some(_)) => Err(bad("If-None-Match", "only * is understood here: it does not exist yet")),
        }
    }

    pub(super) fn check(&self, current: Option<&VersionTag>) -> Result<(), Unmet> {
        match (self, current) {
            (Self::None | Self::New, None) => Ok(()),
            (Self::None, Some(current)) => Err(Unmet::Required { current: current.clone() }),
            (Self::Version(versions), Some(current)) if versions.contains(current) => Ok(()),
            _ => Err(Unmet::Failed { current: current.cloned() }),
        }
    }
}

/// Whether `If-None-Match` of a GET names this version (weak comparison, RFC 9110 section 13.1.2).
pub(super) fn is_unmodified(headers: &HeaderMap, version: &VersionTag) -> bool {
    let Some(tags) = values(headers, &IF_NONE_MATCH) else { return false };
    let wanted = version.quoted();
    tags.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == wanted)
}

/// All lines of a header as one list. Bytes beyond ASCII are no tag of ours.
fn values(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let lines: Vec<&str> = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("?")).collect();
    (!lines.is_empty()).then(|| lines.join(","))
}

fn read_if_match(tags: &str) -> Result<Vec<VersionTag>, BadPrecondition> {
    if tags.trim() == "*" {
        return Err(bad("If-Match", "* would overwrite changes unseen; name the version that was edited"));
    }
    let mut versions = Vec::new();
    for tag in tags.split(',') {
        let tag = tag.trim();
        let opaque = tag.strip_prefix("W/").unwrap_or(tag);
        let inner = opaque.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let Some(inner) = inner else {
            return Err(bad("If-Match", "expected a version in double quotes, as ETag gives it"));
        };
        // A weak tag never matches here (RFC 9110 section 13.1.1).
        if !tag.starts_with("W/") {
            versions.push(VersionTag::new(inner));
        }
    }
    Ok(versions)
}

fn bad(header: &'static str, reason: &'static str) -> BadPrecondition {
    BadPrecondition { header, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(names: &[&str]) -> Vec<VersionTag> {
        names.iter().map(VersionTag::new).collect()
    }

    fn read(pairs: &[(HeaderName, &str)]) -> Result<Precondition, BadPrecondition> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, value.parse().unwrap());
        }
        Precondition::read(&headers)
    }

    #[test]
    fn headers_say_which_version_was_edited() {
        assert_eq!(read(&[]), Ok(Precondition::None));
        assert_eq!(read(&[(IF_NONE_MATCH, "*")]), Ok(Precondition::New));
        assert_eq!(read(&[(IF_MATCH, "\"0\"")]), Ok(Precondition::Version(tags(&["0"]))));
        assert_eq!(read(&[(IF_MATCH, "\"3\", \"5\"")]), Ok(Precondition::Version(tags(&["3", "5"]))));
        assert_eq!(
            read(&[(IF_MATCH, "\"3\""), (IF_MATCH, "\"5\"")]),
            Ok(Precondition::Version(tags(&["3", "5"])))
        );
        assert_eq!(
            read(&[(IF_MATCH, "W/\"3\"")]),
            Ok(Precondition::Version(Vec::new())),
            "a weak one never matches"
        );
        let revision = "01987a5e-0c00-7000-8000-000000000001";
        let named = read(&[(IF_MATCH, &format!("\"{revision}\""))]);
        assert_eq!(named, Ok(Precondition::Version(tags(&[revision]))));
        for bad in ["3", "*", "\"3", "", "\"3\";\"4", "\"3\" 4"] {
            assert_eq!(read(&[(IF_MATCH, bad)]).unwrap_err().header, "If-Match", "{bad}");
        }
        assert!(read(&[(IF_NONE_MATCH, "\"3\"")]).is_err());
        assert!(read(&[(IF_NONE_MATCH, "*"), (IF_MATCH, "\"3\"")]).is_err());
    }

    #[test]
    fn a_change_goes_on_only_from_the_version_that_it_names() {
        let (zero, three, four) = (VersionTag::new(0), VersionTag::new(3), VersionTag::new(4));
        let failed = |current: Option<&VersionTag>| Err(Unmet::Failed { current: current.cloned() });
        let from_3 = Precondition::Version(vec![three.clone()]);
        assert_eq!(from_3.check(Some(&three)), Ok(()));
        assert_eq!(from_3.check(Some(&four)), failed(Some(&four)));
        assert_eq!(from_3.check(None), failed(None));
        assert_eq!(Precondition::None.check(None), Ok(()));
        assert_eq!(Precondition::None.check(Some(&zero)), Err(Unmet::Required { current: zero.clone() }));
        assert_eq!(Precondition::New.check(None), Ok(()));
        assert_eq!(Precondition::New.check(Some(&zero)), failed(Some(&zero)));
        for other in ["03", "3 ", "abc", ""] {
            assert_eq!(
                Precondition::Version(tags(&[other])).check(Some(&three)),
                failed(Some(&three)),
                "{other:?}"
            );
        }
        assert_eq!(Precondition::Version(vec![]).check(Some(&zero)), failed(Some(&zero)));
    }

    #[test]
    fn a_reader_that_has_the_version_is_told_so() {
        let unmodified = |tag: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, tag.parse().unwrap());
            is_unmodified(&headers, &VersionTag::new(7))
        };
        assert!(
            unmodified("\"7\"") && unmodified("W/\"7\"") && unmodified("\"1\", \"7\"") && unmodified("*")
        );
        assert!(!unmodified("\"8\"") && !unmodified("7"));
        assert!(!is_unmodified(&HeaderMap::new(), &VersionTag::new(7)));
    }
}
