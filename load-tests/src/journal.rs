//! The oracle's journal: every id that was issued and what it was answered, on disk, so that a
//! reckoning is possible after anything has crashed.
//!
//! One line each: `baseline <json>` first, then `issued <kind> <quiz> <id>` before the first attempt
//! and `settled <kind> <quiz> <id> <fate>` after the last. An id without a second line has an unknown fate.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use anyhow::Context;
use uuid::Uuid;

use crate::reckoning::Baseline;
use crate::sent::{EventKind, Fate, Sent};

/// The writing end. Lines are handed to a thread, which writes them as soon as they come.
pub struct Journal {
    lines: Sender<String>,
    writer: JoinHandle<std::io::Result<()>>,
}

/// What stands in a journal.
#[derive(Debug)]
pub struct JournalContents {
    /// How things stood before the first event.
    pub baseline: Baseline,
    pub sent: Sent,
}

impl Journal {
    /// Begins a journal.
    pub fn create(path: &Path, baseline: &Baseline) -> anyhow::Result<Self> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)
            .with_context(|| format!("the journal {} cannot be made", path.display()))?;
        writeln!(file, "baseline {}", serde_json::to_string(baseline)?)?;
        Self::write_to(file)
    }

    /// Goes on with a journal: its baseline stands, and a line that a crash cut off is taken away.
    pub fn resume(path: &Path) -> anyhow::Result<Self> {
        let cannot = || format!("the journal {} cannot be opened", path.display());
        let mut file = OpenOptions::new().read(true).append(true).open(path).with_context(cannot)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let whole_lines = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |place| place + 1);
        file.set_len(whole_lines as u64)?;
        Self::write_to(file)
    }

    fn write_to(file: File) -> anyhow::Result<Self> {
        let (lines, received) = channel();
        let writer = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || write_lines(BufWriter::new(file), &received))?;
        Ok(Self { lines, writer })
    }

    pub fn issued(&self, kind: EventKind, quiz: &str, id: Uuid) {
        self.line(format!("issued {kind} {quiz} {id}\n"));
    }

    pub fn settled(&self, kind: EventKind, quiz: &str, id: Uuid, fate: Fate) {
        self.line(format!("settled {kind} {quiz} {id} {}\n", fate.name()));
    }

    /// Writes what is left and says what went wrong on the way.
    pub fn close(self) -> std::io::Result<()> {
        drop(self.lines);
        self.writer.join().unwrap_or_else(|_| Err(std::io::Error::other("the journal's writer panicked")))
    }

    fn line(&self, line: String) {
        // A writer that ended has an error, which `close` returns.
        let _ = self.lines.send(line);
    }
}

fn write_lines(mut file: BufWriter<File>, lines: &Receiver<String>) -> std::io::Result<()> {
    while let Ok(line) = lines.recv() {
        file.write_all(line.as_bytes())?;
        while let Ok(line) = lines.try_recv() {
            file.write_all(line.as_bytes())?;
        }
        file.flush()?;
    }
    file.flush()
}

/// Reads a journal. A last line that was cut off by a crash is left out: its event had not been sent.
pub fn read_journal(path: &Path) -> anyhow::Result<JournalContents> {
    let file = File::open(path).with_context(|| format!("the journal {} cannot be read", path.display()))?;
    let mut reader = BufReader::new(file);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let baseline = line.strip_prefix("baseline ").context("the journal does not begin with a baseline")?;
    let baseline = serde_json::from_str(baseline).context("the journal's baseline is not understood")?;
    let mut sent = Sent::default();
    for number in 2.. {
        line.clear();
        let is_over = reader.read_line(&mut line)? == 0 || !line.ends_with('\n');
        if is_over {
            break;
        }
        read_line(&line, &mut sent).with_context(|| format!("line {number} of {}", path.display()))?;
    }
    Ok(JournalContents { baseline, sent })
}

fn read_line(line: &str, sent: &mut Sent) -> anyhow::Result<()> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["issued", kind, quiz, id] => sent.of_mut(kind.parse()?).issue(quiz, id.parse()?),
        ["settled", kind, quiz, id, fate] => {
            sent.of_mut(kind.parse()?).settle(quiz, id.parse()?, fate.parse()?)
        }
        _ => anyhow::bail!("is neither `issued …` nor `settled …`"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_issued_and_settled_is_read_back_also_after_a_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let (accepted, unknown, refused) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let journal = Journal::create(&path, &Baseline::default()).unwrap();
        for id in [accepted, unknown] {
            journal.issued(EventKind::Submission, "q", id);
        }
        journal.settled(EventKind::Submission, "q", accepted, Fate::Accepted);
        journal.close().unwrap();
        let cut_off =
            |text: &[u8]| OpenOptions::new().append(true).open(&path).unwrap().write_all(text).unwrap();
        cut_off(b"issued submission q 0190");
        let journal = Journal::resume(&path).unwrap();
        journal.issued(EventKind::View, "q", refused);
        journal.settled(EventKind::View, "q", refused, Fate::NotTaken);
        journal.close().unwrap();
        cut_off(b"issued submission q 0000");

        let contents = read_journal(&path).unwrap();
        assert_eq!(contents.sent.submissions.get("q", &accepted), Some(Fate::Accepted));
        assert_eq!(contents.sent.submissions.get("q", &unknown), Some(Fate::Unknown));
        assert_eq!(contents.sent.views.get("q", &refused), Some(Fate::NotTaken));
        assert_eq!(contents.sent.submissions.len(), 2);
        assert!(Journal::create(&path, &Baseline::default()).is_err(), "a journal is never overwritten");
    }

    #[test]
    fn a_line_that_is_not_understood_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        Journal::create(&path, &Baseline::default()).unwrap().close().unwrap();
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"issued submission q not-an-id\n").unwrap();
        let error = format!("{:#}", read_journal(&path).unwrap_err());
        assert!(error.contains("line 2 of"), "{error}");
    }
}
