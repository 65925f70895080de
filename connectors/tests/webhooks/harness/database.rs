use std::collections::BTreeMap;

use sqlx::{Executor, PgConnection};
use uuid::Uuid;
use vendzz_connectors::permissions::{Permissions, prepare};
use vendzz_runtime::postgres::PostgresConfig;

/// A database of its own with the tables of `sending`.
pub(crate) struct Database(vendzz_test_support::Database);

/// What stands in the ledger of a message.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub(crate) struct Row {
    pub(crate) state: String,
    pub(crate) report: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) provider_ref: Option<String>,
    pub(crate) events: i16,
}

/// A row to be put into the ledger.
pub(crate) struct LedgerRow {
    pub(crate) channel: &'static str,
    pub(crate) recipient: &'static str,
    pub(crate) state: &'static str,
    pub(crate) provider: Option<&'static str>,
    pub(crate) provider_ref: Option<&'static str>,
}

impl LedgerRow {
    pub(crate) fn sms(state: &'static str) -> Self {
        Self {
            channel: "sms",
            recipient: "+5511987654321",
            state,
            provider: Some("twilio"),
            provider_ref: None,
        }
    }
}

impl Database {
    pub(crate) async fn new() -> Self {
        let database = Self(vendzz_test_support::Database::new("sending").await);
        prepare(&database.config()).await.unwrap();
        // All weeks in one: intake makes them week by week.
        let partition = "CREATE TABLE sending.message_ledger_test PARTITION OF sending.message_ledger
            FOR VALUES FROM ('016f541a-3000-0000-0000-000000000000') TO ('03bb3c36-ec00-0000-0000-000000000000')";
        database.connect().await.execute(partition).await.unwrap();
        database
    }

    pub(crate) fn url(&self) -> String {
        self.0.url()
    }

    pub(crate) fn config(&self) -> PostgresConfig {
        PostgresConfig::at(self.url().parse().unwrap())
    }

    pub(crate) fn permissions(&self) -> Permissions {
        Permissions::new(&self.config(), "test")
    }

    pub(crate) async fn connect(&self) -> PgConnection {
        self.0.connect().await
    }

    pub(crate) async fn insert(&self, row: LedgerRow) -> Uuid {
        let sql = "INSERT INTO sending.message_ledger (message_id, channel, account_id, quiz_id, response_id,
                campaign_id, revision, step_id, recipient, sender_pool, unless_finished, message, due_at, late_from,
                state, not_before, attempt, token, lease_until, provider, provider_ref)
            VALUES ($1, $2, 'conta-1', 'quiz-1', $1, 'campanha-1', 'r1', 'passo-1', $3, 'padrao', false, '{}',
                now(), now() + '1 hour', $4, now(), 1, gen_random_uuid(), now() + '1 minute', $5, $6)";
        let id = Uuid::now_v7();
        sqlx::query(sql)
            .bind(id)
            .bind(row.channel)
            .bind(row.recipient)
            .bind(row.state)
            .bind(row.provider)
            .bind(row.provider_ref)
            .execute(&mut self.connect().await)
            .await
            .unwrap();
        id
    }

    /// What the sender writes when the provider's own answer was a refusal.
    pub(crate) async fn refuse(&self, id: Uuid) {
        let mut db = self.connect().await;
        let sql = "UPDATE sending.message_ledger SET state = 'failed', events = 1 WHERE message_id = $1";
        sqlx::query(sql).bind(id).execute(&mut db).await.unwrap();
        let sql = "INSERT INTO sending.delivery_events (message_id, number, event, happened_at)
            VALUES ($1, 1, '{\"what\": \"failed\"}', now())";
        sqlx::query(sql).bind(id).execute(&mut db).await.unwrap();
    }

    pub(crate) async fn row(&self, id: Uuid) -> Row {
        let sql = "SELECT state, report, reason, provider, provider_ref, events FROM sending.message_ledger
            WHERE message_id = $1";
        sqlx::query_as(sql).bind(id).fetch_one(&mut self.connect().await).await.unwrap()
    }

    /// The events of a message's life, in their order.
    pub(crate) async fn events(&self, id: Uuid) -> Vec<serde_json::Value> {
        let sql = "SELECT event::text FROM sending.delivery_events WHERE message_id = $1 ORDER BY number";
        let texts: Vec<String> =
            sqlx::query_scalar(sql).bind(id).fetch_all(&mut self.connect().await).await.unwrap();
        texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
    }

    /// The campaign's tallies, those that are 0 left out.
    pub(crate) async fn tallies(&self) -> BTreeMap<String, i64> {
        let sql = "SELECT what, sum(messages)::bigint FROM sending.campaign_tallies GROUP BY what
            HAVING sum(messages) <> 0";
        let rows: Vec<(String, i64)> =
            sqlx::query_as(sql).fetch_all(&mut self.connect().await).await.unwrap();
        rows.into_iter().collect()
    }

    /// Channel, contact and reason of everybody who is suppressed.
    pub(crate) async fn suppressed(&self) -> Vec<(String, String, String)> {
        let sql = "SELECT channel, contact, reason FROM sending.suppressions ORDER BY channel, contact";
        sqlx::query_as(sql).fetch_all(&mut self.connect().await).await.unwrap()
    }

    /// Action, reason and actor of every audit entry.
    pub(crate) async fn audit(&self) -> Vec<(String, String, String)> {
        let sql = "SELECT action, reason, actor FROM sending.permission_audit ORDER BY entry";
        sqlx::query_as(sql).fetch_all(&mut self.connect().await).await.unwrap()
    }
}
