use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::installation::local_folder;

/// The servers and services of the local stack, with the pids that stand in its pid files.
pub fn local_processes() -> anyhow::Result<BTreeMap<String, u32>> {
    let folder = local_folder().join("run");
    let entries =
        fs::read_dir(&folder).with_context(|| format!("no folder {}: is the stack up?", folder.display()))?;
    let mut processes = BTreeMap::new();
    for entry in entries {
        let path = entry?.path();
        let is_pid_file = path.extension().is_some_and(|extension| extension == "pid");
        if !is_pid_file {
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(pid) = read_pid(&path) {
            processes.insert(name, pid);
        }
    }
    Ok(processes)
}

/// The pid of one of them, when it lives.
pub fn pid_of(name: &str) -> Option<u32> {
    pid_in(&local_folder(), name)
}

/// The same, of a stack whose folder is not found from the working directory.
pub fn pid_in(local_folder: &Path, name: &str) -> Option<u32> {
    let pid = read_pid(&local_folder.join("run").join(format!("{name}.pid")))?;
    Path::new(&format!("/proc/{pid}")).exists().then_some(pid)
}

fn read_pid(file: &Path) -> Option<u32> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}
