use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use vendzz_runtime::http::Problem;
use vendzz_schemas::campaign::Channel;

use crate::permissions::Filter;

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 1_000;

/// The parameters of a request's query: each known, each once.
pub(super) struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    pub(super) fn parse(raw: Option<&str>, known: &[&str]) -> Result<Self, Problem> {
        let pairs: Vec<(String, String)> =
            form_urlencoded::parse(raw.unwrap_or_default().as_bytes()).into_owned().collect();
        for (place, (name, _)) in pairs.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let detail = format!("The parameters here are {}.", known.join(", "));
                return Err(Problem::bad("bad_query", "A query parameter is not known", detail));
            }
            if pairs[..place].iter().any(|(former, _)| former == name) {
                return Err(Self::bad(name, "may stand there once"));
            }
        }
        Ok(Self { pairs })
    }

    pub(super) fn bad(parameter: &str, reason: &str) -> Problem {
        Problem::bad("bad_query", "A query parameter is wrong", format!("{parameter} {reason}"))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn limit(&self) -> Result<u32, Problem> {
        let Some(text) = self.get("limit") else { return Ok(DEFAULT_LIMIT) };
        let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
        limit.ok_or_else(|| Self::bad("limit", "must be 1 to 1000"))
    }

    /// The rows of an account's list that are wanted.
    pub(super) fn filter(&self, account_id: String) -> Result<Filter, Problem> {
        let channel = match self.get("channel") {
            Some(name) => Some(
                Channel::from_wire(name)
                    .ok_or_else(|| Self::bad("channel", "must be sms, email, whatsapp or voice"))?,
            ),
            None => None,
        };
        let after = match self.get("after") {
            Some(cursor) => {
                let (channel, contact) =
                    place_in(cursor).ok_or_else(|| Self::bad("after", "must be next of the page before"))?;
                Some((account_id.clone(), channel, contact))
            }
            None => None,
        };
        Ok(Filter { account_id: Some(account_id), channel, contact: None, after, limit: self.limit()? })
    }
}

/// The cursor behind a row; a text without characters that mean something in a URL.
pub(super) fn cursor(channel: &str, contact: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{channel}\n{contact}"))
}

fn place_in(cursor: &str) -> Option<(String, String)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (channel, contact) = text.split_once('\n')?;
    // PostgreSQL's text holds no U+0000.
    if text.contains('\0') {
        return None;
    }
    Some((channel.to_owned(), contact.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_parameters_with_possible_values_are_taken() {
        let filter = |raw: &str| {
            Query::parse(Some(raw), &["channel", "after", "limit"])
                .and_then(|query| query.filter("c".to_owned()))
        };
        let after = cursor("sms", "+5511987654321");
        let read = filter(&format!("channel=sms&limit=7&after={after}")).unwrap();
        assert_eq!(read.after, Some(("c".to_owned(), "sms".to_owned(), "+5511987654321".to_owned())));
        assert_eq!((read.channel, read.limit), (Some(Channel::Sms), 7));
        assert_eq!(filter("").unwrap().limit, DEFAULT_LIMIT);
        for bad in [
            "channel=fax",
            "limit=0",
            "limit=1001",
            "limit=x",
            "after=!",
            "after=AAAA",
            "page=2",
            "limit=1&limit=2",
        ] {
            assert_eq!(filter(bad).unwrap_err().code, "bad_query", "{bad}");
        }
    }
}
