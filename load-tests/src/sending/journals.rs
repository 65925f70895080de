//! The providers' own journals: what they say that they have accepted.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;
use uuid::Uuid;

use super::SendingSettings;
use crate::providers::{AcceptedLine, Channel, hash_of_recipient};

/// Who accepted a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Acceptor {
    TwilioMessages,
    TwilioCalls,
    Meta,
    Smtp,
}

/// A line of a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    pub by: Acceptor,
    /// None when the provider was told none of ours.
    pub message_id: Option<Uuid>,
    /// The provider's name for it; empty for e-mail.
    pub reference: String,
    /// The number that it was sent from, or Meta's id of it; empty for e-mail.
    pub from: String,
    pub to_hash: String,
    /// Milliseconds since 1970 (UTC).
    pub at_ms: i64,
}

/// A line of the SMTP server's journal.
#[derive(Deserialize)]
struct MailLine {
    /// The header: `<id@domain>`.
    #[serde(alias = "messageId")]
    message_id: String,
    recipient: String,
    at: serde_json::Value,
}

impl Acceptor {
    pub fn name(self) -> &'static str {
        match self {
            Self::TwilioMessages => "Twilio, messages",
            Self::TwilioCalls => "Twilio, calls",
            Self::Meta => "Meta",
            Self::Smtp => "the SMTP server",
        }
    }

    /// The only channel whose messages it carries.
    pub fn channel(self) -> &'static str {
        match self {
            Self::TwilioMessages => "sms",
            Self::TwilioCalls => "voice",
            Self::Meta => "whatsapp",
            Self::Smtp => "email",
        }
    }
}

impl Acceptance {
    fn of_simulator(line: AcceptedLine) -> Self {
        let by = match line.channel() {
            Channel::Sms => Acceptor::TwilioMessages,
            Channel::Voice => Acceptor::TwilioCalls,
            Channel::Whatsapp => Acceptor::Meta,
        };
        Self {
            by,
            message_id: line.message_id.parse().ok(),
            reference: line.reference,
            from: line.from,
            to_hash: line.to_hash,
            at_ms: line.at_ms,
        }
    }

    fn of_mail(line: MailLine) -> anyhow::Result<Self> {
        let at_ms = match &line.at {
            serde_json::Value::Number(number) => number.as_i64().context("at")?,
            serde_json::Value::String(text) => {
                chrono::DateTime::parse_from_rfc3339(text).context("at")?.timestamp_millis()
            }
            _ => anyhow::bail!("at is neither a number of milliseconds nor a date"),
        };
        let id = line.message_id.trim().trim_start_matches('<').split(['@', '>']).next().unwrap_or_default();
        Ok(Self {
            by: Acceptor::Smtp,
            message_id: id.parse().ok(),
            reference: String::new(),
            from: String::new(),
            to_hash: hash_of_recipient(line.recipient.trim_matches(['<', '>'])),
            at_ms,
        })
    }
}

/// Everything in both journals. A journal that is not there is empty: nobody was ever asked to carry anything.
pub(super) fn read(settings: &SendingSettings) -> anyhow::Result<Vec<Acceptance>> {
    let mut all = Vec::new();
    lines_of(&settings.simulator_journal, |line| {
        all.push(Acceptance::of_simulator(serde_json::from_str(line)?));
        Ok(())
    })?;
    lines_of(&settings.smtp_journal, |line| {
        all.push(Acceptance::of_mail(serde_json::from_str(line)?)?);
        Ok(())
    })?;
    Ok(all)
}

/// Lines of the SMTP server's journal.
pub(super) fn count_of_mails(file: &Path) -> anyhow::Result<u64> {
    let mut count = 0;
    lines_of(file, |_| {
        count += 1;
        Ok(())
    })?;
    Ok(count)
}

/// A last line without an end was cut off with its writer, and was never answered for.
fn lines_of(path: &Path, mut take: impl FnMut(&str) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
    };
    let mut reader = BufReader::new(file);
    let mut line = String::new();
    for number in 1.. {
        line.clear();
        let is_over = reader.read_line(&mut line)? == 0 || !line.ends_with('\n');
        if is_over {
            break;
        }
        take(&line).with_context(|| format!("line {number} of {}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_journals_are_read_as_their_writers_write_them() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let id = Uuid::from_u128(9);
        let settings = SendingSettings {
            simulator: "127.0.0.1:1".parse().unwrap(),
            simulator_journal: file(
                "a",
                &format!(
                    "{{\"provider\":\"twilio\",\"messageId\":\"{id}\",\"reference\":\"CA1\",\"to_hash\":\"h\",\"from\":\"f\",\"at_ms\":5}}\n\
                     {{\"provider\":\"meta\",\"messageId\":\"\",\"reference\":\"wamid.1\",\"to_hash\":\"h\",\"from\":\"f\",\"at_ms\":6}}\n\
                     {{\"provider\":\"twil"
                ),
            ),
            smtp_journal: file(
                "b",
                &format!(
                    "{{\"message_id\":\"<{id}@vendzz.example>\",\"recipient\":\"ana@example.com\",\"at\":\"2026-01-01T00:00:00Z\"}}\n\
                     {{\"messageId\":\"{id}@vendzz.example\",\"recipient\":\"<ana@example.com>\",\"at\":7}}\n"
                ),
            ),
        };
        let all = read(&settings).unwrap();
        let short: Vec<_> = all.iter().map(|one| (one.by, one.message_id, one.at_ms)).collect();
        assert_eq!(
            short,
            [
                (Acceptor::TwilioCalls, Some(id), 5),
                (Acceptor::Meta, None, 6),
                (Acceptor::Smtp, Some(id), 1_767_225_600_000),
                (Acceptor::Smtp, Some(id), 7),
            ]
        );
        assert_eq!(all[2].to_hash, all[3].to_hash);
        assert_eq!(count_of_mails(&settings.smtp_journal).unwrap(), 2);
        std::fs::write(&settings.smtp_journal, "nonsense\n").unwrap();
        assert!(format!("{:#}", read(&settings).unwrap_err()).contains("line 1 of"));
    }
}
