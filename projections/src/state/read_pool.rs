use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::postgres::PgPool;
use tokio::sync::Mutex;
use vendzz_runtime::config::Env;
use vendzz_runtime::postgres::{PostgresConfig, PostgresUrl};

const APPLICATION: &str = "vendzz-read";

/// The replica is looked at no more often than this.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// A server that takes longer to say where it stands counts as away.
const CHECK_WITHIN: Duration = Duration::from_millis(500);

/// Where reads go: to the replica while it answers and has replayed what the primary had written
/// `max_lag` ago, otherwise to the primary.
#[derive(Clone)]
pub struct ReadPool {
    primary: PgPool,
    replica: Option<Arc<Replica>>,
}

struct Replica {
    pool: PgPool,
    max_lag: Duration,
    watch: Mutex<Watch>,
}

/// What is known of the replica.
#[derive(Default)]
struct Watch {
    checked: Option<Instant>,
    usable: bool,
    /// Where the primary's log ended at which time, oldest first; `max_lag` back and one more.
    ends: VecDeque<(Instant, i64)>,
}

/// Settings of the replica.
#[derive(Debug, Clone)]
pub struct ReplicaConfig {
    pub url: PostgresUrl,
    /// A replica further behind is not read.
    pub max_lag: Duration,
}

impl ReplicaConfig {
    pub fn read(env: &Env) -> Option<Self> {
        let url = env.optional("VENDZZ_POSTGRES_REPLICA_URL", "a replica for reads; the primary when absent");
        let max_lag = env.span(
            "VENDZZ_POSTGRES_REPLICA_MAX_LAG",
            Duration::from_secs(5),
            "a replica further behind is not read",
        );
        url.map(|url| Self { url, max_lag })
    }
}

impl ReadPool {
    /// Connects lazily.
    pub fn new(primary: &PostgresConfig, replica: Option<&ReplicaConfig>) -> Self {
        let replica = replica.map(|replica| {
            let config = PostgresConfig { url: replica.url.clone(), ..primary.clone() };
            Arc::new(Replica {
                pool: config.pool(APPLICATION),
                max_lag: replica.max_lag,
                watch: Mutex::default(),
            })
        });
        Self { primary: primary.pool(APPLICATION), replica }
    }

    /// Where to read what may be as old as the replica is.
    pub async fn any(&self) -> PgPool {
        match &self.replica {
            Some(replica) if replica.is_usable(&self.primary).await => replica.pool.clone(),
            _ => self.primary.clone(),
        }
    }

    /// Where to read what has just been written.
    pub fn primary(&self) -> PgPool {
        self.primary.clone()
    }
}

impl Replica {
    async fn is_usable(&self, primary: &PgPool) -> bool {
        let mut watch = self.watch.lock().await;
        if watch.checked.is_some_and(|checked| checked.elapsed() < CHECK_EVERY) {
            return watch.usable;
        }
        // The primary first: what the replica has replayed then is at least as new as its answer says.
        let end =
            position(primary, "SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint").await;
        let replayed =
            position(&self.pool, "SELECT pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint").await;
        let now = Instant::now();
        watch.checked = Some(now);
        let was_usable = watch.usable;
        watch.usable = watch.judge(now, self.max_lag, end, replayed);
        if was_usable != watch.usable {
            tracing::info!(usable = watch.usable, "reads from the replica");
        }
        watch.usable
    }
}

impl Watch {
    /// `end`: where the primary's log ends; `replayed`: how far the replica is; `None`: no answer.
    fn judge(&mut self, now: Instant, max_lag: Duration, end: Option<i64>, replayed: Option<i64>) -> bool {
        if let Some(end) = end {
            self.ends.push_back((now, end));
        }
        // The newest end that is `max_lag` old stays: it is what must have been replayed.
        while self.ends.get(1).is_some_and(|(at, _)| now.duration_since(*at) >= max_lag) {
            self.ends.pop_front();
        }
        let Some(replayed) = replayed else { return false };
        match self.ends.front() {
            // Without a past to compare with, it must have everything.
            Some((_, end)) => replayed >= *end,
            // The primary has not answered once: an old answer is better than none.
            None => true,
        }
    }
}

async fn position(pool: &PgPool, sql: &'static str) -> Option<i64> {
    let asked = tokio::time::timeout(CHECK_WITHIN, sqlx::query_scalar::<_, Option<i64>>(sql).fetch_one(pool));
    asked.await.ok()?.ok()?
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX_LAG: Duration = Duration::from_secs(5);

    /// Seconds, primary's end, replica's position → whether it may be read.
    fn judged(steps: &[(u64, Option<i64>, Option<i64>)]) -> Vec<bool> {
        let start = Instant::now();
        let mut watch = Watch::default();
        steps
            .iter()
            .map(|(seconds, end, replayed)| {
                watch.judge(start + Duration::from_secs(*seconds), MAX_LAG, *end, *replayed)
            })
            .collect()
    }

    #[test]
    fn a_replica_is_read_while_it_has_what_was_written_max_lag_ago() {
        assert_eq!(judged(&[(0, Some(100), Some(100))]), [true]);
        assert_eq!(judged(&[(0, Some(100), Some(99))]), [false], "nothing to compare with yet");
        let growing = [
            (0, Some(100), Some(100)),
            (1, Some(200), Some(100)),
            (5, Some(300), Some(100)),
            (6, Some(400), Some(100)),
            (7, Some(400), Some(200)),
        ];
        assert_eq!(judged(&growing), [true, true, true, false, true]);
    }

    #[test]
    fn a_replica_that_is_away_is_not_read_and_one_without_a_primary_is() {
        assert_eq!(judged(&[(0, Some(100), None)]), [false]);
        assert_eq!(judged(&[(0, None, Some(7))]), [true]);
        assert_eq!(
            judged(&[(0, Some(100), Some(100)), (60, None, Some(100))]),
            [true, true],
            "it has all there was"
        );
        assert_eq!(
            judged(&[(0, Some(100), Some(50)), (60, None, Some(50))]),
            [false, false],
            "it has lost something"
        );
    }
}
