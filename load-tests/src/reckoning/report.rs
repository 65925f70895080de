//! The reckoning for people.

use comfy_table::Table;

use super::{QuizReckoning, Reckoning, SubmissionCounts, ViewCounts};
use crate::generator::LoadFigures;
use crate::table::{add_row, grouped, new_table};

/// The table: a line for each quiz, submissions above and views below, with the sum of each.
pub fn reckoning_table(reckoning: &Reckoning) -> String {
    format!("{}\n\n{}", submissions_table(&reckoning.quizzes), views_table(reckoning))
}

fn submissions_table(quizzes: &[QuizReckoning]) -> Table {
    let mut table = new_table(&[
        "submissions",
        "accepted by\nthe edge",
        "in Kafka",
        "in\nPostgreSQL",
        "in the\nCQL totals",
        "bots\namong them",
        "not taken",
        "unknown",
    ]);
    let mut sum = SubmissionCounts::default();
    for quiz in quizzes {
        let counts = quiz.submissions;
        add_row(&mut table, &quiz.quiz, &submission_cells(&counts));
        sum.accepted += counts.accepted;
        sum.in_log += counts.in_log;
        sum.in_postgres += counts.in_postgres;
        sum.in_cql += counts.in_cql;
        sum.bots_in_cql += counts.bots_in_cql;
        sum.not_taken += counts.not_taken;
        sum.unknown += counts.unknown;
    }
    add_row(&mut table, "all", &submission_cells(&sum));
    table
}

fn submission_cells(counts: &SubmissionCounts) -> [String; 7] {
    [
        grouped(counts.accepted),
        grouped(counts.in_log),
        grouped(counts.in_postgres),
        grouped(counts.in_cql),
        grouped(counts.bots_in_cql),
        grouped(counts.not_taken),
        grouped(counts.unknown),
    ]
}

fn views_table(reckoning: &Reckoning) -> Table {
    let mut table = new_table(&[
        "views",
        "accepted by\nthe edge",
        "in Kafka",
        "in the\nCQL totals",
        "missing\nin Kafka",
        "why",
    ]);
    let mut sum = ViewCounts::default();
    for quiz in &reckoning.quizzes {
        let counts = quiz.views;
        add_row(&mut table, &quiz.quiz, &view_cells(&counts, String::new()));
        sum.accepted += counts.accepted;
        sum.in_log += counts.in_log;
        sum.in_cql += counts.in_cql;
        sum.missing += counts.missing;
        sum.doubled += counts.doubled;
        sum.unknown += counts.unknown;
    }
    add_row(&mut table, "all", &view_cells(&sum, reason(reckoning, &sum)));
    table
}

fn view_cells(counts: &ViewCounts, why: String) -> [String; 5] {
    [grouped(counts.accepted), grouped(counts.in_log), grouped(counts.in_cql), grouped(counts.missing), why]
}

fn reason(reckoning: &Reckoning, sum: &ViewCounts) -> String {
    let mut reasons = Vec::new();
    match reckoning.view_losses {
        None if sum.missing > 0 => reasons.push("best effort: the edge was killed".to_owned()),
        None => {}
        Some(losses) if losses.dropped + losses.lost == 0 => {}
        Some(losses) => {
            reasons.push(format!("the edge turned {} away and lost {}", losses.dropped, losses.lost))
        }
    }
    if sum.unknown > 0 {
        reasons.push(format!("{} without an answer", grouped(sum.unknown)));
    }
    if sum.doubled > 0 {
        reasons.push(format!("{} stand there twice", grouped(sum.doubled)));
    }
    if reasons.is_empty() { "-".to_owned() } else { reasons.join(", ") }
}

/// What the clients saw besides: refusals and resends.
pub fn traffic_lines(figures: &LoadFigures) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, kind) in [("submissions", &figures.submissions), ("views", &figures.views)] {
        lines.push(format!(
            "{name}: {} sent, {} accepted, {} refused; resent: {} on purpose after a 2xx, {} after a 503, a 429 or a broken \
             connection; p50 {:.1} ms, p99 {:.1} ms, slowest {:.0} ms",
            grouped(kind.issued),
            grouped(kind.accepted),
            grouped(kind.refused),
            grouped(kind.repeated),
            grouped(kind.sent_again),
            kind.p50_ms,
            kind.p99_ms,
            kind.max_ms,
        ));
    }
    lines
}

/// What does not agree, and what is allowed to be unknown.
pub fn disagreement_lines(reckoning: &Reckoning) -> Vec<String> {
    let mut lines = Vec::new();
    for disagreement in &reckoning.disagreements {
        lines.push(format!("DISAGREES: {}: {}", disagreement.what, grouped(disagreement.count)));
        lines.extend(disagreement.first.iter().map(|name| format!("    {name}")));
    }
    if !reckoning.unknown.is_empty() {
        lines.push(format!(
            "{} submission(s) were never answered for good; they may stand in the log or not:",
            reckoning.unknown.len()
        ));
        lines.extend(reckoning.unknown.iter().take(10).map(|name| format!("    {name}")));
    }
    lines
}
