//! Where a partition begins, and whether what stands in the log still is what the store covers.

use super::api::{Record, ResumePoint};

/// The page that says what to do when a resume point and the log do not fit together.
pub const RUNBOOK: &str = "docs/runbooks/resume-point.md";

/// Why a partition cannot go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Misfit(pub(super) String);

/// From where a partition is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StartPlan {
    /// First offset to read.
    pub(super) offset: i64,
    /// The resume point whose record must be met on the way; `None` when there is nothing to
    /// check (no resume point, or its record is just below the low watermark).
    pub(super) verify: Option<ResumePoint>,
}

/// `low` and `high` are the partition's watermarks (`high` is the offset of the next record);
/// `read_back` is the first offset that the fold wants to see again.
pub(super) fn plan_start(
    resume: Option<ResumePoint>,
    low: i64,
    high: i64,
    read_back: Option<i64>,
) -> Result<StartPlan, Misfit> {
    let Some(point) = resume else {
        return Ok(StartPlan { offset: low, verify: None });
    };
    if point.offset >= high {
        return Err(Misfit(format!(
            "the resume point is at offset {}, but the log ends before {high}: it was truncated, or the topic was made again without `vendzz topics apply`",
            point.offset
        )));
    }
    if point.offset + 1 < low {
        return Err(Misfit(format!(
            "the resume point is at offset {}, but the log begins at {low}: retention overtook this consumer",
            point.offset
        )));
    }
    let back_to = read_back.unwrap_or(point.offset).min(point.offset).max(low);
    if point.offset < low {
        return Ok(StartPlan { offset: low, verify: None });
    }
    Ok(StartPlan { offset: back_to, verify: Some(point) })
}

/// What is to be done with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Covered by the resume point: for the fold's read-back alone.
    ReadBack,
    /// To be applied.
    New,
}

/// Follows the offsets of one partition from its [`StartPlan`] on.
#[derive(Debug)]
pub(super) struct Continuity {
    verify: Option<ResumePoint>,
    next: i64,
    /// Compaction leaves gaps.
    compacted: bool,
}

impl Continuity {
    pub(super) fn new(plan: StartPlan, compacted: bool) -> Self {
        Self { verify: plan.verify, next: plan.offset, compacted }
    }

    /// The meaning of the next record, or why the log is not the one that the store knows.
    pub(super) fn meet(&mut self, record: &Record) -> Result<Meaning, Misfit> {
        if record.offset != self.next && !(self.compacted && record.offset > self.next) {
            return Err(Misfit(format!(
                "after offset {} the log goes on at {}: records are missing",
                self.next - 1,
                record.offset
            )));
        }
        self.next = record.offset + 1;
        let Some(point) = self.verify else {
            return Ok(Meaning::New);
        };
        if record.offset < point.offset {
            return Ok(Meaning::ReadBack);
        }
        self.verify = None;
        if record.offset > point.offset {
            // Only compaction comes here: the record of the resume point was compacted away.
            return Ok(Meaning::New);
        }
        if record.hash() != point.hash {
            return Err(Misfit(format!(
                "another record stands at the resume point's offset {}: the log was truncated, or the topic was made again without `vendzz topics apply`",
                point.offset
            )));
        }
        Ok(Meaning::ReadBack)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(offset: i64) -> Record {
        Record { offset, append_ms: 1_000 + offset, key: vec![1], value: Some(vec![2]), headers: vec![] }
    }

    fn point(offset: i64) -> ResumePoint {
        ResumePoint { offset, max_append_ms: 1_000 + offset, hash: record(offset).hash() }
    }

    #[test]
    fn where_a_partition_begins() {
        let begins = |resume: Option<i64>, low, high, read_back| {
            plan_start(resume.map(point), low, high, read_back)
                .map(|plan| (plan.offset, plan.verify.is_some()))
        };
        assert_eq!(begins(None, 5, 9, None), Ok((5, false)), "no resume point: the low watermark");
        assert_eq!(begins(Some(7), 5, 9, None), Ok((7, true)), "the covered record is read again");
        assert_eq!(begins(Some(8), 5, 9, None), Ok((8, true)), "nothing new");
        assert_eq!(begins(Some(7), 5, 9, Some(6)), Ok((6, true)), "read back");
        assert_eq!(begins(Some(7), 5, 9, Some(2)), Ok((5, true)), "no further back than the log");
        assert_eq!(begins(Some(4), 5, 9, Some(2)), Ok((5, false)), "retention took just what is covered");
        assert!(begins(Some(3), 5, 9, None).is_err(), "retention overtook");
        assert!(begins(Some(9), 5, 9, None).is_err(), "truncated");
        assert!(begins(Some(0), 0, 0, None).is_err(), "emptied");
    }

    #[test]
    fn the_log_must_be_the_one_that_the_store_knows() {
        let plan = plan_start(Some(point(7)), 0, 20, Some(6)).unwrap();
        let mut log = Continuity::new(plan, false);
        assert_eq!(log.meet(&record(6)), Ok(Meaning::ReadBack));
        assert_eq!(log.meet(&record(7)), Ok(Meaning::ReadBack));
        assert_eq!(log.meet(&record(8)), Ok(Meaning::New));
        assert!(log.meet(&record(10)).is_err(), "a gap");

        let mut other = Continuity::new(plan, false);
        other.meet(&record(6)).unwrap();
        let replaced = Record { value: Some(vec![3]), ..record(7) };
        assert!(other.meet(&replaced).is_err(), "another record at the resume point");

        let plan = plan_start(Some(point(7)), 0, 20, None).unwrap();
        let mut compacted = Continuity::new(plan, true);
        assert_eq!(compacted.meet(&record(9)), Ok(Meaning::New), "compacted away");
    }
}
