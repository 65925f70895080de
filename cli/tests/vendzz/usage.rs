//! Help, usage errors, parts that are away. No server is needed.

use std::io::Read;
use std::process::{Command, Stdio};

use crate::installation::vendzz;

/// Nothing listens there: port 9 is "discard".
const NOBODY: &str = "127.0.0.1:9";

#[test]
fn wrong_usage_ends_with_64_and_says_what_was_not_understood() {
    for (arguments, said) in [
        (vec![], "Usage: vendzz <COMMAND>"),
        (vec!["topix"], "unrecognized subcommand 'topix'"),
        (vec!["topics"], "Usage: vendzz topics <COMMAND>"),
        (vec!["topics", "delete"], "unrecognized subcommand 'delete'"),
        (vec!["topics", "apply", "--force"], "unexpected argument '--force'"),
        (vec!["topics", "describe", "quiz.nada.v1"], "quiz.nada.v1 is not in the catalogue"),
        (vec!["tail"], "<TOPIC>"),
        (vec!["tail", "quiz.view.v1", "--from", "ontem"], "must be beginning, end, an offset, or -N"),
        (vec!["tail", "quiz.view.v1", "--max", "muitos"], "invalid value 'muitos'"),
        (vec!["stats"], "<QUIZ>"),
        (vec!["stats", "Ação"], "must be 1 to 64 characters"),
    ] {
        let ran = vendzz(&arguments, &[]).expect(64);
        assert!(ran.stderr.contains(said), "{arguments:?}: {ran:?}");
        assert!(ran.stdout.is_empty(), "{arguments:?}: {ran:?}");
    }
}

#[test]
fn every_mistake_of_the_configuration_is_named_with_64() {
    let ran = vendzz(&["lag"], &[("VENDZZ_PROFILE", "laptop"), ("VENDZZ_KAFKA_SECURITY", "none")]).expect(64);
    assert!(ran.stderr.contains("VENDZZ_PROFILE: must be local or production"), "{ran:?}");
    assert!(ran.stderr.contains("VENDZZ_KAFKA_SECURITY: must be"), "{ran:?}");
    let ran = vendzz(&["stats", "q"], &[("VENDZZ_POSTGRES_URL", "postgres//segredo")]).expect(64);
    assert!(ran.stderr.contains("VENDZZ_POSTGRES_URL") && !ran.stderr.contains("segredo"), "{ran:?}");
}

#[test]
fn the_help_of_every_command_is_as_it_was() {
    let mut help = String::new();
    for command in [
        "",
        "schemas",
        "schemas list",
        "schemas check",
        "schemas register",
        "topics",
        "topics plan",
        "topics apply",
        "topics describe",
        "tail",
        "lag",
        "stats",
        "campaign stats",
        "message",
        "suppression",
        "suppression list",
        "suppression add",
        "suppression remove",
        "suppression import",
        "suppression export",
        "consent",
        "consent grant",
        "consent import",
        "permissions",
        "permissions audit",
        "metrics",
    ] {
        let arguments: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let ran = vendzz(&arguments, &[]).expect(0);
        assert!(ran.stderr.is_empty(), "{ran:?}");
        help.push_str(&format!("$ vendzz {}\n{}\n", arguments.join(" "), ran.stdout));
    }
    insta::assert_snapshot!("help", help);
}

#[test]
fn without_kafka_every_command_that_needs_it_ends_with_69_and_says_what_to_do() {
    let commands =
        [vec!["topics", "plan"], vec!["schemas", "list"], vec!["tail", "quiz.view.v1"], vec!["lag"]];
    let away = commands.map(|arguments| {
        std::thread::spawn(move || (vendzz(&arguments, &[("VENDZZ_KAFKA_BOOTSTRAP", NOBODY)]), arguments))
    });
    for thread in away {
        let (ran, arguments) = thread.join().unwrap();
        let ran = ran.expect(69);
        assert!(ran.stderr.contains("Kafka at 127.0.0.1:9 does not answer"), "{arguments:?}: {ran:?}");
        assert!(ran.stderr.contains("VENDZZ_KAFKA_BOOTSTRAP"), "{arguments:?}: {ran:?}");
    }
}

#[test]
fn without_the_cql_store_stats_ends_with_69() {
    let ran = vendzz(&["stats", "q"], &[("VENDZZ_CQL_NODES", NOBODY)]).expect(69);
    assert!(ran.stderr.contains("the CQL store at 127.0.0.1:9 does not answer"), "{ran:?}");
}

/// `vendzz … | head -1` is no failure.
#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vendzz"));
    let mut child = command.arg("metrics").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{stderr}");
    assert_eq!(stderr, "");
}
