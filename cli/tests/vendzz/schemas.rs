use serde_json::Value;
use uuid::Uuid;
use vendzz_schemas::events::{AvroEvent, QuizSubmitted, QuizViewed};
use vendzz_schemas::registry::RegistryClient;
use vendzz_schemas::topics::{CATALOGUE, Encoding, QUIZ_SUBMISSION, QUIZ_VIEW, SCHEMA_ID};

use crate::installation::{Installation, registry_url};

fn row_of<'a>(rows: &'a Value, ending: &str) -> &'a Value {
    let mut rows = rows.as_array().unwrap().iter();
    rows.find(|row| row["subject"].as_str().unwrap().ends_with(ending)).unwrap()
}

/// The schema without one of its fields.
fn without(schema: &str, field: &str) -> String {
    let mut schema: Value = serde_json::from_str(schema).unwrap();
    schema["fields"].as_array_mut().unwrap().retain(|candidate| candidate["name"] != field);
    schema.to_string()
}

/// Records on schema.id.v1.
/// Record types of all topics of the catalogue: each has a subject.
fn subjects() -> i64 {
    let records = CATALOGUE.iter().map(|topic| match topic.encoding {
        Encoding::Avro(records) => records.len() as i64,
        Encoding::Json | Encoding::Original => 0,
    });
    records.sum()
}

fn written(installation: &Installation) -> i64 {
    let partition = &installation.describe(SCHEMA_ID)["partitions"][0];
    partition["high"].as_i64().unwrap()
}

#[test]
fn registering_twice_changes_nothing() {
    let installation = Installation::bare();
    let before = installation.vendzz(&["schemas", "check", "--json"]).expect(1).json();
    assert!(before.as_array().unwrap().iter().all(|row| row["verdict"] == "new"), "{before}");
    let first = installation.vendzz(&["schemas", "register", "--json"]).expect(0).json();
    assert_eq!(written(&installation), subjects());
    let second = installation.vendzz(&["schemas", "register", "--json"]).expect(0).json();
    assert_eq!(written(&installation), subjects());
    for (one, other) in first.as_array().unwrap().iter().zip(second.as_array().unwrap()) {
        assert_eq!((&one["subject"], &one["id"]), (&other["subject"], &other["id"]));
        assert_eq!((&one["written"], &other["written"]), (&1.into(), &0.into()));
    }
    let check = installation.vendzz(&["schemas", "check", "--json"]).expect(0).json();
    assert!(check.as_array().unwrap().iter().all(|row| row["verdict"] == "registered"), "{check}");
    let list = installation.vendzz(&["schemas", "list", "--json"]).expect(0).json();
    for row in list.as_array().unwrap() {
        assert_eq!(row["compatibility"], "FULL_TRANSITIVE", "{row}");
        assert_eq!(row["registry_id"], row["written_id"], "{row}");
    }
}

/// The registry keeps a text once, drops it with its last subject, and fails who takes it up just then.
#[tokio::test(flavor = "multi_thread")]
async fn registering_survives_others_who_delete_the_same_text() {
    let schema = r#"{"type": "record", "name": "Shared", "namespace": "vendzz.test", "fields": []}"#;
    let others: Vec<_> = (0..6)
        .map(|_| {
            tokio::spawn(async move {
                let registry = RegistryClient::new(&registry_url()).unwrap();
                let subject = format!("test.cli.{}-vendzz.test.Shared", Uuid::now_v7().simple());
                for _ in 0..15 {
                    registry.register(&subject, "vendzz.test.Shared", schema).await.unwrap();
                    for query in ["", "?permanent=true"] {
                        let url = format!("{}/subjects/{subject}{query}", registry_url());
                        reqwest::Client::new().delete(url).send().await.unwrap();
                    }
                }
            })
        })
        .collect();
    for other in others {
        other.await.unwrap();
    }
}

#[tokio::test]
async fn a_schema_that_breaks_full_compatibility_is_refused_by_check_and_by_register() {
    let installation = Installation::bare();
    // Ours adds `device`, which has no default: it could not read this version's records.
    installation
        .register_foreign(QUIZ_VIEW, QuizViewed::FULL_NAME, &without(QuizViewed::SCHEMA, "device"))
        .await;

    let check = installation.vendzz(&["schemas", "check", "--json"]).expect(1).json();
    let views = row_of(&check, QuizViewed::FULL_NAME);
    assert_eq!(views["verdict"], "refused", "{views}");
    let reasons = views["reasons"].to_string();
    assert!(reasons.contains("version 1") && reasons.contains("'device'"), "{reasons}");
    assert_eq!(row_of(&check, QuizSubmitted::FULL_NAME)["verdict"], "new");

    let register = installation.vendzz(&["schemas", "register"]).expect(1);
    assert!(register.stdout.contains("refused: "), "{register:?}");
    let list = installation.vendzz(&["schemas", "list", "--json"]).expect(0).json();
    let rows = list.as_array().unwrap();
    assert_eq!(
        rows.len() as i64,
        subjects(),
        "the others are registered all the same, and nothing is added to this one"
    );
    assert_eq!(row_of(&list, QuizViewed::FULL_NAME)["version"], 1);
}

#[tokio::test]
async fn a_compatible_version_is_added_and_earlier_ones_stand_beside_it() {
    let installation = Installation::bare();
    let older = without(QuizSubmitted::SCHEMA, "tags");
    installation.register_foreign(QUIZ_SUBMISSION, QuizSubmitted::FULL_NAME, &older).await;
    let check = installation.vendzz(&["schemas", "check", "--json"]).expect(1).json();
    assert_eq!(row_of(&check, QuizSubmitted::FULL_NAME)["verdict"], "compatible");

    let register = installation.vendzz(&["schemas", "register", "--json"]).expect(0).json();
    let submissions = row_of(&register, QuizSubmitted::FULL_NAME);
    assert_eq!((&submissions["version"], &submissions["written"]), (&2.into(), &2.into()), "{submissions}");
    installation.vendzz(&["schemas", "check"]).expect(0);
}

#[tokio::test]
async fn a_schema_id_topic_that_is_gone_is_written_again_with_the_same_ids() {
    let installation = Installation::bare();
    let before = installation.vendzz(&["schemas", "register", "--json"]).expect(0).json();
    installation.delete(SCHEMA_ID).await;
    let check = installation.vendzz(&["schemas", "check", "--json"]).expect(1).json();
    assert!(check.as_array().unwrap().iter().all(|row| row["verdict"] == "unwritten"), "{check}");
    let after = installation.vendzz(&["schemas", "register", "--json"]).expect(0).json();
    assert_eq!(before, after);
    installation.vendzz(&["schemas", "check"]).expect(0);
}

#[test]
fn without_the_registry_the_schema_commands_end_with_69() {
    let installation = Installation::bare();
    for command in ["list", "check", "register"] {
        let away = [("VENDZZ_REGISTRY_URL", "http://127.0.0.1:9/apis/ccompat/v7")];
        let ran = installation.vendzz_with(&["schemas", command], &away).expect(69);
        assert!(ran.stderr.contains("the schema registry at http://127.0.0.1:9/apis/ccompat/v7"), "{ran:?}");
        assert!(ran.stderr.contains("VENDZZ_REGISTRY_URL"), "{ran:?}");
    }
}
