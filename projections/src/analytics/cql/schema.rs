use std::collections::BTreeSet;
use std::time::Duration;

use scylla::client::session::Session;
use scylla::statement::unprepared::Statement;

use super::super::{CqlConfig, Replication};
use super::CqlError;

const DDL: &str = include_str!("../../../cql/analytics_v1.cql");
const TABLES: [&str; 4] = ["quiz_hour_v1", "quiz_minute_v1", "quiz_funnel_v1", "projection_offset_v1"];
/// A change of the schema takes longer than a request: a fresh server may need seconds for each.
const DDL_TIMEOUT: Duration = Duration::from_secs(30);

/// Makes keyspace, types and tables where they are missing, each acknowledged by all nodes before
/// the next. When all tables are there it changes nothing, so that projectors which start together
/// later do not race; on an empty store, start one first, or let the losers try again.
pub async fn create_tables(session: &Session, config: &CqlConfig) -> Result<(), CqlError> {
    if tables_of(session, &config.keyspace).await?.is_superset(&TABLES.map(str::to_owned).into()) {
        return Ok(());
    }
    let replication = match &config.replication {
        Some(replication) => replication.clone(),
        None => Replication::one_copy_in(&local_datacenter(session).await?),
    };
    for statement in statements(DDL) {
        let filled =
            statement.replace("@KEYSPACE@", &config.keyspace).replace("@REPLICATION@", &replication.cql());
        change(session, &filled).await?;
    }
    Ok(())
}

/// Takes the keyspace away, with everything in it: for the keyspaces of tests and of rolled-back
/// rebuilds.
pub async fn drop_keyspace(session: &Session, keyspace: &str) -> Result<(), CqlError> {
    change(session, &format!("DROP KEYSPACE IF EXISTS {keyspace}")).await
}

/// The driver waits for the nodes to agree after each statement that changes the schema.
async fn change(session: &Session, text: &str) -> Result<(), CqlError> {
    let mut statement = Statement::new(text);
    statement.set_request_timeout(Some(DDL_TIMEOUT));
    statement.set_is_idempotent(true);
    match session.query_unpaged(statement, ()).await {
        Ok(_) => Ok(()),
        Err(source) => Err(CqlError::Schema {
            statement: text.lines().next().unwrap_or_default().to_owned(),
            source: Box::new(source),
        }),
    }
}

async fn tables_of(session: &Session, keyspace: &str) -> Result<BTreeSet<String>, CqlError> {
    const TEXT: &str = "SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?";
    let rows = session
        .query_unpaged(TEXT, (keyspace,))
        .await
        .map_err(|error| CqlError::Read(Box::new(error)))?
        .into_rows_result()
        .map_err(|error| CqlError::Answer(error.to_string()))?;
    let names = rows.rows::<(String,)>().map_err(|error| CqlError::Answer(error.to_string()))?;
    names.map(|row| row.map(|(name,)| name).map_err(|error| CqlError::Answer(error.to_string()))).collect()
}

async fn local_datacenter(session: &Session) -> Result<String, CqlError> {
    let rows = session
        .query_unpaged("SELECT data_center FROM system.local WHERE key = 'local'", ())
        .await
        .map_err(|error| CqlError::Read(Box::new(error)))?
        .into_rows_result()
        .map_err(|error| CqlError::Answer(error.to_string()))?;
    let (datacenter,) =
        rows.single_row::<(String,)>().map_err(|error| CqlError::Answer(error.to_string()))?;
    Ok(datacenter)
}

/// The statements of a file whose comments are lines of their own.
fn statements(ddl: &str) -> Vec<String> {
    let code: Vec<&str> = ddl.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
    code.join("\n")
        .split(';')
        .map(str::trim)
        .filter(|statement| !statement.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_split_into_its_statements() {
        let statements = statements(DDL);
        assert_eq!(statements.len(), 11);
        assert!(
            statements
                .iter()
                .all(|statement| statement.starts_with("CREATE ") && statement.contains("IF NOT EXISTS"))
        );
        for table in TABLES {
            assert!(
                statements
                    .iter()
                    .any(|statement| statement.contains(&format!("TABLE IF NOT EXISTS @KEYSPACE@.{table} ")))
            );
        }
    }

    #[test]
    fn nothing_in_it_is_forbidden_by_the_design() {
        let text = statements(DDL).join(";").to_lowercase();
        for forbidden in ["counter", "timewindow", "materialized", "create index", "simplestrategy", "cdc"] {
            assert!(!text.contains(forbidden), "{forbidden}");
        }
    }
}
