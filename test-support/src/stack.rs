use std::path::Path;
use std::process::Command;

fn variable(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

pub fn kafka_address() -> String {
    variable("VENDZZ_KAFKA_BOOTSTRAP", "127.0.0.1:19092")
}

pub fn registry_url() -> String {
    variable("VENDZZ_REGISTRY_URL", "http://127.0.0.1:18081/apis/ccompat/v7")
}

/// Of the server's own database.
pub fn postgres_url() -> String {
    variable("VENDZZ_POSTGRES_URL", "postgres://vendzz@127.0.0.1:15432/vendzz")
}

/// Makes every schema and topic under a prefix by the operators' own command, which is built beside `program`.
pub fn make_topics(program: &Path, prefix: &str) {
    let vendzz = program.with_file_name("vendzz");
    assert!(vendzz.exists(), "not built: run `cargo build --release --workspace --bins`");
    for arguments in [&["schemas", "register"][..], &["topics", "apply", "--yes"]] {
        let output = Command::new(&vendzz)
            .args(arguments)
            .env("VENDZZ_PROFILE", "local")
            .env("VENDZZ_KAFKA_PREFIX", prefix)
            .env("VENDZZ_KAFKA_BOOTSTRAP", kafka_address())
            .env("VENDZZ_REGISTRY_URL", registry_url())
            .output()
            .unwrap();
        assert!(output.status.success(), "vendzz {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
