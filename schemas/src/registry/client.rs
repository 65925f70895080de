//! A client of Confluent's registry API. What `schema_registry_converter` has no call for
//! (compatibility levels and verdicts, the versions of a subject) is asked with plain HTTP:
//! <https://docs.confluent.io/platform/current/schema-registry/develop/api.html>.

use std::error::Error as _;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use schema_registry_converter::async_impl::schema_registry::{
    SrSettings, get_schema_by_id, get_schema_by_subject_and_version, perform_sr_call, post_schema,
};
use schema_registry_converter::error::SRCError;
use schema_registry_converter::schema_registry_common::{RawError, SchemaType, SrCall, SuppliedSchema};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{RegistryError, SchemaId, why_incompatible};

/// The level that every subject of ours has: each version can read, and be read by, all others.
pub const FULL_TRANSITIVE: &str = "FULL_TRANSITIVE";

const TIMEOUT: Duration = Duration::from_secs(5);
/// How often registering is tried while the registry answers with an error of its own, and the first wait
/// between, which doubles. Apicurio drops the text of a deleted subject while another one takes it up.
const REGISTER_ATTEMPTS: u32 = 5;
const REGISTER_WAIT: Duration = Duration::from_millis(100);
const MEDIA_TYPE: &str = "application/vnd.schemaregistry.v1+json";

const SUBJECT_NOT_FOUND: u32 = 40401;
const SCHEMA_NOT_FOUND: u32 = 40403;
/// Error codes are the HTTP status, or the status followed by two digits.
const CLIENT_ERRORS: [std::ops::Range<u32>; 2] = [400..500, 40_000..50_000];

/// How the registry knows a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registered {
    pub id: u32,
    /// Version within the subject, from 1.
    pub version: u32,
}

/// What registering a schema would bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It stands there already.
    Registered(Registered),
    /// The subject has no version yet.
    NewSubject,
    Compatible,
    /// Why not, one reason a line.
    Incompatible(Vec<String>),
}

/// A client of one registry. Never used on a hot path.
#[derive(Clone)]
pub struct RegistryClient {
    url: String,
    settings: SrSettings,
    http: reqwest::Client,
}

impl RegistryClient {
    /// `url` is the base of Confluent's API, e.g. `http://127.0.0.1:18081/apis/ccompat/v7`.
    pub fn new(url: &str) -> Result<Self, RegistryError> {
        let away = |detail: String| RegistryError::Away { url: url.to_owned(), detail };
        let settings = SrSettings::new_builder(url.to_owned())
            .set_timeout(TIMEOUT)
            .build()
            .map_err(|error| away(error.to_string()))?;
        let http =
            reqwest::Client::builder().timeout(TIMEOUT).build().map_err(|error| away(error.to_string()))?;
        Ok(Self { url: url.to_owned(), settings, http })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Text of the schema behind an id.
    pub async fn schema_by_id(&self, id: u32) -> Result<String, RegistryError> {
        match get_schema_by_id(id, &self.settings).await {
            Ok(registered) => Ok(registered.schema),
            Err(error) if error_code(&error) == Some(SCHEMA_NOT_FOUND) => Err(RegistryError::UnknownId(id)),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// Under which id and version exactly this text stands in the subject.
    pub async fn find(&self, subject: &str, schema: &str) -> Result<Option<Registered>, RegistryError> {
        let body = schema_body(schema).to_string();
        match perform_sr_call(&self.settings, SrCall::PostForVersion(subject, &body)).await {
            Ok(found) => match (found.id, found.version) {
                (Some(id), Some(version)) => Ok(Some(Registered { id, version })),
                _ => Err(self.strange("neither id nor version of a schema that it found")),
            },
            Err(error) if matches!(error_code(&error), Some(SUBJECT_NOT_FOUND | SCHEMA_NOT_FOUND)) => {
                Ok(None)
            }
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// Registers a schema; the same text twice gives the same id, so an error of the registry's own is
    /// answered by trying again. The subject's compatibility is set to [`FULL_TRANSITIVE`] before a
    /// version is added to those that it has.
    pub async fn register(
        &self,
        subject: &str,
        full_name: &str,
        schema: &str,
    ) -> Result<Registered, RegistryError> {
        let mut wait = REGISTER_WAIT;
        for _ in 1..REGISTER_ATTEMPTS {
            match self.register_once(subject, full_name, schema).await {
                Err(RegistryError::Failed { .. }) => {}
                outcome => return outcome,
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        self.register_once(subject, full_name, schema).await
    }

    async fn register_once(
        &self,
        subject: &str,
        full_name: &str,
        schema: &str,
    ) -> Result<Registered, RegistryError> {
        let is_new = self.versions(subject).await?.is_empty();
        if !is_new {
            self.require_full_transitive(subject).await?;
        }
        let supplied = SuppliedSchema::new(Some(full_name.to_owned()), SchemaType::Avro, schema.to_owned());
        post_schema(&self.settings, subject.to_owned(), supplied)
            .await
            .map_err(|error| self.failed(&error))?;
        if is_new {
            self.require_full_transitive(subject).await?;
        }
        let registered = self.find(subject, schema).await?;
        registered.ok_or_else(|| self.strange("no trace of a schema that it has just taken"))
    }

    /// Whether the registry would take this schema, without registering it.
    pub async fn verdict(&self, subject: &str, schema: &str) -> Result<Verdict, RegistryError> {
        if let Some(registered) = self.find(subject, schema).await? {
            return Ok(Verdict::Registered(registered));
        }
        let versions = self.versions(subject).await?;
        if versions.is_empty() {
            return Ok(Verdict::NewSubject);
        }
        let path = format!("compatibility/subjects/{subject}/versions?verbose=true");
        let answer: Option<CompatibilityAnswer> =
            self.ask(Method::POST, &path, Some(schema_body(schema))).await?;
        let answer = answer.ok_or_else(|| self.strange("nothing of a subject that it has just listed"))?;
        // Under another level the registry judges by less than it will when we have set ours.
        if answer.is_compatible && self.compatibility(subject).await?.as_deref() == Some(FULL_TRANSITIVE) {
            return Ok(Verdict::Compatible);
        }
        let mut reasons = answer.messages;
        for version in versions {
            let earlier = self.version(subject, version).await?;
            // Not every registry says why, so our own reasons go with its own.
            for reason in why_incompatible(&earlier.schema, schema) {
                reasons.push(format!("version {version}: {reason}"));
            }
        }
        if answer.is_compatible && reasons.is_empty() {
            return Ok(Verdict::Compatible);
        }
        Ok(Verdict::Incompatible(reasons))
    }

    /// The versions of a subject; none when the registry does not know it.
    pub async fn versions(&self, subject: &str) -> Result<Vec<u32>, RegistryError> {
        let path = format!("subjects/{subject}/versions");
        Ok(self.ask(Method::GET, &path, None).await?.unwrap_or_default())
    }

    /// One version of a subject, with the text as the registry holds it.
    pub async fn version(&self, subject: &str, version: u32) -> Result<SchemaId, RegistryError> {
        let found = get_schema_by_subject_and_version(&self.settings, subject, Some(version)).await;
        let found = found.map_err(|error| self.failed(&error))?;
        Ok(SchemaId { id: found.id, subject: subject.to_owned(), version, schema: found.schema })
    }

    /// The subject's own compatibility level, or the registry's default where it has none.
    pub async fn compatibility(&self, subject: &str) -> Result<Option<String>, RegistryError> {
        let path = format!("config/{subject}?defaultToGlobal=true");
        let answer: Option<Level> = self.ask(Method::GET, &path, None).await?;
        Ok(answer.map(|level| level.compatibility_level))
    }

    async fn require_full_transitive(&self, subject: &str) -> Result<(), RegistryError> {
        let path = format!("config/{subject}");
        let own: Option<Level> = self.ask(Method::GET, &path, None).await?;
        if own.is_some_and(|level| level.compatibility_level == FULL_TRANSITIVE) {
            return Ok(());
        }
        let set: Option<Value> =
            self.ask(Method::PUT, &path, Some(json!({"compatibility": FULL_TRANSITIVE}))).await?;
        set.map(|_| ()).ok_or_else(|| self.strange("nothing of a subject whose level was to be set"))
    }

    /// One call; `None` when the registry answers that it knows no such thing.
    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Option<T>, RegistryError> {
        let mut request = self.http.request(method, format!("{}/{path}", self.url));
        if let Some(body) = body {
            request = request.header("content-type", MEDIA_TYPE).body(body.to_string());
        }
        let response = request.send().await.map_err(|error| self.away(with_causes(&error)))?;
        let status = response.status();
        let text = response.text().await.map_err(|error| self.away(with_causes(&error)))?;
        if status.is_success() {
            let answer = serde_json::from_str(&text);
            return answer.map_err(|error| self.away(format!("its answer is not understood: {error}")));
        }
        let Ok(error) = serde_json::from_str::<RawError>(&text) else {
            return Err(self.away(format!("{status}, and no registry's error with it")));
        };
        if status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        if status.is_client_error() {
            return Err(RegistryError::Refused(error.message));
        }
        Err(self.broken(error.message))
    }

    fn failed(&self, error: &SRCError) -> RegistryError {
        match cause(error) {
            Some(raw) if CLIENT_ERRORS.iter().any(|range| range.contains(&raw.error_code)) => {
                RegistryError::Refused(raw.message.clone())
            }
            Some(raw) => self.broken(raw.message.clone()),
            None => self.away(with_causes(error.source().unwrap_or(error))),
        }
    }

    fn strange(&self, what: &str) -> RegistryError {
        self.away(format!("the registry tells {what}"))
    }

    fn broken(&self, detail: String) -> RegistryError {
        RegistryError::Failed { url: self.url.clone(), detail }
    }

    fn away(&self, detail: String) -> RegistryError {
        RegistryError::Away { url: self.url.clone(), detail }
    }
}

#[derive(Deserialize)]
struct CompatibilityAnswer {
    is_compatible: bool,
    #[serde(default)]
    messages: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Level {
    compatibility_level: String,
}

fn schema_body(schema: &str) -> Value {
    json!({"schema": schema, "schemaType": "AVRO"})
}

fn cause(error: &SRCError) -> Option<&RawError> {
    error.source()?.downcast_ref()
}

fn error_code(error: &SRCError) -> Option<u32> {
    cause(error).map(|raw| raw.error_code)
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
