//! Lists as CSV (RFC 4180). The data is exact: a phone number begins with `+`, which a spreadsheet takes for a
//! formula and may change; such a file is to be imported into a spreadsheet as text, never opened by it.

use std::io::{Read, Write};

use csv::StringRecord;
use vendzz_schemas::campaign::Channel;
use vendzz_schemas::ids::check_name;

use super::{
    Actor, ConsentKey, ConsentState, Contact, Filter, Key, Listed, Permissions, Reason, Written, check_source,
};

/// Rows that are written in one statement, and read in one page.
const BATCH: usize = 1_000;

/// Which list a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CsvKind {
    Suppressions,
    Consents,
}

impl CsvKind {
    pub fn header(self) -> &'static [&'static str] {
        match self {
            Self::Suppressions => &["account", "channel", "contact", "reason"],
            Self::Consents => &["account", "channel", "contact", "state", "source"],
        }
    }
}

/// A line that cannot be imported. It names no contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// The file's first line, the header, is 1.
    pub line: u64,
    pub why: String,
}

/// One line that can be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GoodLine {
    Suppression(Key, Reason),
    Consent(ConsentKey),
}

#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    #[error("the first line must be {expected}")]
    Header { expected: String },
    #[error("the file cannot be read: {0}")]
    Read(std::io::Error),
    #[error("the file cannot be written: {0}")]
    Write(#[from] csv::Error),
    #[error("PostgreSQL: {0}")]
    Postgres(#[from] sqlx::Error),
    #[error("line {line} was good when the file was checked and is not any more: {why}")]
    Changed { line: u64, why: String },
}

/// Reads a whole file line by line, and hands over each of them.
pub fn read_lines(
    kind: CsvKind,
    file: impl Read,
    mut each: impl FnMut(Result<GoodLine, BadLine>),
) -> Result<(), CsvError> {
    let mut lines = Lines::begin(kind, file)?;
    while let Some(line) = lines.next()? {
        each(line);
    }
    Ok(())
}

struct Lines<R> {
    kind: CsvKind,
    reader: csv::Reader<R>,
    record: StringRecord,
}

impl<R: Read> Lines<R> {
    fn begin(kind: CsvKind, file: R) -> Result<Self, CsvError> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(file);
        let expected = kind.header();
        let header = match reader.headers() {
            Ok(header) => header.clone(),
            Err(error) => match error.into_kind() {
                csv::ErrorKind::Io(error) => return Err(CsvError::Read(error)),
                _ => StringRecord::new(),
            },
        };
        let mut found: Vec<&str> = header.iter().collect();
        // A spreadsheet's byte order mark.
        if let Some(first) = found.first_mut() {
            *first = first.trim_start_matches('\u{feff}');
        }
        if found != expected {
            return Err(CsvError::Header { expected: expected.join(",") });
        }
        Ok(Self { kind, reader, record: StringRecord::new() })
    }

    fn next(&mut self) -> Result<Option<Result<GoodLine, BadLine>>, CsvError> {
        match self.reader.read_record(&mut self.record) {
            Ok(false) => Ok(None),
            Ok(true) => {
                let line = self.record.position().map_or(0, csv::Position::line);
                Ok(Some(judge(self.kind, &self.record).map_err(|why| BadLine { line, why })))
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                match error.into_kind() {
                    csv::ErrorKind::Io(error) => Err(CsvError::Read(error)),
                    csv::ErrorKind::Utf8 { .. } => {
                        Ok(Some(Err(BadLine { line, why: "is not UTF-8".to_owned() })))
                    }
                    _ => Ok(Some(Err(BadLine { line, why: "is not CSV".to_owned() }))),
                }
            }
        }
    }
}

fn judge(kind: CsvKind, record: &StringRecord) -> Result<GoodLine, String> {
    let columns = kind.header().len();
    if record.len() != columns {
        return Err(format!("has {} columns instead of {columns}", record.len()));
    }
    let account_id = &record[0];
    check_name(account_id).map_err(|error| format!("account {error}"))?;
    let channel = Channel::from_wire(&record[1]).ok_or("channel must be sms, email, whatsapp or voice")?;
    let contact = Contact::parse(channel, &record[2]).map_err(|error| format!("contact {error}"))?;
    let key = Key { account_id: account_id.to_owned(), channel, contact };
    match kind {
        CsvKind::Suppressions => {
            let reason = match &record[3] {
                "" => Reason::Import,
                word => Reason::from_word(word)
                    .ok_or("reason must be opt_out, unsubscribed, provider, import, person or empty")?,
            };
            Ok(GoodLine::Suppression(key, reason))
        }
        CsvKind::Consents => {
            let state = ConsentState::from_word(&record[3]).ok_or("state must be granted or withdrawn")?;
            let source = check_source(&record[4]).map_err(|error| format!("source {error}"))?;
            Ok(GoodLine::Consent(ConsentKey { key, state, source }))
        }
    }
}

/// The second reading of a file, which writes its good lines.
pub struct CsvImport<'a> {
    pub permissions: &'a Permissions,
    pub actor: &'a Actor,
    /// Otherwise a bad line ends the import.
    pub skip_bad: bool,
}

impl CsvImport<'_> {
    /// Writes batch by batch, each in a transaction of its own: after a failure the same import goes on where
    /// it stopped, since what is known is left alone.
    pub async fn run(&self, kind: CsvKind, file: impl Read) -> Result<Written, CsvError> {
        let mut lines = Lines::begin(kind, file)?;
        let mut written = Written::default();
        let mut batch = Vec::with_capacity(BATCH);
        while let Some(line) = lines.next()? {
            match line {
                Ok(good) => batch.push(good),
                Err(_) if self.skip_bad => continue,
                Err(BadLine { line, why }) => return Err(CsvError::Changed { line, why }),
            }
            if batch.len() == BATCH {
                written.add(self.write(std::mem::take(&mut batch)).await?);
            }
        }
        written.add(self.write(batch).await?);
        Ok(written)
    }

    async fn write(&self, batch: Vec<GoodLine>) -> sqlx::Result<Written> {
        let mut suppressions = Vec::new();
        let mut consents = Vec::new();
        for line in batch {
            match line {
                GoodLine::Suppression(key, reason) => suppressions.push((key, reason)),
                GoodLine::Consent(consent) => consents.push(consent),
            }
        }
        let mut written = Written::default();
        if !suppressions.is_empty() {
            written.add(self.permissions.suppress(&suppressions, self.actor).await?);
        }
        if !consents.is_empty() {
            written.add(self.permissions.record_consents(&consents, self.actor).await?);
        }
        Ok(written)
    }
}

/// Writes every row of the filter, whose `after` and `limit` are not looked at. Returns how many there were.
pub async fn export<R: Listed>(
    permissions: &Permissions,
    filter: &Filter,
    into: impl Write,
) -> Result<u64, CsvError> {
    let mut writer = csv::Writer::from_writer(into);
    writer.write_record(R::CSV.header())?;
    let mut page = Filter { after: None, limit: BATCH as u32, ..filter.clone() };
    let mut count = 0;
    loop {
        let rows: Vec<R> = permissions.page(&page).await?;
        for row in &rows {
            writer.write_record(row.csv_record())?;
        }
        count += rows.len() as u64;
        writer.flush().map_err(csv::Error::from)?;
        let Some(last) = rows.last() else { return Ok(count) };
        page.after = Some(last.place().map(str::to_owned).into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bad_lines(kind: CsvKind, text: &[u8]) -> Vec<(u64, String)> {
        let mut bad = Vec::new();
        read_lines(kind, text, |line| bad.extend(line.err().map(|bad| (bad.line, bad.why)))).unwrap();
        bad
    }

    #[test]
    fn every_bad_line_is_named_with_its_number_and_without_its_contact() {
        let text = b"account,channel,contact,reason\n\
            conta-1,sms,+5511987654321,opt_out\n\
            conta-1,sms,98765,opt_out\n\
            Conta,sms,+5511987654321,opt_out\n\
            conta-1,fax,+5511987654321,opt_out\n\
            conta-1,sms,+5511987654321,whim\n\
            conta-1,sms\n\
            conta-1,email,\"two\nlines@x.com\",\n\
            conta-1,email,a\xff@x.com,\n\
            conta-1,email,Ana@Exemplo.com,\n";
        let bad = bad_lines(CsvKind::Suppressions, text);
        let lines: Vec<u64> = bad.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 4, 5, 6, 7, 8, 10], "{bad:?}");
        assert!(bad.iter().all(|(_, why)| !why.contains("987") && !why.contains("lines@")), "{bad:?}");
        assert!(bad[0].1.contains("is not a phone number"));
        assert_eq!(bad[4].1, "has 2 columns instead of 4");
        assert_eq!(bad[6].1, "is not UTF-8");
    }

    #[test]
    fn a_file_with_another_header_is_not_read() {
        for text in ["", "conta-1,sms,+5511987654321,opt_out\n", "account,channel,contact,state,source\n"] {
            let read = read_lines(CsvKind::Suppressions, text.as_bytes(), |_| panic!("no line"));
            assert!(matches!(read, Err(CsvError::Header { .. })), "{text:?}");
        }
        let marked = "\u{feff}account,channel,contact,state,source\n";
        read_lines(CsvKind::Consents, marked.as_bytes(), |_| panic!("no line")).unwrap();
    }

    #[test]
    fn consents_need_a_state_and_a_source() {
        let text = "account,channel,contact,state,source\n\
            conta-1,whatsapp,+5511987654321,granted,\"Loja, centro\"\n\
            conta-1,whatsapp,+5511987654321,given,Loja\n\
            conta-1,whatsapp,+5511987654321,granted,\n";
        let lines: Vec<u64> =
            bad_lines(CsvKind::Consents, text.as_bytes()).into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines, [3, 4]);
    }
}
