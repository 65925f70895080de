use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use super::super::{FunnelTotals, StepTotals};

/// The way through a quiz, element by element.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Funnel {
    /// In the order asked for; those that it does not name follow, most reached first.
    pub steps: Vec<FunnelStep>,
    /// Of elements that came after an hour had its 400: how often they were reached and left.
    pub other_reached: i64,
    pub other_left: i64,
}

/// One element of a funnel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FunnelStep {
    pub element: String,
    pub reached: i64,
    pub left: i64,
    /// `reached - left`: who was there last, and perhaps still is. Below 0 when what told that
    /// somebody came was lost, or lies before the time asked for.
    pub stayed: i64,
    /// How long the element was shown to those who left it, in milliseconds; `None`: nobody did.
    pub mean_millis: Option<i64>,
    /// More of it may stand among the others.
    pub at_least: bool,
}

/// One element over many rows.
#[derive(Default)]
struct Merged {
    totals: StepTotals,
    /// Rows in which it is held beside a non-zero `other`: there it is exact.
    held_beside_other: usize,
}

impl Funnel {
    /// Adds up rows of any hours and sources. `order` names the quiz's elements; each has a step,
    /// also when nobody came to it. Empty: not known.
    pub fn of<'a>(rows: impl Iterator<Item = &'a FunnelTotals>, order: &[String]) -> Self {
        let mut other = StepTotals::default();
        let mut rows_with_other = 0;
        let mut merged: BTreeMap<&str, Merged> = BTreeMap::new();
        for row in rows {
            let has_other = row.other != StepTotals::default();
            rows_with_other += usize::from(has_other);
            other.add(row.other);
            for (element, totals) in &row.steps {
                let entry = merged.entry(element).or_default();
                entry.totals.add(*totals);
                entry.held_beside_other += usize::from(has_other);
            }
        }
        let step = |element: &str, merged: &Merged| {
            FunnelStep::of(element, merged.totals, merged.held_beside_other < rows_with_other)
        };
        let mut steps = Vec::with_capacity(order.len().max(merged.len()));
        for element in order {
            let merged = merged.remove(element.as_str()).unwrap_or_default();
            steps.push(step(element, &merged));
        }
        let mut rest: Vec<FunnelStep> =
            merged.iter().map(|(element, merged)| step(element, merged)).collect();
        // Who reached two elements equally often has mostly left the first of them.
        rest.sort_by_key(|step| (Reverse(step.reached), Reverse(step.left)));
        steps.extend(rest);
        Self { steps, other_reached: other.reached, other_left: other.left }
    }
}

impl FunnelStep {
    fn of(element: &str, totals: StepTotals, at_least: bool) -> Self {
        let StepTotals { reached, left, millis } = totals;
        Self {
            element: element.to_owned(),
            reached,
            left,
            stayed: reached.saturating_sub(left),
            mean_millis: (left > 0).then(|| millis / left),
            at_least,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Totals;
    use super::*;

    fn row(steps: &[(&str, i64, i64, i64)], other: StepTotals) -> FunnelTotals {
        let step = |(element, reached, left, millis): &(&str, i64, i64, i64)| {
            ((*element).to_owned(), StepTotals { reached: *reached, left: *left, millis: *millis })
        };
        FunnelTotals { steps: steps.iter().map(step).collect(), other, ..FunnelTotals::empty() }
    }

    fn shown(funnel: &Funnel) -> Vec<(&str, i64, i64, i64, Option<i64>)> {
        funnel
            .steps
            .iter()
            .map(|step| (step.element.as_str(), step.reached, step.left, step.stayed, step.mean_millis))
            .collect()
    }

    #[test]
    fn rows_are_added_up_in_the_quizs_order() {
        let beacons = row(&[("nome", 10, 6, 600), ("fim", 6, 0, 0), ("old", 1, 1, 9)], StepTotals::default());
        let submissions = row(&[("nome", 0, 3, 301), ("fim", 2, 5, 50)], StepTotals::default());
        let rows = || [&beacons, &submissions].into_iter();
        let order = ["fim", "nunca", "nome"].map(str::to_owned);
        let ordered = Funnel::of(rows(), &order);
        assert_eq!(
            shown(&ordered),
            [
                ("fim", 8, 5, 3, Some(10)),
                ("nunca", 0, 0, 0, None),
                ("nome", 10, 9, 1, Some(100)),
                ("old", 1, 1, 0, Some(9)),
            ]
        );
        assert!(ordered.steps.iter().all(|step| !step.at_least));
        let by_reach: Vec<String> =
            Funnel::of(rows(), &[]).steps.into_iter().map(|step| step.element).collect();
        assert_eq!(by_reach, ["nome", "fim", "old"]);
    }

    #[test]
    fn an_element_that_a_full_row_lacks_is_at_least() {
        let full = row(&[("a", 2, 1, 5)], StepTotals { reached: 4, left: 3, millis: 9 });
        let other = row(&[("a", 1, 1, 5), ("b", 1, 0, 0)], StepTotals::default());
        let funnel = Funnel::of([&full, &other].into_iter(), &[]);
        assert_eq!((funnel.other_reached, funnel.other_left), (4, 3));
        let at_least: Vec<(&str, bool)> =
            funnel.steps.iter().map(|step| (step.element.as_str(), step.at_least)).collect();
        assert_eq!(at_least, [("a", false), ("b", true)]);
    }
}
