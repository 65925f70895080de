//! What the service demands before it starts.

use std::path::Path;
use std::process::{Command, Output};

use crate::harness::service_files::{private_file, variables};
use crate::harness::{SENDERS, UNSUBSCRIBE_KEY};

fn print_config(folder: &Path, change: &[(&'static str, String)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vendzz-webhooks"));
    command
        .env_clear()
        .envs(variables(folder, "postgres://vendzz@127.0.0.1:9/x"))
        .envs(change.iter().cloned());
    command.arg("--print-config").output().unwrap()
}

#[test]
fn secrets_must_be_readable_by_their_owner_alone_and_are_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let fine = print_config(folder.path(), &[]);
    assert_eq!(fine.status.code(), Some(0), "{fine:?}");
    let shown = String::from_utf8(fine.stdout).unwrap();
    assert!(!shown.contains("test-token") && !shown.contains("token-of"), "{shown}");
    assert!(shown.contains("VENDZZ_PUBLIC_URL=https://hooks.example.com/vendzz"), "{shown}");

    let file = |name: &str, content: &[u8], mode| private_file(folder.path(), name, content, mode);
    let broken = SENDERS.replace("\"authToken\": \"token-of-conta-2\"", "\"token\": \"token-of-conta-2\"");
    for (name, path, said) in [
        ("VENDZZ_SENDERS_FILE", file("open.json", SENDERS.as_bytes(), 0o644), "mode 0644"),
        ("VENDZZ_SENDERS_FILE", file("group.json", SENDERS.as_bytes(), 0o640), "mode 0640"),
        (
            "VENDZZ_SENDERS_FILE",
            file("broken.json", broken.as_bytes(), 0o600),
            "/accounts/conta-2/providers/twilio: authToken is missing",
        ),
        ("VENDZZ_SENDERS_FILE", "/nowhere".to_owned(), "No such file"),
        ("VENDZZ_UNSUBSCRIBE_KEY_FILE", file("open-key", UNSUBSCRIBE_KEY, 0o604), "mode 0604"),
        ("VENDZZ_UNSUBSCRIBE_KEY_FILE", file("short-key", b"short", 0o600), "32 bytes"),
        ("VENDZZ_PUBLIC_URL", "hooks.example.com".to_owned(), "is not a URL"),
    ] {
        let refused = print_config(folder.path(), &[(name, path)]);
        let told = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(64), "{told}");
        assert!(told.contains(name) && told.contains(said), "{told}");
        assert!(!told.contains("token-of"), "{told}");
    }
}
