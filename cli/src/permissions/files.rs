use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;
use vendzz_connectors::permissions::{BadLine, CsvError, CsvImport, CsvKind, Listed, export, read_lines};

use super::{Which, actor};
use crate::exit::{Answer, Usage};
use crate::output;
use crate::sending::Sending;

/// Bad lines that are named one by one for people; `--json` has all.
const NAMED: usize = 50;

#[derive(Debug, clap::Args)]
pub(crate) struct ImportOptions {
    #[arg(help = "The CSV file")]
    file: PathBuf,
    #[arg(long, help = "Import the good lines although others are bad")]
    skip_bad: bool,
    #[arg(long, help = "Print JSON")]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExportOptions {
    #[command(flatten)]
    which: Which,
    #[arg(long, help = "Write into this file, which must not exist; otherwise to standard output")]
    output: Option<PathBuf>,
    #[arg(long, requires = "output", help = "Print JSON: how many rows were written")]
    json: bool,
}

/// What became of a file.
#[derive(Serialize)]
struct Imported {
    new: u64,
    known: u64,
    bad: Vec<Bad>,
}

#[derive(Serialize)]
struct Bad {
    line: u64,
    why: String,
}

#[derive(Serialize)]
struct Exported {
    rows: u64,
}

/// The file is read twice: once to the end for what is wrong in it, then to write. A pipe cannot be.
pub(super) async fn import(
    sending: &Sending,
    kind: CsvKind,
    options: &ImportOptions,
) -> anyhow::Result<Answer> {
    let actor = actor()?;
    let mut bad = Vec::new();
    let checked = read_lines(kind, open(&options.file)?, |line| {
        if let Err(BadLine { line, why }) = line {
            bad.push(Bad { line, why });
        }
    });
    checked.map_err(|error| failed(sending, error))?;
    let mut imported = Imported { new: 0, known: 0, bad };
    let is_refused = !imported.bad.is_empty() && !options.skip_bad;
    if !is_refused {
        let permissions = sending.permissions();
        let import = CsvImport { permissions: &permissions, actor: &actor, skip_bad: options.skip_bad };
        let written = import.run(kind, open(&options.file)?).await.map_err(|error| failed(sending, error))?;
        (imported.new, imported.known) = (written.new, written.known);
    }
    if options.json {
        output::json(&imported)?;
    } else {
        tell(&imported, is_refused)?;
    }
    Ok(Answer::yes_if(!is_refused))
}

fn tell(imported: &Imported, is_refused: bool) -> anyhow::Result<()> {
    for Bad { line, why } in imported.bad.iter().take(NAMED) {
        output::line(format!("line {line}: {why}"))?;
    }
    let count = imported.bad.len();
    if count > NAMED {
        output::line(format!("({} more, see --json)", count - NAMED))?;
    }
    if is_refused {
        output::line(format!("{count} bad line(s): nothing was imported (--skip-bad imports the others)"))?;
        return Ok(());
    }
    output::line(format!("{} new, {} known, {count} bad", imported.new, imported.known))?;
    Ok(())
}

fn open(path: &Path) -> anyhow::Result<BufReader<File>> {
    let opened = File::open(path).map_err(|error| Usage(format!("{}: {error}", path.display())))?;
    let is_file = opened.metadata().map_err(|error| Usage(format!("{}: {error}", path.display())))?.is_file();
    if !is_file {
        return Err(Usage(format!("{} is not a file", path.display())).into());
    }
    Ok(BufReader::new(opened))
}

pub(super) async fn export_rows<R: Listed>(
    sending: &Sending,
    options: &ExportOptions,
) -> anyhow::Result<Answer> {
    let filter = options.which.filter(0)?;
    let into: Box<dyn Write> = match &options.output {
        Some(path) => {
            let made = File::create_new(path);
            Box::new(BufWriter::new(made.with_context(|| format!("{} cannot be made", path.display()))?))
        }
        None => Box::new(io::stdout().lock()),
    };
    let permissions = sending.permissions();
    let rows = export::<R>(&permissions, &filter, into).await.map_err(|error| failed(sending, error))?;
    if options.json {
        output::json(&Exported { rows })?;
    } else if options.output.is_some() {
        output::line(format!("{rows} rows"))?;
    }
    Ok(Answer::Yes)
}

fn failed(sending: &Sending, error: CsvError) -> anyhow::Error {
    match error {
        CsvError::Postgres(error) => sending.failed(error),
        CsvError::Header { .. } => Usage(error.to_string()).into(),
        other => other.into(),
    }
}
