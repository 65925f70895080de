use std::fmt;
use std::str::FromStr;

use sqlx::PgExecutor;

/// SQLSTATE undefined_table.
const UNDEFINED_TABLE: &str = "42P01";

/// The PostgreSQL schema of one version of a projection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not a schema name of 1 to 63 characters of a-z, 0-9 and '_'")]
pub struct SchemaError;

impl FromStr for Schema {
    type Err = SchemaError;

    /// Strict, because the name becomes part of SQL.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let starts_well = name.bytes().next().is_some_and(|first| first.is_ascii_lowercase());
        if !starts_well || name.len() > 63 || !name.bytes().all(allowed) {
            return Err(SchemaError);
        }
        Ok(Self(name.to_owned()))
    }
}

impl fmt::Display for Schema {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The version of a projection that is live by `public.read_model`; none when its projector has never run here.
/// Not within a transaction: without the table it would be spoiled.
pub async fn live_version(db: impl PgExecutor<'_>, projection: &str) -> sqlx::Result<Option<String>> {
    let version = sqlx::query_scalar("SELECT version FROM public.read_model WHERE projection = $1")
        .bind(projection)
        .fetch_optional(db)
        .await;
    match version {
        Err(error) if is_undefined_table(&error) => Ok(None),
        answer => answer,
    }
}

fn is_undefined_table(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == UNDEFINED_TABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_a_plain_name_becomes_part_of_sql() {
        assert!("state_v1".parse::<Schema>().is_ok());
        for bad in ["", "1state", "State", "state v1", "state;drop", "a\"b", "état", &"x".repeat(64)] {
            assert_eq!(bad.parse::<Schema>(), Err(SchemaError), "{bad}");
        }
    }
}
