use std::process::{Command, Output};

use crate::harness::abandonment_binary;

fn run(arguments: &[&str], env: &[(&str, &str)]) -> Output {
    Command::new(abandonment_binary()).env_clear().envs(env.iter().copied()).args(arguments).output().unwrap()
}

#[test]
fn the_settings_are_shown_without_the_password() {
    let url = ("VENDZZ_POSTGRES_URL", "postgres://vendzz:hunter2@db.example/vendzz");
    let output = run(&["--print-config"], &[url, ("VENDZZ_ABANDON_AFTER", "45m")]);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    assert!(shown.contains("VENDZZ_ABANDON_AFTER") && shown.contains("45m"), "{shown}");
    assert!(shown.contains("VENDZZ_ABANDON_SWEEP") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn every_mistake_is_named_at_once() {
    let output = run(
        &[],
        &[("VENDZZ_ABANDON_AFTER", "3s"), ("VENDZZ_ABANDON_BATCH", "many"), ("VENDZZ_CRASH_AT", "nowhere")],
    );
    assert_eq!(output.status.code(), Some(64));
    let said = String::from_utf8(output.stderr).unwrap();
    for name in ["VENDZZ_ABANDON_SWEEP", "VENDZZ_ABANDON_BATCH", "VENDZZ_CRASH_AT"] {
        assert!(said.contains(name), "{name}: {said}");
    }
}
