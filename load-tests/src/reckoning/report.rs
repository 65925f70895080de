//! The reckoning for people: one line for each place that was counted, one column for each quiz.

use super::{BeaconCounts, Disagreement, QuizReckoning, Reckoning};
use crate::generator::{KindFigures, LoadFigures};
use crate::table::{grouped, line_table};

/// The tables of submissions and of views.
pub fn reckoning_table(reckoning: &Reckoning) -> String {
    tables(reckoning, None)
}

/// The same, with what only the generator knows: what was sent again.
pub fn run_table(reckoning: &Reckoning, figures: &LoadFigures) -> String {
    tables(reckoning, Some(figures))
}

fn tables(reckoning: &Reckoning, figures: Option<&LoadFigures>) -> String {
    let submissions = submission_lines(reckoning, figures);
    let views = view_lines(reckoning, figures);
    let mut tables = vec![render("submissions", reckoning, &submissions), render("views", reckoning, &views)];
    let has_beacons = reckoning.quizzes.iter().any(|quiz| quiz.beacons != BeaconCounts::default());
    if has_beacons {
        tables.push(render("beacons", reckoning, &beacon_lines(reckoning, figures)));
    }
    tables.join("\n\n")
}

/// One line: its name, a number for each quiz where they are known, and the number of all.
struct Line {
    name: &'static str,
    by_quiz: Vec<i64>,
    all: i64,
}

impl Line {
    fn summed(name: &'static str, reckoning: &Reckoning, count: impl Fn(&QuizReckoning) -> i64) -> Self {
        let by_quiz: Vec<i64> = reckoning.quizzes.iter().map(count).collect();
        Self { name, all: by_quiz.iter().sum(), by_quiz }
    }

    fn of_all(name: &'static str, all: u64) -> Self {
        Self { name, by_quiz: Vec::new(), all: signed(all) }
    }
}

fn submission_lines(reckoning: &Reckoning, figures: Option<&LoadFigures>) -> Vec<Line> {
    let line = |name, count: fn(&QuizReckoning) -> i64| Line::summed(name, reckoning, count);
    let mut lines = vec![
        line("accepted by the edge", |quiz| signed(quiz.submissions.accepted)),
        line("in Kafka", |quiz| signed(quiz.submissions.in_log)),
        line("in PostgreSQL", |quiz| signed(quiz.submissions.in_postgres)),
        line("in the CQL totals", |quiz| quiz.submissions.in_cql),
        line("  of them bots", |quiz| quiz.submissions.bots_in_cql),
        line("refused", |quiz| signed(quiz.submissions.not_taken)),
        line("outcome unknown", |quiz| signed(quiz.submissions.unknown)),
        line("further copies in Kafka", |quiz| signed(quiz.submissions.further_copies)),
    ];
    if let Some(figures) = figures {
        lines.push(Line::of_all("resent after a 2xx", figures.submissions.repeated));
        lines.push(Line::of_all("resent after 503, 429 or a break", figures.submissions.sent_again));
    }
    lines
}

fn view_lines(reckoning: &Reckoning, figures: Option<&LoadFigures>) -> Vec<Line> {
    let line = |name, count: fn(&QuizReckoning) -> i64| Line::summed(name, reckoning, count);
    let mut lines = vec![
        line("accepted by the edge", |quiz| signed(quiz.views.accepted)),
        line("in Kafka", |quiz| signed(quiz.views.in_log)),
        line("in the CQL totals", |quiz| quiz.views.in_cql),
        line("accepted, not in Kafka", |quiz| signed(quiz.views.missing)),
        line("outcome unknown", |quiz| signed(quiz.views.unknown)),
        line("in Kafka twice", |quiz| signed(quiz.views.doubled)),
    ];
    match reckoning.view_losses {
        Some(losses) => lines.push(Line::of_all("lost, as the edge counts", losses.lost)),
        None => lines.push(Line::of_all("lost with a killed edge: unknown", 0)),
    }
    if let Some(figures) = figures {
        lines.push(Line::of_all("refused", figures.views.refused));
        lines.push(Line::of_all("resent after 503, 429 or a break", figures.views.sent_again));
    }
    lines
}

fn beacon_lines(reckoning: &Reckoning, figures: Option<&LoadFigures>) -> Vec<Line> {
    let line = |name, count: fn(&QuizReckoning) -> i64| Line::summed(name, reckoning, count);
    let mut lines = vec![
        line("accepted by the edge", |quiz| signed(quiz.beacons.accepted)),
        line("in Kafka", |quiz| signed(quiz.beacons.in_log)),
        line("accepted, not in Kafka", |quiz| signed(quiz.beacons.missing)),
        line("outcome unknown", |quiz| signed(quiz.beacons.unknown)),
        line("further copies in Kafka", |quiz| signed(quiz.beacons.further_copies)),
    ];
    if let Some(figures) = figures {
        lines.push(Line::of_all("resent after a 204", figures.beacons.repeated));
    }
    lines
}

/// Lines that only exist when something went wrong are left out while they are zero.
fn render(title: &str, reckoning: &Reckoning, lines: &[Line]) -> String {
    const ONLY_IF_NOT_ZERO: [&str; 4] =
        ["outcome unknown", "in Kafka twice", "lost with a killed edge: unknown", "further copies in Kafka"];
    let mut header = vec![title.to_uppercase()];
    header.extend(reckoning.quizzes.iter().map(|quiz| quiz.quiz.clone()));
    header.push("ALL".to_owned());
    let shown = lines.iter().filter(|line| line.all != 0 || !ONLY_IF_NOT_ZERO.contains(&line.name));
    let rows = shown.map(|line| {
        let mut cells = vec![line.name.to_owned()];
        let blanks = reckoning.quizzes.len() - line.by_quiz.len();
        cells.extend(line.by_quiz.iter().map(grouped));
        cells.extend(std::iter::repeat_n(String::new(), blanks));
        cells.push(grouped(line.all));
        cells
    });
    line_table(header, rows)
}

/// What was sent, and how fast the answers came.
pub fn traffic_lines(figures: &LoadFigures) -> Vec<String> {
    let kinds =
        [("submissions", &figures.submissions), ("views", &figures.views), ("beacons", &figures.beacons)];
    let kinds = kinds.into_iter().filter(|(name, kind)| *name != "beacons" || kind.issued > 0);
    let line = |(name, kind): (&str, &KindFigures)| {
        format!(
            "{name}: {} sent, {:.0} accepted a second; from when each was due: p50 {:.1} ms, p99 {:.1} ms, slowest {:.0} ms",
            grouped(kind.issued),
            kind.accepted_per_second,
            kind.p50_ms,
            kind.p99_ms,
            kind.max_ms,
        )
    };
    kinds.map(line).collect()
}

/// What does not agree, with the first names of each; empty when everything agrees.
pub fn disagreement_lines(reckoning: &Reckoning) -> Vec<String> {
    disagreement_lines_of(&reckoning.disagreements)
}

/// The same of any disagreements.
pub fn disagreement_lines_of(disagreements: &[Disagreement]) -> Vec<String> {
    let mut lines = Vec::new();
    for disagreement in disagreements {
        lines.push(format!("DISAGREES: {}: {}", disagreement.what, grouped(disagreement.count)));
        lines.extend(disagreement.first.iter().map(|name| format!("    {name}")));
    }
    lines
}

/// Submissions that may be in the log or not, which is no disagreement.
pub fn unknown_lines(reckoning: &Reckoning) -> Vec<String> {
    if reckoning.unknown.is_empty() {
        return Vec::new();
    }
    let count = grouped(reckoning.unknown.len());
    let mut lines =
        vec![format!("{count} submission(s) never got a final answer; they may be in the log or not:")];
    lines.extend(reckoning.unknown.iter().take(10).map(|name| format!("    {name}")));
    lines
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
