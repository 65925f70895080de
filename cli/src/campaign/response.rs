//! The response that a preview speaks to: a stored one, or one that was made up in a file.

use std::collections::BTreeMap;

use anyhow::Context;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use vendzz_processors::fanout::Event;
use vendzz_runtime::postgres::{PostgresConfig, Schema, live_version};
use vendzz_schemas::campaign::Trigger;
use vendzz_schemas::events::{AnswerValue, Utm};
use vendzz_schemas::ids::TimedId;

use crate::clock::now_ms;
use crate::exit::{Away, Usage};

/// Where a response is taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ResponseSource {
    Stored(TimedId),
    File(String),
}

/// A response, finished or not.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) trigger: Trigger,
    pub(super) account_id: String,
    pub(super) quiz_id: String,
    pub(super) id: TimedId,
    /// `None`: the newest one.
    pub(super) version: Option<i64>,
    pub(super) answers: BTreeMap<String, AnswerValue>,
    pub(super) hidden: BTreeMap<String, String>,
    pub(super) utm: Utm,
    pub(super) is_bot: bool,
    /// When it was given; for one that was left, when it counts as abandoned. Milliseconds since 1970 (UTC).
    pub(super) given_at: i64,
    pub(super) appended_at: i64,
}

/// What a file may hold. Everything else is a mistake.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ResponseFile {
    answers: BTreeMap<String, AnswerValue>,
    #[serde(default)]
    hidden: BTreeMap<String, String>,
    #[serde(default)]
    utm: Utm,
    version: Option<i64>,
    #[serde(default)]
    abandoned: bool,
}

impl ResponseSource {
    /// A UUIDv7 names a stored response, anything else a file.
    pub(super) fn of(text: &str) -> Self {
        TimedId::parse(text).map_or_else(|_| Self::File(text.to_owned()), Self::Stored)
    }
}

impl Response {
    /// One that was made up, as if it had come just now.
    pub(super) fn from_file(path: &str, account_id: &str, quiz_id: &str) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Usage(format!("--response: {path} is neither a UUIDv7 nor a readable file: {error}"))
        })?;
        let file: ResponseFile = serde_json::from_str(&text)
            .map_err(|error| Usage(format!("--response: {path} is not a response ({error}); it has answers, and if wanted hidden, utm, version, abandoned")))?;
        let now = now_ms();
        Ok(Self {
            trigger: if file.abandoned { Trigger::Abandoned } else { Trigger::Completed },
            account_id: account_id.to_owned(),
            quiz_id: quiz_id.to_owned(),
            id: TimedId::mint(),
            version: file.version,
            answers: file.answers,
            hidden: file.hidden,
            utm: file.utm,
            is_bot: false,
            given_at: now,
            appended_at: now,
        })
    }

    /// One that PostgreSQL holds: finished, or else partial. `None`: neither. `abandon_after_ms`: how long after
    /// its last beacon a partial one counts as abandoned.
    pub(super) async fn stored(
        postgres: &PostgresConfig,
        id: TimedId,
        quiz_id: &str,
        abandon_after_ms: i64,
    ) -> anyhow::Result<Option<Self>> {
        const COMPLETED: &str =
            "SELECT account_id, version, answers, hidden, utm, bot_verdict, event_at AS given_at, append_at
            FROM $STATE.quiz_responses WHERE response_id = $1 AND quiz_id = $2";
        const PARTIAL: &str = "SELECT account_id, version, answers, hidden, utm, bot_verdict, last_seen_at AS given_at, append_at
            FROM $STATE.partial_responses WHERE response_id = $1 AND quiz_id = $2";
        let mut connection = PgConnection::connect_with(&postgres.session("vendzz"))
            .await
            .map_err(|error| away(postgres, &error))?;
        let version = live_version(&mut connection, "state")
            .await
            .context("the live version of the state projection cannot be read")?
            .context("the state projector has never run here: nothing is kept of responses")?;
        let version: Schema = version.parse()?;
        for (trigger, statement) in [(Trigger::Completed, COMPLETED), (Trigger::Abandoned, PARTIAL)] {
            let row = sqlx::query(AssertSqlSafe(statement.replace("$STATE", &version.to_string())))
                .bind(id.uuid())
                .bind(quiz_id)
                .fetch_optional(&mut connection)
                .await
                .context("the response cannot be read from PostgreSQL")?;
            let Some(row) = row else { continue };
            let at =
                |column: &str| row.try_get::<DateTime<Utc>, _>(column).map(|time| time.timestamp_millis());
            let abandon_after = if trigger == Trigger::Abandoned { abandon_after_ms } else { 0 };
            return Ok(Some(Self {
                trigger,
                account_id: row.try_get("account_id")?,
                quiz_id: quiz_id.to_owned(),
                id,
                version: Some(row.try_get("version")?),
                answers: from_json(row.try_get("answers")?)?,
                hidden: from_json(row.try_get("hidden")?)?,
                utm: from_json(row.try_get("utm")?)?,
                is_bot: row.try_get::<String, _>("bot_verdict")? == "bot",
                given_at: at("given_at")?.saturating_add(abandon_after),
                appended_at: at("append_at")?,
            }));
        }
        Ok(None)
    }

    /// As fan-out sees it, read by this version of its quiz.
    pub(super) fn event(&self, version: i64) -> Event<'_> {
        let in_force_at = match self.trigger {
            Trigger::Completed => self.appended_at,
            Trigger::Abandoned => self.given_at,
        };
        Event {
            trigger: self.trigger,
            account_id: &self.account_id,
            quiz_id: &self.quiz_id,
            response: self.id,
            version,
            answers: &self.answers,
            hidden: &self.hidden,
            utm: &self.utm,
            is_bot: self.is_bot,
            base_ms: self.given_at,
            seen_at: self.given_at,
            in_force_at,
            appended_at: self.appended_at,
            time_replaced: false,
        }
    }
}

fn from_json<T: serde::de::DeserializeOwned>(value: Value) -> anyhow::Result<T> {
    serde_json::from_value(value).context("a stored response cannot be read")
}

fn away(postgres: &PostgresConfig, error: &sqlx::Error) -> Away {
    Away {
        part: "PostgreSQL",
        address: postgres.url.to_string(),
        detail: error.to_string(),
        advice: "start it (`make up` starts the local one), or set VENDZZ_POSTGRES_URL",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_stored_response_and_all_else_a_file() {
        let id = TimedId::mint();
        assert_eq!(ResponseSource::of(&id.to_string()), ResponseSource::Stored(id));
        assert_eq!(ResponseSource::of("a.json"), ResponseSource::File("a.json".to_owned()));
    }

    #[test]
    fn a_file_with_a_field_that_nobody_knows_is_a_mistake() {
        assert!(serde_json::from_str::<ResponseFile>(r#"{"answers": {"nome": "Ana", "idade": 3}}"#).is_ok());
        assert!(serde_json::from_str::<ResponseFile>(r#"{"answers": {}, "answer": {}}"#).is_err());
        assert!(serde_json::from_str::<ResponseFile>(r#"{}"#).is_err());
    }
}
