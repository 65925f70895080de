//! `vendzz metrics`: `docs/metrics.md`, generated from the one table of names.

use vendzz_runtime::telemetry::{MetricKind, MetricName};

use crate::exit::Answer;
use crate::output;

const INTRODUCTION: &str = "\
# Metrics

Every service serves its metrics in Prometheus' text format at `/metrics` of its private port (edge 9464, admin API
9465, state projector 9466, analytics projector 9467; `VENDZZ_PRIVATE_ADDR` moves it). Labels have bounded sets of
values: no quiz, address or response is ever a label.

This page is what `vendzz metrics` prints; a test fails when it is out of date.

| metric | kind | labels | meaning |
|---|---|---|---|";

pub(crate) fn run() -> anyhow::Result<Answer> {
    output::line(INTRODUCTION)?;
    for metric in MetricName::ALL {
        let kind = match metric.kind() {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram => "histogram",
        };
        let labels: Vec<String> = metric.labels().iter().map(|label| format!("`{label}`")).collect();
        output::line(format!(
            "| `{}` | {kind} | {} | {} |",
            metric.name(),
            labels.join(", "),
            metric.help()
        ))?;
    }
    Ok(Answer::Yes)
}
