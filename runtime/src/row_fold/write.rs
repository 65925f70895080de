use super::resume_points::advance;
use super::{RowStore, StoredRow, Target, WriteError};
use crate::crash_point::crash_point;
use crate::kernel::{ResumePoint, Source};
use crate::postgres::Session;

impl RowStore {
    /// One transaction: the rows, and last the resume point, moved from `covered` to `through` by
    /// compare-and-set. Returns how many rows the table gained or changed.
    pub(crate) async fn write<R: StoredRow>(
        &self,
        source: &Source,
        rows: &[R],
        covered: Option<ResumePoint>,
        through: ResumePoint,
    ) -> Result<u64, WriteError> {
        #[cfg(feature = "planted-faults")]
        if super::planted::Fault::ResumePointBeforeRows.is_planted() {
            return self.write_resume_point_first(source, rows, covered, through).await;
        }
        let mut session = self.session().await?;
        match rows_then_resume_point(&mut session, &self.target, source, rows, covered, through).await {
            Ok(written) => {
                commit(&mut session).await?;
                session.release();
                crash_point(self.target.crash_points.after_commit);
                Ok(written)
            }
            Err(error) => {
                session.roll_back().await;
                Err(error)
            }
        }
    }

    /// Whether the table would take the rows; nothing is kept.
    pub(crate) async fn try_rows<R: StoredRow>(&self, source: &Source, rows: &[R]) -> Result<(), WriteError> {
        let mut session = self.session().await?;
        session.begin().await?;
        let outcome = session.answered(async |connection| R::insert(rows, source, connection).await).await;
        session.roll_back().await;
        outcome?;
        Ok(())
    }

    #[cfg(feature = "planted-faults")]
    async fn write_resume_point_first<R: StoredRow>(
        &self,
        source: &Source,
        rows: &[R],
        covered: Option<ResumePoint>,
        through: ResumePoint,
    ) -> Result<u64, WriteError> {
        let mut session = self.session().await?;
        move_resume_point(&mut session, &self.target, source, covered, through).await?;
        crash_point(self.target.crash_points.before_rows);
        let written = session.answered(async |connection| R::insert(rows, source, connection).await).await?;
        session.release();
        Ok(written)
    }
}

async fn rows_then_resume_point<R: StoredRow>(
    session: &mut Session,
    target: &Target,
    source: &Source,
    rows: &[R],
    covered: Option<ResumePoint>,
    through: ResumePoint,
) -> Result<u64, WriteError> {
    session.begin().await?;
    crash_point(target.crash_points.before_rows);
    let written = match rows {
        [] => 0,
        rows => session.answered(async |connection| R::insert(rows, source, connection).await).await?,
    };
    crash_point(target.crash_points.rows_before_resume_point);
    move_resume_point(session, target, source, covered, through).await?;
    crash_point(target.crash_points.before_commit);
    Ok(written)
}

async fn move_resume_point(
    session: &mut Session,
    target: &Target,
    source: &Source,
    covered: Option<ResumePoint>,
    through: ResumePoint,
) -> Result<(), WriteError> {
    let moved = session
        .answered(async |connection| advance(connection, target.resume, source, covered, through).await)
        .await?;
    if !moved {
        return Err(WriteError::Outrun);
    }
    Ok(())
}

async fn commit(session: &mut Session) -> Result<(), WriteError> {
    session.commit().await.map_err(WriteError::of_commit)
}
