use std::collections::BTreeMap;

use serde::Serialize;

use super::super::{Breakdown, HourTotals};

/// Everything counted of one quiz. Responses are `submissions + bots`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct QuizSummary {
    pub views: i64,
    /// Of the views, those with the verdict `bot`.
    pub bot_views: i64,
    pub submissions: i64,
    pub bots: i64,
    /// By property: `device`, `country`, `utm_source`, `utm_medium`, `utm_campaign`.
    pub breakdowns: BTreeMap<&'static str, PropertySummary>,
}

/// How views and submissions (without bots) divide among the values of one property.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PropertySummary {
    /// Most submissions first, then most views.
    pub values: Vec<ValueSummary>,
    /// Events of values that came after an hour had its fifty.
    pub other_views: i64,
    pub other_submissions: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ValueSummary {
    /// Empty: the events did not say.
    pub value: String,
    pub views: Count,
    pub submissions: Count,
}

/// A number, and whether more of it may stand in `other`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    pub count: i64,
    pub at_least: bool,
}

type Property = (&'static str, fn(&HourTotals) -> &Breakdown);

const PROPERTIES: [Property; 5] = [
    ("device", |row| &row.device),
    ("country", |row| &row.country),
    ("utm_source", |row| &row.utm_source),
    ("utm_medium", |row| &row.utm_medium),
    ("utm_campaign", |row| &row.utm_campaign),
];

impl QuizSummary {
    /// Adds up rows of any hours and sources.
    pub fn of<'a>(rows: impl Iterator<Item = &'a HourTotals> + Clone) -> Self {
        let mut summary = Self::default();
        for row in rows.clone() {
            summary.views += row.views;
            summary.bot_views += row.bot_views;
            summary.submissions += row.submissions;
            summary.bots += row.bots;
        }
        for (name, breakdown_of) in PROPERTIES {
            // A row is of one topic: of views, or of submissions and bots.
            let views = Merged::of(rows.clone().filter(|row| row.views > 0).map(breakdown_of));
            let submissions = Merged::of(rows.clone().filter(|row| row.views == 0).map(breakdown_of));
            summary.breakdowns.insert(name, property(&views, &submissions));
        }
        summary
    }
}

fn property(views: &Merged<'_>, submissions: &Merged<'_>) -> PropertySummary {
    let mut names: Vec<&str> = views.values.keys().chain(submissions.values.keys()).copied().collect();
    names.sort_unstable();
    names.dedup();
    let mut values: Vec<ValueSummary> = names
        .into_iter()
        .map(|value| ValueSummary {
            value: value.to_owned(),
            views: views.count(value),
            submissions: submissions.count(value),
        })
        .collect();
    values.sort_by_key(|value| std::cmp::Reverse((value.submissions.count, value.views.count)));
    PropertySummary { values, other_views: views.other, other_submissions: submissions.other }
}

/// The breakdowns of many rows as one.
#[derive(Default)]
struct Merged<'a> {
    values: BTreeMap<&'a str, MergedValue>,
    other: i64,
    rows_with_other: usize,
}

#[derive(Default, Clone, Copy)]
struct MergedValue {
    count: i64,
    /// Rows in which it is held beside a non-zero `other`: there it is exact.
    held_beside_other: usize,
}

impl<'a> Merged<'a> {
    fn of(breakdowns: impl Iterator<Item = &'a Breakdown>) -> Self {
        let mut merged = Self::default();
        for breakdown in breakdowns {
            let has_other = breakdown.other > 0;
            merged.other += breakdown.other;
            merged.rows_with_other += usize::from(has_other);
            for (value, count) in &breakdown.counts {
                let entry = merged.values.entry(value).or_default();
                entry.count += count;
                entry.held_beside_other += usize::from(has_other);
            }
        }
        merged
    }

    fn count(&self, value: &str) -> Count {
        let MergedValue { count, held_beside_other } = self.values.get(value).copied().unwrap_or_default();
        Count { count, at_least: held_beside_other < self.rows_with_other }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Totals;
    use super::*;

    fn breakdown(counts: &[(&str, i64)], other: i64) -> Breakdown {
        Breakdown {
            counts: counts.iter().map(|(value, count)| ((*value).to_owned(), *count)).collect(),
            other,
        }
    }

    #[test]
    fn a_value_is_exact_unless_an_hour_with_other_lacks_it() {
        let views = HourTotals {
            views: 5,
            device: breakdown(&[("mobile", 3), ("desktop", 2)], 0),
            ..HourTotals::empty()
        };
        let more_views = HourTotals {
            views: 9,
            bot_views: 1,
            device: breakdown(&[("mobile", 2)], 7),
            ..HourTotals::empty()
        };
        let submissions = HourTotals {
            submissions: 4,
            bots: 1,
            device: breakdown(&[("desktop", 4)], 0),
            ..HourTotals::empty()
        };
        let summary = QuizSummary::of([&views, &more_views, &submissions].into_iter());
        assert_eq!((summary.views, summary.bot_views, summary.submissions, summary.bots), (14, 1, 4, 1));
        let device = &summary.breakdowns["device"];
        assert_eq!((device.other_views, device.other_submissions), (7, 0));
        let [desktop, mobile] = device.values.as_slice() else { panic!("{device:?}") };
        assert_eq!(desktop.value, "desktop");
        assert_eq!(desktop.views, Count { count: 2, at_least: true });
        assert_eq!(desktop.submissions, Count { count: 4, at_least: false });
        assert_eq!(mobile.views, Count { count: 5, at_least: false });
    }
}
