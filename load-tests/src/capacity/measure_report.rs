use std::fmt;

use serde::Serialize;

use crate::generator::KindFigures;
use crate::table::line_table;

const EDGE: &str = "edge";

/// CPU seconds by process. What is idle is subtracted from the costs.
#[derive(Debug, Clone, Serialize)]
pub struct MeasureReport {
    /// Accepted a second.
    pub submissions_per_second: f64,
    pub views_per_second: f64,
    /// Of each phase.
    pub seconds: f64,
    pub processes: Vec<ProcessCost>,
    pub generator: Option<ProcessCost>,
    /// The bare handler's CPU seconds for 1,000 submissions.
    pub bare_per_1000_submissions: f64,
    pub submissions: KindFigures,
    pub views: KindFigures,
    pub bare: KindFigures,
}

#[derive(Debug, Clone, Serialize)]
pub struct ProcessCost {
    pub process: String,
    /// CPU seconds a second when nothing happens.
    pub idle_share: f64,
    /// CPU seconds.
    pub per_1000_submissions: f64,
    pub per_1000_views: f64,
}

impl MeasureReport {
    /// Everything but the generator.
    pub fn per_1000_submissions(&self) -> f64 {
        self.processes.iter().map(|cost| cost.per_1000_submissions).sum()
    }

    pub fn per_1000_views(&self) -> f64 {
        self.processes.iter().map(|cost| cost.per_1000_views).sum()
    }

    /// The edge's CPU for a submission against the bare handler's for the same request.
    pub fn edge_against_bare(&self) -> Option<f64> {
        let edge = self.processes.iter().find(|cost| cost.process == EDGE)?;
        Some(edge.per_1000_submissions / self.bare_per_1000_submissions.max(f64::EPSILON))
    }
}

impl fmt::Display for MeasureReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = ["PROCESS", "IDLE, % OF A CORE", "CPU S / 1,000 SUBMISSIONS", "CPU S / 1,000 VIEWS"];
        let seconds = |seconds: f64| format!("{seconds:.4}");
        let row = |cost: &ProcessCost| {
            let idle = format!("{:.1}", cost.idle_share * 100.0);
            vec![cost.process.clone(), idle, seconds(cost.per_1000_submissions), seconds(cost.per_1000_views)]
        };
        let mut rows: Vec<Vec<String>> = self.processes.iter().map(row).collect();
        let (submissions, views) = (self.per_1000_submissions(), self.per_1000_views());
        rows.push(vec!["all of these".to_owned(), String::new(), seconds(submissions), seconds(views)]);
        let bare = seconds(self.bare_per_1000_submissions);
        rows.push(vec!["bare handler".to_owned(), String::new(), bare, String::new()]);
        rows.extend(self.generator.iter().map(row));
        writeln!(formatter, "{}\n", line_table(header.map(str::to_owned).to_vec(), rows))?;
        for (name, figures) in
            [("submissions", &self.submissions), ("views", &self.views), ("bare handler", &self.bare)]
        {
            writeln!(
                formatter,
                "{name}: {:.0}/s for {:.0} s, p50 {:.2} ms, p99 {:.2} ms",
                figures.accepted_per_second, self.seconds, figures.p50_ms, figures.p99_ms
            )?;
        }
        if let Some(ratio) = self.edge_against_bare() {
            writeln!(formatter, "the edge uses {ratio:.2} times the bare handler's CPU for a submission")?;
        }
        Ok(())
    }
}
