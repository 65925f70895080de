//! What goes to standard output (results) and to standard error (progress).

use std::io::{self, IsTerminal, Write};

use comfy_table::{Table, presets};
use serde::Serialize;

/// One line of a result.
pub(crate) fn line(text: impl AsRef<str>) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{}", text.as_ref())
}

/// A result for programs, over several lines.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    Ok(line(serde_json::to_string_pretty(value)?)?)
}

/// A result for programs that is one of many, on one line.
pub(crate) fn json_line(value: &impl Serialize) -> anyhow::Result<()> {
    Ok(line(serde_json::to_string(value)?)?)
}

/// A table without borders, which `grep` and `awk` can read as well.
pub(crate) fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> io::Result<()> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header.iter().map(|title| title.to_uppercase()));
    for row in rows {
        table.add_row(row);
    }
    for rendered in table.to_string().lines() {
        // Every cell is padded by a space on either side.
        line(rendered.strip_prefix(' ').unwrap_or(rendered).trim_end())?;
    }
    Ok(())
}

/// Empties the screen before the next look, where there is one.
pub(crate) fn clear() {
    if io::stdout().is_terminal() {
        print!("\x1b[2J\x1b[H");
    }
}

/// What is being done, for a person who waits.
pub(crate) fn progress(text: impl AsRef<str>) {
    eprintln!("{}", text.as_ref());
}

/// Whether somebody can be asked.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// A question that only `y` or `yes` answers with yes.
pub(crate) fn ask(question: &str) -> io::Result<bool> {
    eprint!("{question} [y/N] ");
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
