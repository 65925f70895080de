//! Whatever happens on the way, the rows are those of the log: any split into batches, any crash
//! between any two writes, any resend, eviction, and older owners that go on writing.
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

mod analytics_support;

use analytics_support::WINDOW;
use analytics_support::cells::{Cells, Table};
use analytics_support::log::{Seed, Topic, append_ms, crowded_seeds, crowded_ways, log, seeds};
use analytics_support::model;
use proptest::prelude::*;
use vendzz_projections::analytics::{FunnelTotals, HourTotals, LogRecord, MinuteTotals, RowKey, SourceFold};
use vendzz_runtime::dedupe::DedupeWindow;
use vendzz_runtime::kernel::ResumePoint;

/// One process that holds the partition, or believes that it does.
struct Owner {
    fold: SourceFold,
    next: usize,
}

#[derive(Debug, Clone)]
enum Step {
    /// The owner takes this many records.
    Apply(usize),
    /// It flushes everything.
    Flush,
    /// It writes some of the dirty rows, in some order, and goes on without having finished.
    FlushPart {
        rows: usize,
        turn: usize,
    },
    /// It writes some of the dirty rows and dies.
    CrashInFlush {
        rows: usize,
        turn: usize,
    },
    /// It writes all rows and dies before the resume point.
    CrashAfterRows,
    Crash,
    Evict(usize),
    /// It is frozen, and the partition goes to another; later it wakes up and writes on.
    Freeze,
    ZombieApplies(usize),
    ZombieWrites {
        rows: usize,
        turn: usize,
    },
    ZombieFlushes,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let part = || (0..12_usize, 0..12_usize);
    let step = prop_oneof![
        8 => (1..25_usize).prop_map(Step::Apply),
        3 => Just(Step::Flush),
        2 => part().prop_map(|(rows, turn)| Step::FlushPart { rows, turn }),
        2 => part().prop_map(|(rows, turn)| Step::CrashInFlush { rows, turn }),
        1 => Just(Step::CrashAfterRows),
        1 => Just(Step::Crash),
        2 => (0..6_usize).prop_map(Step::Evict),
        1 => Just(Step::Freeze),
        2 => (1..25_usize).prop_map(Step::ZombieApplies),
        2 => part().prop_map(|(rows, turn)| Step::ZombieWrites { rows, turn }),
        1 => Just(Step::ZombieFlushes),
    ];
    prop::collection::vec(step, 0..60)
}

impl Owner {
    fn open(log: &[LogRecord], cells: &Cells, topic: Topic) -> Self {
        let resume = cells.resume_point.read(&());
        let duplicates = (topic != Topic::Views).then(|| DedupeWindow::new(WINDOW, "incarnation"));
        let mut fold = SourceFold::new(resume, duplicates);
        let Some(point) = resume else { return Self { fold, next: 0 } };
        let covered = &log[..=point.offset as usize];
        let from = DedupeWindow::read_back_from(WINDOW, point.max_append_ms);
        let first = covered.iter().position(|record| append_ms(record) >= from).unwrap_or(covered.len());
        for record in &covered[first..] {
            fold.read_back(record);
        }
        Self { fold, next: covered.len() }
    }

    fn apply(&mut self, log: &[LogRecord], cells: &Cells, most: usize) {
        let end = log.len().min(self.next + most);
        if self.next == end {
            return;
        }
        let batch = &log[self.next..end];
        let missing = self.fold.missing(batch);
        for key in missing.hours {
            let stored = cells.hours.read(&key);
            self.fold.put_hour(key, stored);
        }
        for key in missing.minutes {
            let stored = cells.minutes.read(&key);
            self.fold.put_minute(key, stored);
        }
        for key in missing.funnels {
            let stored = cells.funnels.read(&key);
            self.fold.put_funnel(key, stored);
        }
        let max_append_ms = log[..end].iter().map(append_ms).max().unwrap();
        self.fold.apply(batch, ResumePoint { offset: end as i64 - 1, max_append_ms, hash: end as i64 });
        self.next = end;
    }

    /// Writes `rows` of the dirty rows of each kind, beginning with the `turn`-th.
    fn write_rows(&self, cells: &mut Cells, rows: usize, turn: usize) -> [Vec<RowKey>; 3] {
        let mut hours: Vec<(RowKey, HourTotals)> =
            self.fold.dirty_hours().map(|(key, row)| (key.clone(), row.clone())).collect();
        let mut minutes: Vec<(RowKey, MinuteTotals)> =
            self.fold.dirty_minutes().map(|(key, row)| (key.clone(), row.clone())).collect();
        let mut funnels: Vec<(RowKey, FunnelTotals)> =
            self.fold.dirty_funnels().map(|(key, row)| (key.clone(), row.clone())).collect();
        rotate_and_cut(&mut hours, rows, turn);
        rotate_and_cut(&mut minutes, rows, turn);
        rotate_and_cut(&mut funnels, rows, turn);
        for (key, row) in &hours {
            cells.hours.write(key, row.last_offset, row);
        }
        for (key, row) in &minutes {
            cells.minutes.write(key, row.last_offset, row);
        }
        for (key, row) in &funnels {
            cells.funnels.write(key, row.last_offset, row);
        }
        [keys_of(hours), keys_of(minutes), keys_of(funnels)]
    }

    fn flush_part(&mut self, cells: &mut Cells, rows: usize, turn: usize) {
        let [hours, minutes, funnels] = self.write_rows(cells, rows, turn);
        self.fold.written(&hours, &minutes, &funnels);
    }

    fn flush(&mut self, cells: &mut Cells) {
        self.flush_part(cells, usize::MAX, 0);
        assert_eq!(self.fold.dirty_count(), 0);
        if let Some(through) = self.fold.through() {
            cells.resume_point.write(&(), through.offset, &through);
        }
    }
}

fn keys_of<T>(rows: Vec<(RowKey, T)>) -> Vec<RowKey> {
    rows.into_iter().map(|(key, _)| key).collect()
}

fn rotate_and_cut<T>(rows: &mut Vec<T>, most: usize, turn: usize) {
    if !rows.is_empty() {
        let by = turn % rows.len();
        rows.rotate_left(by);
    }
    rows.truncate(most);
}

/// Plays the steps, then lets the owner and all zombies finish; what the store has then.
fn play(log: &[LogRecord], topic: Topic, steps: &[Step]) -> Cells {
    let mut cells = Cells::default();
    let mut owner = Owner::open(log, &cells, topic);
    let mut zombies: Vec<Owner> = Vec::new();
    for step in steps {
        match *step {
            Step::Apply(most) => owner.apply(log, &cells, most),
            Step::Flush => owner.flush(&mut cells),
            Step::FlushPart { rows, turn } => owner.flush_part(&mut cells, rows, turn),
            Step::CrashInFlush { rows, turn } => {
                owner.write_rows(&mut cells, rows, turn);
                owner = Owner::open(log, &cells, topic);
            }
            Step::CrashAfterRows => {
                owner.write_rows(&mut cells, usize::MAX, 0);
                owner = Owner::open(log, &cells, topic);
            }
            Step::Crash => owner = Owner::open(log, &cells, topic),
            Step::Evict(most) => owner.fold.evict(most),
            Step::Freeze => {
                let next = Owner::open(log, &cells, topic);
                zombies.push(std::mem::replace(&mut owner, next));
            }
            Step::ZombieApplies(most) => {
                if let Some(zombie) = zombies.last_mut() {
                    zombie.apply(log, &cells, most);
                }
            }
            Step::ZombieWrites { rows, turn } => {
                if let Some(zombie) = zombies.last_mut() {
                    zombie.flush_part(&mut cells, rows, turn);
                }
            }
            Step::ZombieFlushes => {
                if let Some(mut zombie) = zombies.pop() {
                    zombie.flush(&mut cells);
                }
            }
        }
    }
    owner.apply(log, &cells, usize::MAX / 2);
    owner.flush(&mut cells);
    for mut zombie in zombies {
        zombie.flush(&mut cells);
    }
    cells
}

fn check(seeds: &[Seed], topic: Topic, steps: &[Step]) -> Result<(), TestCaseError> {
    let log = log(seeds, topic);
    let cells = play(&log, topic, steps);
    prop_assert_eq!(rows_of(&cells.hours), model::hours(&log));
    prop_assert_eq!(rows_of(&cells.minutes), model::minutes(&log));
    prop_assert_eq!(rows_of(&cells.funnels), model::funnels(&log));
    prop_assert_eq!(cells.resume_point.read(&()).map(|point| point.offset), Some(log.len() as i64 - 1));
    Ok(())
}

fn rows_of<T: Clone + PartialEq + std::fmt::Debug>(table: &Table<RowKey, T>) -> model::Rows<T> {
    table.all().map(|(key, row)| ((key.quiz_id.to_string(), key.start_ms), row.clone())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn submissions_are_counted_once_whatever_happens(seeds in seeds(160), steps in steps()) {
        check(&seeds, Topic::Submissions, &steps)?;
    }

    #[test]
    fn views_are_counted_as_they_stand_whatever_happens(seeds in seeds(160), steps in steps()) {
        check(&seeds, Topic::Views, &steps)?;
    }

    #[test]
    fn beacons_are_counted_once_whatever_happens(seeds in seeds(160), steps in steps()) {
        check(&seeds, Topic::Progress, &steps)?;
    }

    #[test]
    fn the_first_fifty_values_are_kept_whatever_happens(seeds in crowded_seeds(260), steps in steps()) {
        check(&seeds, Topic::Views, &steps)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_first_four_hundred_elements_are_kept_whatever_happens(seeds in crowded_ways(60), steps in steps()) {
        check(&seeds, Topic::Progress, &steps)?;
    }
}
