use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;

use vendzz_runtime::config::Env;

/// A file's content, when only its owner may read it. What is wrong becomes a mistake of `name`.
pub(super) fn read(env: &Env, name: &str, path: &str) -> Option<Vec<u8>> {
    match read_private(path) {
        Ok(content) => Some(content),
        Err(mistake) => {
            env.mistake(format!("{name}: {mistake}"));
            None
        }
    }
}

fn read_private(path: &str) -> Result<Vec<u8>, String> {
    let mut file = File::open(path).map_err(|error| format!("cannot open {path}: {error}"))?;
    let metadata = file.metadata().map_err(|error| format!("cannot look at {path}: {error}"))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(format!(
            "{path} has mode {mode:04o}; it holds secrets, so only its owner may read it (0600)"
        ));
    }
    let mut content = Vec::new();
    file.read_to_end(&mut content).map_err(|error| format!("cannot read {path}: {error}"))?;
    Ok(content)
}
