//! The open-loop generator: arrivals are paced by a schedule that nothing slows down, latency is
//! measured from the moment an event was due, and what was not settled is sent again.

mod backoff;
mod connections;
mod delivery;
mod figures;
mod pacing;
mod scoreboard;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

pub use backoff::Backoff;
pub use connections::{Answer, Connections, SendError};
pub use delivery::{Attempt, Delivery};
pub use figures::{KindFigures, LoadFigures};
pub use scoreboard::Scoreboard;

use crate::traffic::{Crowd, Mix};

/// One run.
#[derive(Debug, Clone)]
pub struct LoadPlan {
    pub mix: Mix,
    pub length: Duration,
    /// How long an event is sent again before its outcome stays unknown, from its first attempt.
    pub patience: Duration,
    /// Connections open at once.
    pub connections: usize,
    pub seed: u64,
}

impl LoadPlan {
    pub const CONNECTIONS: usize = 256;
    pub const PATIENCE: Duration = Duration::from_secs(60);

    pub fn new(mix: Mix, length: Duration, seed: u64) -> Self {
        Self { mix, length, patience: Self::PATIENCE, connections: Self::CONNECTIONS, seed }
    }
}

/// Runs a plan to its end, retries included, or until `stop` is cancelled: then nothing new is sent,
/// what is on its way is waited for, and what would be sent again is left unknown.
pub async fn generate(
    plan: &LoadPlan,
    crowd: Crowd,
    target: SocketAddr,
    scoreboard: Arc<Scoreboard>,
    stop: CancellationToken,
) -> anyhow::Result<LoadFigures> {
    let delivery = Arc::new(Delivery {
        connections: Connections::to(target, plan.connections),
        backoff: Backoff { patience: plan.patience, ..Backoff::default() },
        scoreboard: scoreboard.clone(),
        stop: stop.clone(),
    });
    scoreboard.begin(plan.length);
    pacing::pace(plan.mix, plan.length, crowd, plan.seed, delivery).await?;
    scoreboard.end();
    Ok(scoreboard.figures())
}
