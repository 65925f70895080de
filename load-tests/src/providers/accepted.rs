use std::collections::{BTreeMap, HashMap};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// So many violations are named by the summary.
const NAMED: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    Twilio,
    Meta,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    Sms,
    Voice,
    Whatsapp,
}

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedLine {
    pub provider: Provider,
    /// Ours; empty when the request named none.
    #[serde(rename = "messageId")]
    pub message_id: String,
    /// The provider's name for it: `SM…`, `CA…`, `wamid.…`.
    pub reference: String,
    /// [`hash_of_recipient`].
    pub to_hash: String,
    /// Number that it was sent from, or Meta's id of that number.
    pub from: String,
    /// Milliseconds since 1970 (UTC).
    pub at_ms: i64,
}

/// What `GET /journal/summary` says of the journal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AcceptedSummary {
    /// Acceptances, repeated ones included.
    pub accepted: u64,
    pub by_provider: BTreeMap<Provider, u64>,
    pub by_channel: BTreeMap<Channel, u64>,
    /// Ids that were accepted more than once.
    pub duplicate_ids: u64,
    /// The first of them.
    pub duplicates: Vec<Uuid>,
    /// Acceptances of requests that named no id of ours.
    pub without_id: u64,
}

/// The journal and its index.
pub(super) struct Accepted(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    file: Option<File>,
    times: HashMap<Uuid, u32>,
    ids: BTreeMap<Provider, Vec<Uuid>>,
    summary: AcceptedSummary,
}

impl AcceptedLine {
    /// By the provider's name for it.
    pub fn channel(&self) -> Channel {
        match self.provider {
            Provider::Meta => Channel::Whatsapp,
            Provider::Twilio if self.reference.starts_with("CA") => Channel::Voice,
            Provider::Twilio => Channel::Sms,
        }
    }
}

impl Accepted {
    /// Goes on with the journal when there is one; a line that was cut off is taken away.
    pub(super) fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let mut inner = Inner::default();
        let Some(path) = path else { return Ok(Self(Mutex::new(inner))) };
        let cannot = || format!("the journal {} cannot be opened", path.display());
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).open(path).with_context(cannot)?;
        let mut text = String::new();
        file.read_to_string(&mut text).with_context(cannot)?;
        let whole_lines = text.rfind('\n').map_or(0, |place| place + 1);
        file.set_len(whole_lines as u64)?;
        for (number, line) in text[..whole_lines].lines().enumerate() {
            let line = serde_json::from_str(line)
                .with_context(|| format!("line {} of {} is not understood", number + 1, path.display()))?;
            inner.count(&line);
        }
        inner.file = Some(file);
        Ok(Self(Mutex::new(inner)))
    }

    /// Writes the line, in one write, and counts it. Without an error the line survives this process.
    pub(super) fn accept(&self, line: &AcceptedLine) -> std::io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        let mut inner = self.inner();
        if let Some(file) = &mut inner.file {
            let written = file.write(&bytes)?;
            if written != bytes.len() {
                return Err(std::io::Error::other("a line was written in part: is the disk full?"));
            }
        }
        inner.count(line);
        Ok(())
    }

    pub(super) fn summary(&self) -> AcceptedSummary {
        self.inner().summary.clone()
    }

    /// Ids in the order of their acceptance; of all providers when none is named.
    pub(super) fn ids(&self, provider: Option<Provider>) -> Vec<Uuid> {
        let inner = self.inner();
        let of = inner.ids.iter().filter(|(of, _)| provider.is_none_or(|provider| provider == **of));
        of.flat_map(|(_, ids)| ids.iter().copied()).collect()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn count(&mut self, line: &AcceptedLine) {
        let summary = &mut self.summary;
        summary.accepted += 1;
        *summary.by_provider.entry(line.provider).or_default() += 1;
        *summary.by_channel.entry(line.channel()).or_default() += 1;
        let Ok(id) = line.message_id.parse::<Uuid>() else {
            summary.without_id += 1;
            return;
        };
        self.ids.entry(line.provider).or_default().push(id);
        let times = self.times.entry(id).or_default();
        *times += 1;
        if *times == 2 {
            summary.duplicate_ids += 1;
            if summary.duplicates.len() < NAMED {
                summary.duplicates.push(id);
            }
        }
    }
}

/// SHA-256, in hexadecimal, of a phone number as E.164 (a plus is put before bare digits) or of an address as it is.
pub fn hash_of_recipient(recipient: &str) -> String {
    let is_bare = !recipient.is_empty() && recipient.bytes().all(|byte| byte.is_ascii_digit());
    let digest = match is_bare {
        true => Sha256::digest(format!("+{recipient}")),
        false => Sha256::digest(recipient),
    };
    hex(&digest)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: u128, provider: Provider) -> AcceptedLine {
        AcceptedLine {
            provider,
            message_id: Uuid::from_u128(id).to_string(),
            reference: "SM1".into(),
            to_hash: hash_of_recipient("+5511999990000"),
            from: "+5511888880000".into(),
            at_ms: 1,
        }
    }

    #[test]
    fn the_index_is_read_back_and_an_id_that_comes_again_is_a_violation() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accepted.jsonl");
        let accepted = Accepted::open(Some(&path)).unwrap();
        accepted.accept(&line(1, Provider::Twilio)).unwrap();
        accepted.accept(&line(2, Provider::Meta)).unwrap();
        assert_eq!(accepted.summary().duplicate_ids, 0);
        drop(accepted);
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"provider\":\"twi").unwrap();

        let accepted = Accepted::open(Some(&path)).unwrap();
        // The other provider has it already.
        accepted.accept(&line(1, Provider::Meta)).unwrap();
        accepted.accept(&line(1, Provider::Meta)).unwrap();
        let nameless = AcceptedLine { message_id: String::new(), ..line(1, Provider::Meta) };
        accepted.accept(&nameless).unwrap();
        let summary = accepted.summary();
        assert_eq!((summary.accepted, summary.duplicate_ids, summary.without_id), (5, 1, 1));
        assert_eq!(summary.duplicates, [Uuid::from_u128(1)]);
        assert_eq!(summary.by_provider, BTreeMap::from([(Provider::Twilio, 1), (Provider::Meta, 4)]));
        assert_eq!(accepted.ids(Some(Provider::Twilio)), [Uuid::from_u128(1)]);
        assert_eq!(accepted.ids(None).len(), 4);
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 5);
    }

    /// Worked out with another program: `printf %s +5511999990000 | sha256sum`.
    #[test]
    fn a_number_has_one_hash_with_and_without_its_plus() {
        assert_eq!(hash_of_recipient("+5511999990000"), hash_of_recipient("5511999990000"));
        assert_eq!(hash_of_recipient("+5511999990000"), HASH);
    }

    const HASH: &str = "c8d4dcc417635203e4636d3df2e2062bf7d46cf2cb43bd8e77bf55d90b8beee1";
}
