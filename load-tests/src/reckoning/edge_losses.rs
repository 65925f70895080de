//! What the edge says of views that it answered and could not hand on.

use std::net::SocketAddr;

use anyhow::Context;
use serde::{Deserialize, Serialize};

/// Whether a run's views can be accounted for one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewPromise {
    /// The edge lived through the run: what is missing must be counted by it.
    Exact,
    /// The edge was killed: views that it had answered may be gone with it.
    BestEffort,
}

/// Counters since the edge's start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EdgeViewLosses {
    /// Answered 503: the queue was full, or the edge was shedding.
    pub dropped: u64,
    /// Answered 204 and not delivered, as far as the edge knows: some may stand in the log all the same.
    pub lost: u64,
    /// The same of progress beacons.
    #[serde(default)]
    pub lost_beacons: u64,
}

impl EdgeViewLosses {
    pub fn since(&self, earlier: &Self) -> anyhow::Result<Self> {
        let minus =
            |now: u64, before: u64| now.checked_sub(before).context("the edge was restarted during the run");
        Ok(Self {
            dropped: minus(self.dropped, earlier.dropped)?,
            lost: minus(self.lost, earlier.lost)?,
            lost_beacons: minus(self.lost_beacons, earlier.lost_beacons)?,
        })
    }
}

/// Reads `/metrics` of the edge's private port.
pub async fn read_edge_losses(private: SocketAddr) -> anyhow::Result<EdgeViewLosses> {
    let url = format!("http://{private}/metrics");
    let response =
        reqwest::Client::new().get(&url).send().await.with_context(|| format!("{url} does not answer"))?;
    Ok(losses_in(&response.error_for_status()?.text().await?))
}

/// A counter that was never raised does not stand there.
fn losses_in(metrics: &str) -> EdgeViewLosses {
    let counter = |name: &str, outcome: &str| {
        let label = format!("outcome=\"{outcome}\"");
        let begin = format!("{name}{{");
        let lines = metrics.lines().filter(|line| line.starts_with(&begin) && line.contains(&label));
        let values = lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
        values.sum::<f64>() as u64
    };
    const VIEWS: &str = "vendzz_quiz_views_total";
    EdgeViewLosses {
        dropped: counter(VIEWS, "dropped"),
        lost: counter(VIEWS, "lost"),
        lost_beacons: counter("vendzz_quiz_progress_total", "lost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counters_are_found_among_the_others() {
        let metrics = "# TYPE vendzz_quiz_views_total counter\n\
            vendzz_quiz_views_total{outcome=\"accepted\"} 1200\n\
            vendzz_quiz_views_total{outcome=\"dropped\"} 7\n\
            vendzz_quiz_progress_total{outcome=\"lost\"} 3\n\
            vendzz_quiz_submissions_total{outcome=\"dropped\"} 5\n";
        let losses = losses_in(metrics);
        assert_eq!(losses, EdgeViewLosses { dropped: 7, lost: 0, lost_beacons: 3 });
        assert_eq!(
            losses.since(&EdgeViewLosses { dropped: 2, ..EdgeViewLosses::default() }).unwrap().dropped,
            5
        );
        assert!(losses.since(&EdgeViewLosses { dropped: 8, ..EdgeViewLosses::default() }).is_err());
    }
}
