use scylla::client::session::Session;
use scylla::deserialize::row::DeserializeRow;
use scylla::serialize::row::SerializeRow;
use scylla::statement::prepared::PreparedStatement;
use scylla::{DeserializeValue, SerializeValue};
use vendzz_runtime::kernel::ResumePoint;

use super::super::planted::Fault;
use super::super::{
    CqlConfig, Day, FOLD_VERSION, FunnelTotals, HourTotals, MinuteTotals, Month, RowKey, Totals,
};
use super::{CqlError, connect, create_tables};

/// Which hour or minute a row is of.
const HOUR: &str = "month = ? AND hour = ?";
const MINUTE: &str = "day = ? AND minute = ?";

/// The projector's statements, prepared once. Every write carries the offset that it covers as its
/// timestamp, so it may be repeated, overtaken or late without harm.
pub struct Store {
    session: Session,
    read_hour: PreparedStatement,
    write_hour: PreparedStatement,
    read_minute: PreparedStatement,
    write_minute: PreparedStatement,
    read_funnel: PreparedStatement,
    write_funnel: PreparedStatement,
    read_point: PreparedStatement,
    write_point: PreparedStatement,
}

/// A resume point as it stands in its cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, SerializeValue, DeserializeValue)]
#[scylla(flavor = "enforce_order")]
pub struct ResumeCell {
    pub fold_version: i32,
    pub last_offset: i64,
    pub max_append_ms: i64,
    pub record_hash: i64,
}

impl Store {
    /// Connects, makes what is missing, prepares.
    pub async fn open(config: &CqlConfig) -> Result<Self, CqlError> {
        let session = connect(config).await?;
        create_tables(&session, config).await?;
        let keyspace = &config.keyspace;
        let read = |table: &str, time: &str| {
            let text =
                format!("SELECT totals FROM {keyspace}.{table} WHERE quiz_id = ? AND {time} AND source = ?");
            prepare(&session, text)
        };
        let write = |table: &str, time: &str| {
            let text = format!(
                "UPDATE {keyspace}.{table} USING TIMESTAMP ? SET totals = ? \
                 WHERE quiz_id = ? AND {time} AND source = ?"
            );
            prepare(&session, text)
        };
        Ok(Self {
            read_hour: read("quiz_hour_v1", HOUR).await?,
            write_hour: write("quiz_hour_v1", HOUR).await?,
            read_minute: read("quiz_minute_v1", MINUTE).await?,
            write_minute: write("quiz_minute_v1", MINUTE).await?,
            read_funnel: read("quiz_funnel_v1", HOUR).await?,
            write_funnel: write("quiz_funnel_v1", HOUR).await?,
            read_point: prepare(
                &session,
                format!("SELECT point FROM {keyspace}.projection_offset_v1 WHERE source = ?"),
            )
            .await?,
            write_point: prepare(
                &session,
                format!(
                    "UPDATE {keyspace}.projection_offset_v1 USING TIMESTAMP ? SET point = ? WHERE source = ?"
                ),
            )
            .await?,
            session,
        })
    }

    /// An hour's row; `None`: there is none yet.
    pub async fn hour(&self, source: &str, key: &RowKey) -> Result<Option<HourTotals>, CqlError> {
        let values = (&*key.quiz_id, Month::of(key.start_ms).0, key.start_ms, source);
        self.read_cell(&self.read_hour, values).await
    }

    /// A minute's row; `None`: there is none yet, or no more.
    pub async fn minute(&self, source: &str, key: &RowKey) -> Result<Option<MinuteTotals>, CqlError> {
        let values = (&*key.quiz_id, Day::of(key.start_ms).0, key.start_ms, source);
        self.read_cell(&self.read_minute, values).await
    }

    /// A funnel's row; `None`: there is none yet.
    pub async fn funnel(&self, source: &str, key: &RowKey) -> Result<Option<FunnelTotals>, CqlError> {
        let values = (&*key.quiz_id, Month::of(key.start_ms).0, key.start_ms, source);
        self.read_cell(&self.read_funnel, values).await
    }

    /// Up to where a source is covered; `None`: nothing is.
    pub async fn resume_point(&self, source: &str) -> Result<Option<ResumeCell>, CqlError> {
        self.read_cell(&self.read_point, (source,)).await
    }

    pub async fn write_hour(&self, source: &str, key: &RowKey, totals: &HourTotals) -> Result<(), CqlError> {
        let timestamp = timestamp(totals.last_offset());
        let month = Month::of(key.start_ms).0;
        self.write(&self.write_hour, (timestamp, totals, &*key.quiz_id, month, key.start_ms, source)).await
    }

    pub async fn write_minute(
        &self,
        source: &str,
        key: &RowKey,
        totals: &MinuteTotals,
    ) -> Result<(), CqlError> {
        let timestamp = timestamp(totals.last_offset());
        let day = Day::of(key.start_ms).0;
        self.write(&self.write_minute, (timestamp, totals, &*key.quiz_id, day, key.start_ms, source)).await
    }

    pub async fn write_funnel(
        &self,
        source: &str,
        key: &RowKey,
        totals: &FunnelTotals,
    ) -> Result<(), CqlError> {
        let timestamp = timestamp(totals.last_offset());
        let month = Month::of(key.start_ms).0;
        self.write(&self.write_funnel, (timestamp, totals, &*key.quiz_id, month, key.start_ms, source)).await
    }

    /// Only after every row up to it is acknowledged.
    pub async fn write_resume_point(&self, source: &str, point: &ResumePoint) -> Result<(), CqlError> {
        let cell = ResumeCell::of(point);
        self.write(&self.write_point, (timestamp(cell.last_offset), cell, source)).await
    }

    async fn write(&self, statement: &PreparedStatement, values: impl SerializeRow) -> Result<(), CqlError> {
        match self.session.execute_unpaged(statement, values).await {
            Ok(_) => Ok(()),
            Err(error) => Err(CqlError::Write(Box::new(error))),
        }
    }

    async fn read_cell<T>(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
    ) -> Result<Option<T>, CqlError>
    where
        for<'frame, 'metadata> (Option<T>,): DeserializeRow<'frame, 'metadata>,
    {
        let rows = self
            .session
            .execute_unpaged(statement, values)
            .await
            .map_err(|error| CqlError::Read(Box::new(error)))?
            .into_rows_result()
            .map_err(|error| CqlError::Answer(error.to_string()))?;
        let row =
            rows.maybe_first_row::<(Option<T>,)>().map_err(|error| CqlError::Answer(error.to_string()))?;
        Ok(row.and_then(|(cell,)| cell))
    }
}

impl ResumeCell {
    pub fn of(point: &ResumePoint) -> Self {
        Self {
            fold_version: FOLD_VERSION,
            last_offset: point.offset,
            max_append_ms: point.max_append_ms,
            record_hash: point.hash,
        }
    }

    pub fn point(&self) -> ResumePoint {
        ResumePoint { offset: self.last_offset, max_append_ms: self.max_append_ms, hash: self.record_hash }
    }
}

/// The cell timestamp of what covers the log up to an offset: the highest offset wins. (Stores
/// refuse timestamps far ahead of their clock, in microseconds; offsets are far below.)
fn timestamp(last_offset: i64) -> i64 {
    if Fault::NoSyntheticTimestamp.is_planted() {
        return chrono::Utc::now().timestamp_micros();
    }
    last_offset + 1
}

async fn prepare(session: &Session, text: String) -> Result<PreparedStatement, CqlError> {
    let mut statement = session.prepare(text).await.map_err(|error| CqlError::Prepare(Box::new(error)))?;
    // A repeated write has the same timestamp and the same value.
    statement.set_is_idempotent(true);
    Ok(statement)
}
