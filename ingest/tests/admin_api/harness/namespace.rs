use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use vendzz_schemas::topics::{CAMPAIGN_DEFINITION, Namespace, QUIZ_DEFINITION};

/// The prefix that this run's topics stand under, made with the operators' own command.
pub(crate) fn prefix() -> &'static str {
    static PREFIX: OnceLock<String> = OnceLock::new();
    PREFIX.get_or_init(|| {
        let prefix = fresh_prefix();
        furnish(&prefix);
        prefix
    })
}

/// Makes every schema and topic under a prefix.
pub(crate) fn furnish(prefix: &str) {
    vendzz(prefix, &["schemas", "register"]);
    vendzz(prefix, &["topics", "apply", "--yes"]);
}

/// A prefix under which nothing stands.
pub(crate) fn fresh_prefix() -> String {
    format!("test-admin-{}.", uuid::Uuid::new_v4().simple())
}

/// The real name of `quiz.definition.v1` in this run.
pub(crate) fn definition_topic() -> String {
    Namespace::new(prefix()).name(QUIZ_DEFINITION)
}

/// The real name of `campaign.definition.v1` in this run.
pub(crate) fn campaign_topic() -> String {
    Namespace::new(prefix()).name(CAMPAIGN_DEFINITION)
}

/// An address of the stack, as the environment has it or as `infra/local/env` would.
pub(crate) fn address(name: &str) -> String {
    let default = match name {
        "VENDZZ_KAFKA_BOOTSTRAP" => "127.0.0.1:19092",
        "VENDZZ_REGISTRY_URL" => "http://127.0.0.1:18081/apis/ccompat/v7",
        "VENDZZ_POSTGRES_URL" => "postgres://vendzz@127.0.0.1:15432/vendzz",
        other => panic!("{other} has no default"),
    };
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

pub(crate) fn admin_binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_vendzz-admin"))
}

fn vendzz(prefix: &str, arguments: &[&str]) {
    let program: PathBuf = admin_binary().with_file_name("vendzz");
    assert!(program.exists(), "not built: run `cargo build --release --workspace --bins`");
    let output = Command::new(program)
        .args(arguments)
        .env("VENDZZ_PROFILE", "local")
        .env("VENDZZ_KAFKA_PREFIX", prefix)
        .env("VENDZZ_KAFKA_BOOTSTRAP", address("VENDZZ_KAFKA_BOOTSTRAP"))
        .env("VENDZZ_REGISTRY_URL", address("VENDZZ_REGISTRY_URL"))
        .output()
        .unwrap();
    assert!(output.status.success(), "vendzz {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}
