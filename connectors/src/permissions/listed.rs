use serde::Serialize;
use sqlx::FromRow;
use sqlx::postgres::PgRow;

use super::{Consent, CsvKind, Suppression};

/// A row of one of the two lists. Both are read in pages, in the order of account, channel and contact.
pub trait Listed: for<'r> FromRow<'r, PgRow> + Serialize + Send + Unpin {
    /// The list's name.
    const NAME: &'static str;
    const CSV: CsvKind;
    /// Selects a page; its parameters are a [`super::Filter`]'s.
    const PAGE: &'static str;

    /// Account, channel and contact.
    fn place(&self) -> [&str; 3];

    /// In the order of [`CsvKind::header`].
    fn csv_record(&self) -> Vec<&str>;
}

macro_rules! page_of {
    ($rows:literal) => {
        concat!(
            "SELECT account_id, channel, contact, ",
            $rows,
            " WHERE ($1::text IS NULL OR account_id = $1) AND ($2::text IS NULL OR channel = $2)
                AND ($3::text IS NULL OR contact = $3) AND (account_id, channel, contact) > ($4, $5, $6)
            ORDER BY account_id, channel, contact LIMIT $7"
        )
    };
}

impl Listed for Suppression {
    const NAME: &'static str = "suppressions";
    const CSV: CsvKind = CsvKind::Suppressions;
    const PAGE: &'static str = page_of!("reason, suppressed_at FROM sending.suppressions");

    fn place(&self) -> [&str; 3] {
        [&self.account, &self.channel, &self.contact]
    }

    fn csv_record(&self) -> Vec<&str> {
        vec![&self.account, &self.channel, &self.contact, &self.reason]
    }
}

impl Listed for Consent {
    const NAME: &'static str = "consents";
    const CSV: CsvKind = CsvKind::Consents;
    const PAGE: &'static str = page_of!("state, source, changed_at FROM sending.consents");

    fn place(&self) -> [&str; 3] {
        [&self.account, &self.channel, &self.contact]
    }

    fn csv_record(&self) -> Vec<&str> {
        vec![&self.account, &self.channel, &self.contact, &self.state, &self.source]
    }
}
