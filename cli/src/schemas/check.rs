use serde::Serialize;
use vendzz_schemas::registry::{Registered, SchemaId, Verdict};

use super::{StoredSchemas, registrations};
use crate::cluster::Cluster;
use crate::exit::Answer;
use crate::output;
use crate::settings::{Settings, registry_failed};

#[derive(Serialize)]
struct Finding {
    subject: String,
    /// registered, new, compatible, refused, or unwritten (registered, but not on schema.id.v1).
    verdict: &'static str,
    id: Option<u32>,
    version: Option<u32>,
    reasons: Vec<String>,
}

pub(crate) async fn run(settings: &Settings, json: bool) -> anyhow::Result<Answer> {
    let registry = settings.registry()?;
    let cluster = Cluster::connect(&settings.kafka)?;
    let stored = StoredSchemas::read(&cluster)?.unwrap_or_default();
    let mut findings = Vec::new();
    for registration in registrations(&settings.kafka.namespace) {
        let verdict = registry.verdict(&registration.subject, registration.record.schema).await;
        findings.push(finding(registration.subject, verdict.map_err(registry_failed)?, &stored));
    }
    let all_there = findings.iter().all(|finding| finding.verdict == "registered");
    show(&findings, json)?;
    if !all_there && !json {
        output::progress(
            "`vendzz schemas register` registers what is new or compatible; what is refused must be changed first",
        );
    }
    Ok(Answer::yes_if(all_there))
}

fn finding(subject: String, verdict: Verdict, stored: &StoredSchemas) -> Finding {
    let (verdict, registered, reasons) = match verdict {
        Verdict::Registered(registered) if is_written(stored, &subject, registered) => {
            ("registered", Some(registered), Vec::new())
        }
        Verdict::Registered(registered) => {
            ("unwritten", Some(registered), vec!["registered, but not on schema.id.v1".to_owned()])
        }
        Verdict::NewSubject => ("new", None, vec!["the registry has no version of it yet".to_owned()]),
        Verdict::Compatible => {
            ("compatible", None, vec!["a new version that the registry would take".to_owned()])
        }
        Verdict::Incompatible(reasons) => ("refused", None, reasons),
    };
    let id = registered.map(|registered| registered.id);
    Finding { subject, verdict, id, version: registered.map(|registered| registered.version), reasons }
}

fn is_written(stored: &StoredSchemas, subject: &str, registered: Registered) -> bool {
    let same = |schema: &SchemaId| schema.id == registered.id && schema.version == registered.version;
    stored.of_subject(subject).any(same)
}

fn show(findings: &[Finding], json: bool) -> anyhow::Result<()> {
    if json {
        return output::json(&findings);
    }
    let rows = findings.iter().map(|finding| {
        let version = finding.version.map_or("-".to_owned(), |version| version.to_string());
        vec![finding.subject.clone(), version, finding.verdict.to_owned(), finding.reasons.join("\n")]
    });
    Ok(output::table(&["subject", "version", "verdict", "why"], rows)?)
}
