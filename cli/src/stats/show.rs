use vendzz_projections::analytics::read::{Count, Funnel, FunnelStep};

use super::QuizStats;
use crate::output;

/// Values of a property that are shown; `--json` has all.
const VALUES_SHOWN: usize = 10;

pub(crate) fn for_people(stats: &QuizStats) -> anyhow::Result<()> {
    let counted = &stats.counted;
    let row = |what: &str, count: String, from: &str| vec![what.to_owned(), count, from.to_owned()];
    let rows = [
        row("views", counted.views.to_string(), "CQL"),
        row("  of bots", counted.bot_views.to_string(), "CQL"),
        row("submissions", counted.submissions.to_string(), "CQL"),
        row("bots", counted.bots.to_string(), "CQL"),
        row("responses", stats.responses.to_string(), "PostgreSQL"),
    ];
    output::line(&stats.quiz)?;
    output::table(&["what", "count", "from"], rows)?;
    let ahead = i128::from(stats.responses) - i128::from(counted.submissions) - i128::from(counted.bots);
    if ahead != 0 {
        let side = if ahead > 0 { "ahead of" } else { "behind" };
        output::line(format!(
            "PostgreSQL is {} {side} the CQL store; `vendzz lag` tells which is still reading",
            ahead.abs()
        ))?;
    }
    for (property, summary) in &counted.breakdowns {
        let mut rows: Vec<Vec<String>> = summary
            .values
            .iter()
            .take(VALUES_SHOWN)
            .map(|value| vec![name_of(&value.value), count(value.views), count(value.submissions)])
            .collect();
        if summary.values.len() > VALUES_SHOWN {
            rows.push(vec![format!("({} more, see --json)", summary.values.len() - VALUES_SHOWN)]);
        }
        if summary.other_views + summary.other_submissions > 0 {
            rows.push(vec![
                "(other)".to_owned(),
                summary.other_views.to_string(),
                summary.other_submissions.to_string(),
            ]);
        }
        if rows.is_empty() {
            continue;
        }
        output::line("")?;
        output::table(&[property, "views", "submissions"], rows)?;
    }
    show_funnel(&stats.funnel)
}

/// Every element, since the last ones tell most; nothing of a quiz whose clients tell no way.
fn show_funnel(funnel: &Funnel) -> anyhow::Result<()> {
    if funnel.steps.iter().all(|step| step.reached + step.left == 0) {
        return Ok(());
    }
    let mut rows: Vec<Vec<String>> = funnel.steps.iter().map(row_of).collect();
    if funnel.other_reached + funnel.other_left > 0 {
        rows.push(vec![
            "(other)".to_owned(),
            funnel.other_reached.to_string(),
            funnel.other_left.to_string(),
        ]);
    }
    output::line("")?;
    output::table(&["element", "reached", "left", "stayed", "mean time"], rows)?;
    Ok(())
}

fn row_of(step: &FunnelStep) -> Vec<String> {
    let at_least = step.at_least;
    let mean = step.mean_millis.map_or("-".to_owned(), |millis| format!("{:.1} s", millis as f64 / 1_000.0));
    vec![
        step.element.clone(),
        count(Count { count: step.reached, at_least }),
        count(Count { count: step.left, at_least }),
        step.stayed.to_string(),
        mean,
    ]
}

fn name_of(value: &str) -> String {
    if value.is_empty() { "(not said)".to_owned() } else { value.to_owned() }
}

/// More of it may stand in `other`: then the number is an estimate from below, and says so.
fn count(count: Count) -> String {
    if count.at_least { format!(">= {}", count.count) } else { count.count.to_string() }
}
