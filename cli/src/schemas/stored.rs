use std::collections::BTreeMap;

use anyhow::{Context, bail};
use vendzz_schemas::registry::SchemaId;
use vendzz_schemas::topics::SCHEMA_ID;

use crate::cluster::Cluster;

/// What stands on `schema.id.v1`, by `subject/version`.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct StoredSchemas {
    by_key: BTreeMap<String, SchemaId>,
}

impl StoredSchemas {
    /// Reads the topic; `None` when it does not exist.
    pub(crate) fn read(cluster: &Cluster) -> anyhow::Result<Option<Self>> {
        let topic = cluster.config().name(SCHEMA_ID);
        if !cluster.topics()?.contains_key(&topic) {
            return Ok(None);
        }
        let mut stored = Self::default();
        for record in cluster.read_whole(&topic)? {
            let key = String::from_utf8_lossy(record.key.as_deref().unwrap_or_default()).into_owned();
            let Some(value) = record.value else {
                stored.by_key.remove(&key);
                continue;
            };
            let schema = serde_json::from_slice(&value).with_context(|| {
                format!("{topic} holds a record that is not understood, at offset {}", record.offset)
            })?;
            stored.by_key.insert(key, schema);
        }
        Ok(Some(stored))
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &SchemaId> {
        self.by_key.values()
    }

    pub(crate) fn of_subject<'a>(&'a self, subject: &'a str) -> impl Iterator<Item = &'a SchemaId> {
        self.all().filter(move |schema| schema.subject == subject)
    }

    /// The text behind an id, whatever its subject.
    pub(crate) fn text_of(&self, id: u32) -> Option<&str> {
        self.all().find(|schema| schema.id == id).map(|schema| schema.schema.as_str())
    }

    /// Takes a schema; `false` when exactly this record stood there already. Refused when the log
    /// holds another schema under its id, or another id for it: records written under that id
    /// would become unreadable.
    pub(crate) fn insert(&mut self, schema: &SchemaId) -> anyhow::Result<bool> {
        let key = schema.key();
        if let Some(held) = self.by_key.get(&key) {
            if held == schema {
                return Ok(false);
            }
            if held.id != schema.id {
                bail!(
                    "the registry gives {key} the id {}, and schema.id.v1 holds it under {}: this is another \
                     registry than the one that the records were written with; restore that one",
                    schema.id,
                    held.id
                );
            }
        }
        if let Some(held) = self.text_of(schema.id)
            && !same_schema(held, &schema.schema)
        {
            bail!(
                "the registry gives {key} the id {}, under which schema.id.v1 holds another schema: this is \
                 another registry than the one that the records were written with; restore that one",
                schema.id
            );
        }
        self.by_key.insert(key, schema.clone());
        Ok(true)
    }
}

/// Equal but for white space.
fn same_schema(one: &str, other: &str) -> bool {
    let parse = serde_json::from_str::<serde_json::Value>;
    one == other || matches!((parse(one), parse(other)), (Ok(one), Ok(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(id: u32, version: u32, text: &str) -> SchemaId {
        SchemaId { id, subject: "t-com.vendzz.X".into(), version, schema: text.into() }
    }

    #[test]
    fn the_same_record_is_not_written_twice() {
        let mut stored = StoredSchemas::default();
        assert!(stored.insert(&schema(1, 1, r#"{"a": 1}"#)).unwrap());
        assert!(!stored.insert(&schema(1, 1, r#"{"a": 1}"#)).unwrap());
        assert!(stored.insert(&schema(2, 2, r#"{"a": 2}"#)).unwrap());
        assert_eq!(stored.text_of(2), Some(r#"{"a": 2}"#));
    }

    #[test]
    fn an_id_never_changes_its_schema_nor_a_schema_its_id() {
        let mut stored = StoredSchemas::default();
        stored.insert(&schema(1, 1, r#"{"a": 1}"#)).unwrap();
        assert!(
            stored.insert(&schema(9, 1, r#"{"a": 1}"#)).unwrap_err().to_string().contains("another registry")
        );
        assert!(
            stored.insert(&schema(1, 2, r#"{"a": 2}"#)).unwrap_err().to_string().contains("another registry")
        );
        assert!(stored.insert(&schema(1, 1, r#"{ "a": 1 }"#)).unwrap(), "only white space changed");
    }
}
