use std::time::Duration;

use anyhow::Context;

use crate::expected::Settings;
use crate::installation::local_folder;

const NOTICE: Duration = Duration::from_secs(90);
const ABANDON_AFTER: Duration = Duration::from_secs(30 * 60);

/// What the services were told, as far as the messages depend on it.
#[derive(Debug, Clone)]
pub struct FollowUpSettings {
    pub notice: Duration,
    pub abandon_after: Duration,
    pub lead_secret: Vec<u8>,
}

impl FollowUpSettings {
    /// From the variables that the services themselves read; the lead key also from the file that the local
    /// scripts make.
    pub fn from_env() -> anyhow::Result<Self> {
        Ok(Self {
            notice: span("VENDZZ_CAMPAIGN_NOTICE", NOTICE)?,
            abandon_after: span("VENDZZ_ABANDON_AFTER", ABANDON_AFTER)?,
            lead_secret: lead_secret()?,
        })
    }

    pub fn expected(&self) -> Settings {
        Settings {
            notice_ms: i64::try_from(self.notice.as_millis()).unwrap_or(i64::MAX),
            lead_secret: self.lead_secret.clone(),
            ..Settings::default()
        }
    }

    pub fn abandon_after_ms(&self) -> i64 {
        i64::try_from(self.abandon_after.as_millis()).unwrap_or(i64::MAX)
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

fn span(name: &str, default: Duration) -> anyhow::Result<Duration> {
    match variable(name) {
        Some(text) => read_span(&text).with_context(|| format!("{name}: {text:?} is no span such as 15s")),
        None => Ok(default),
    }
}

/// `500ms`, `15s`, `30m`, `2h`.
fn read_span(text: &str) -> Option<Duration> {
    let digits = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    Some(match unit {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number * 60),
        "h" => Duration::from_secs(number * 3_600),
        _ => return None,
    })
}

fn lead_secret() -> anyhow::Result<Vec<u8>> {
    if let Some(key) = variable("VENDZZ_LEAD_KEY") {
        return Ok(key.into_bytes());
    }
    let file = variable("VENDZZ_LEAD_KEY_FILE")
        .unwrap_or_else(|| local_folder().join("lead-key").to_string_lossy().into_owned());
    let key = std::fs::read_to_string(&file).with_context(|| {
        format!("the lead key cannot be read from {file}: `infra/local/services up` makes it")
    })?;
    Ok(key.trim().as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_the_services_write_them() {
        for (text, expected) in
            [("500ms", Some(500)), ("10s", Some(10_000)), ("2h", Some(7_200_000)), ("10", None), ("s", None)]
        {
            assert_eq!(read_span(text), expected.map(Duration::from_millis), "{text}");
        }
    }
}
