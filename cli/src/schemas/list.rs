use std::collections::BTreeMap;

use serde::Serialize;

use super::{StoredSchemas, registrations};
use crate::cluster::Cluster;
use crate::exit::Answer;
use crate::output;
use crate::settings::{Settings, registry_failed};

#[derive(Default, Serialize)]
struct Row {
    subject: String,
    version: u32,
    /// Id in the registry.
    registry_id: Option<u32>,
    /// Id on schema.id.v1.
    written_id: Option<u32>,
    compatibility: Option<String>,
}

pub(crate) async fn run(settings: &Settings, json: bool) -> anyhow::Result<Answer> {
    let registry = settings.registry()?;
    let cluster = Cluster::connect(&settings.kafka)?;
    let stored = StoredSchemas::read(&cluster)?.unwrap_or_default();
    let mut rows: BTreeMap<(String, u32), Row> = BTreeMap::new();
    for subject in
        registrations(&settings.kafka.namespace).into_iter().map(|registration| registration.subject)
    {
        let versions = registry.versions(&subject).await.map_err(registry_failed)?;
        let compatibility = registry.compatibility(&subject).await.map_err(registry_failed)?;
        for version in versions {
            let schema = registry.version(&subject, version).await.map_err(registry_failed)?;
            let row = row(&mut rows, &subject, version);
            row.registry_id = Some(schema.id);
            row.compatibility.clone_from(&compatibility);
        }
    }
    for schema in stored.all() {
        row(&mut rows, &schema.subject, schema.version).written_id = Some(schema.id);
    }
    show(&rows.into_values().collect::<Vec<_>>(), json)?;
    Ok(Answer::Yes)
}

fn row<'a>(rows: &'a mut BTreeMap<(String, u32), Row>, subject: &str, version: u32) -> &'a mut Row {
    let new = || Row { subject: subject.to_owned(), version, ..Row::default() };
    rows.entry((subject.to_owned(), version)).or_insert_with(new)
}

fn show(rows: &[Row], json: bool) -> anyhow::Result<()> {
    if json {
        return output::json(&rows);
    }
    if rows.is_empty() {
        output::progress("nothing is registered; `vendzz schemas register` does it");
        return Ok(());
    }
    let cells = rows.iter().map(|row| {
        let id = |id: Option<u32>| id.map_or("missing".to_owned(), |id| id.to_string());
        let level = row.compatibility.clone().unwrap_or_else(|| "-".to_owned());
        vec![row.subject.clone(), row.version.to_string(), id(row.registry_id), id(row.written_id), level]
    });
    Ok(output::table(&["subject", "version", "registry id", "schema.id.v1", "compatibility"], cells)?)
}
