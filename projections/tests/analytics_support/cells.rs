use std::collections::BTreeMap;

use vendzz_projections::analytics::{FunnelTotals, HourTotals, MinuteTotals, RowKey};
use vendzz_runtime::kernel::ResumePoint;

/// The rows of one source in a store that keeps the one rule of CQL cells that the design rests on:
/// the highest timestamp wins.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    pub(crate) hours: Table<RowKey, HourTotals>,
    pub(crate) minutes: Table<RowKey, MinuteTotals>,
    pub(crate) funnels: Table<RowKey, FunnelTotals>,
    pub(crate) resume_point: Table<(), ResumePoint>,
}

#[derive(Debug)]
pub(crate) struct Table<K, V>(BTreeMap<K, (i64, V)>);

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord + Clone + std::fmt::Debug, V: Clone + PartialEq + std::fmt::Debug> Table<K, V> {
    /// `UPDATE … USING TIMESTAMP offset + 1`. Two writers that disagree about the same offset would
    /// leave the outcome to the store: that is a failure in itself.
    pub(crate) fn write(&mut self, key: &K, last_offset: i64, value: &V) {
        let timestamp = last_offset + 1;
        match self.0.get(key) {
            Some((held, other)) if *held == timestamp => {
                assert_eq!(other, value, "two values of {key:?} under one timestamp")
            }
            Some((held, _)) if *held > timestamp => {}
            _ => drop(self.0.insert(key.clone(), (timestamp, value.clone()))),
        }
    }

    pub(crate) fn read(&self, key: &K) -> Option<V> {
        self.0.get(key).map(|(_, value)| value.clone())
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter().map(|(key, (_, value))| (key, value))
    }
}
