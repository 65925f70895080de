use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use vendzz_schemas::events::{QuizDefinition, TopicEpochs};
use vendzz_schemas::registry::SchemaId;

use crate::edge::log::DayKey;

const FILE_NAME: &str = "edge.snapshot";
/// First word of the file; the number changes with the form of what follows.
const MAGIC: &str = "vendzz-edge-snapshot-1";

/// Everything that an edge holds in memory of the log.
///
/// The file is one line, `vendzz-edge-snapshot-1 SHA256 LENGTH`, over the gzipped JSON of this struct.
#[derive(Serialize, Deserialize)]
pub struct Snapshot {
    /// Milliseconds since 1970 (UTC).
    pub written_at: i64,
    /// Prefix of the topics it was read from: another installation's snapshot is none of ours.
    pub prefix: String,
    pub definitions: Vec<SavedDefinition>,
    pub epochs: Vec<TopicEpochs>,
    pub schema_ids: Vec<SchemaId>,
    /// Of yesterday, today and tomorrow; never older than 48 hours.
    pub address_keys: Vec<DayKey>,
}

#[derive(Serialize, Deserialize)]
pub struct SavedDefinition {
    pub version: i64,
    pub definition: QuizDefinition,
}

#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    #[error("there is no snapshot at {}", .0.display())]
    Missing(PathBuf),
    #[error("cannot read or write {}: {source}", .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} is damaged ({reason}): it is not used; remove it, the next edge with Kafka writes a new one", .path.display())]
    Damaged { path: PathBuf, reason: String },
    #[error("{} was written for the topic prefix {found:?}, not {expected:?}", .path.display())]
    OtherInstallation { path: PathBuf, found: String, expected: String },
}

impl Snapshot {
    /// Replaces the file of this folder; a crash leaves the old one or the new one, whole.
    pub fn write(&self, folder: &Path) -> Result<(), SnapshotError> {
        let path = folder.join(FILE_NAME);
        self.write_to(folder, &path).map_err(|source| SnapshotError::Io { path, source })
    }

    /// Reads and checks the file of this folder.
    pub fn read(folder: &Path, prefix: &str) -> Result<Self, SnapshotError> {
        let path = folder.join(FILE_NAME);
        let mut bytes = Vec::new();
        match File::open(&path).and_then(|mut file| file.read_to_end(&mut bytes)) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(SnapshotError::Missing(path));
            }
            Err(source) => return Err(SnapshotError::Io { path, source }),
        }
        let snapshot = match checked(&bytes) {
            Ok(snapshot) => snapshot,
            Err(reason) => return Err(SnapshotError::Damaged { path, reason }),
        };
        if snapshot.prefix != prefix {
            let (found, expected) = (snapshot.prefix, prefix.to_owned());
            return Err(SnapshotError::OtherInstallation { path, found, expected });
        }
        Ok(snapshot)
    }

    fn write_to(&self, folder: &Path, path: &Path) -> io::Result<()> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        serde_json::to_writer(&mut encoder, self)?;
        let packed = encoder.finish()?;
        let header = format!("{MAGIC} {} {}\n", digest_of(&packed), packed.len());

        fs::create_dir_all(folder)?;
        let new = folder.join(format!("{FILE_NAME}.new"));
        // It holds the day's address key.
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(header.as_bytes())?;
        file.write_all(&packed)?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        File::open(folder)?.sync_all()
    }
}

fn checked(bytes: &[u8]) -> Result<Snapshot, String> {
    let end_of_line = bytes.iter().take(200).position(|byte| *byte == b'\n').ok_or("it has no first line")?;
    let header = std::str::from_utf8(&bytes[..end_of_line]).map_err(|_| "its first line is not text")?;
    let packed = &bytes[end_of_line + 1..];
    let [magic, digest, length] = header.split(' ').collect::<Vec<_>>()[..] else {
        return Err("its first line has not three words".to_owned());
    };
    if magic != MAGIC {
        return Err(format!("it does not begin with {MAGIC}"));
    }
    if length.parse() != Ok(packed.len()) {
        return Err(format!("it holds {} bytes where its first line says {length}", packed.len()));
    }
    if digest != digest_of(packed) {
        return Err("its checksum is wrong".to_owned());
    }
    serde_json::from_reader(GzDecoder::new(packed)).map_err(|error| error.to_string())
}

fn digest_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot() -> Snapshot {
        Snapshot {
            written_at: 7,
            prefix: "p.".into(),
            definitions: Vec::new(),
            epochs: Vec::new(),
            schema_ids: Vec::new(),
            address_keys: Vec::new(),
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Snapshot::read(folder.path(), "p."), Err(SnapshotError::Missing(_))));
        snapshot().write(folder.path()).unwrap();
        assert_eq!(Snapshot::read(folder.path(), "p.").ok().unwrap().written_at, 7);
        assert!(matches!(
            Snapshot::read(folder.path(), "other."),
            Err(SnapshotError::OtherInstallation { .. })
        ));
    }

    #[test]
    fn any_damage_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        snapshot().write(folder.path()).unwrap();
        let path = folder.path().join(FILE_NAME);
        let good = fs::read(&path).unwrap();
        for place in 0..good.len() {
            let mut bad = good.clone();
            bad[place] ^= 1;
            fs::write(&path, bad).unwrap();
            assert!(
                matches!(Snapshot::read(folder.path(), "p."), Err(SnapshotError::Damaged { .. })),
                "byte {place}"
            );
        }
        for length in [0, 1, good.len() / 2, good.len() - 1] {
            fs::write(&path, &good[..length]).unwrap();
            assert!(
                matches!(Snapshot::read(folder.path(), "p."), Err(SnapshotError::Damaged { .. })),
                "cut to {length}"
            );
        }
    }
}
