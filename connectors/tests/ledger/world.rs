//! A ledger with one active campaign, the messages that are put into it, and what stands of them afterwards.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Executor};
use uuid::Uuid;
use vendzz_connectors::intake::{CampaignRow, MessageRow};
use vendzz_connectors::ledger::State;
use vendzz_connectors::ledger::store::{
    Candidate, Decision, LeasedRow, LedgerStore, Move, PoolRoom, SenderChoice,
};
use vendzz_connectors::sender::Rate;
use vendzz_runtime::kernel::Source;
use vendzz_runtime::postgres::PostgresConfig;
use vendzz_runtime::row_fold::{FoldedRow, StoredRow};
use vendzz_schemas::campaign::Channel;
use vendzz_schemas::events::{CampaignDefinition, CampaignDelivery, CampaignMessage};
use vendzz_schemas::ids::{MessageOrigin, TimedId, message_id};
use vendzz_test_support::CommitProxy;

use crate::database::Database;

pub(crate) const ACCOUNT: &str = "conta-1";
pub(crate) const CAMPAIGN: &str = "campanha-1";
pub(crate) const POOL: &str = "padrao";
pub(crate) const PROVIDER: &str = "provedor";
/// Longer than any test.
pub(crate) const LEASE: Duration = Duration::from_secs(3_600);

pub(crate) struct World {
    pub(crate) database: Database,
    pub(crate) pool: PgPool,
    pub(crate) channel: Channel,
    minted: AtomicU64,
}

/// What stands in the ledger of a message.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub(crate) struct Standing {
    pub(crate) message_id: Uuid,
    pub(crate) state: String,
    pub(crate) attempt: i32,
    pub(crate) token: Option<Uuid>,
    pub(crate) lease_until: Option<DateTime<Utc>>,
    pub(crate) not_before: DateTime<Utc>,
    pub(crate) report: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) provider_ref: Option<String>,
    pub(crate) events: i16,
    /// The whole row as text.
    pub(crate) whole: String,
}

impl World {
    pub(crate) async fn new(channel: Channel) -> Self {
        let database = Database::new().await;
        let pool = PgPoolOptions::new().max_connections(4).connect(&database.url()).await.unwrap();
        // Nothing here outlives its server, so nothing waits for a disk.
        let name: String =
            sqlx::query_scalar("SELECT current_database()::text").fetch_one(&pool).await.unwrap();
        pool.execute(AssertSqlSafe(format!("ALTER DATABASE {name} SET synchronous_commit = off")))
            .await
            .unwrap();
        pool.execute(
            "CREATE TABLE public.read_model (projection text PRIMARY KEY, version text NOT NULL);
            INSERT INTO public.read_model VALUES ('state', 'state_v1');
            CREATE SCHEMA state_v1; CREATE TABLE state_v1.quiz_responses (response_id uuid, quiz_id text)",
        )
        .await
        .unwrap();
        let world = Self { database, pool, channel, minted: AtomicU64::new(0) };
        world.campaign(CAMPAIGN, "active").await;
        world
    }

    /// A worker's own side of the ledger.
    pub(crate) fn worker(&self, shard: i16) -> LedgerStore {
        LedgerStore::new(&self.database.config(), self.channel, "vendzz-ledger-test", shard)
    }

    /// A worker whose way to the database leads through a proxy.
    pub(crate) fn worker_through(&self, proxy: &CommitProxy) -> LedgerStore {
        let url = proxy.url(&self.database.url()).parse().unwrap();
        LedgerStore::new(&PostgresConfig::at(url), self.channel, "vendzz-ledger-test", 0)
    }

    /// A message of a response of its own, due now.
    pub(crate) fn message(&self, recipient: &str) -> CampaignMessage {
        let number = self.minted.fetch_add(1, Ordering::Relaxed);
        let mut random = [0; 10];
        random[2..].copy_from_slice(&number.to_be_bytes());
        let now = Utc::now().timestamp_millis();
        let response = TimedId::mint_at(now.cast_unsigned(), &random);
        let mut message = CampaignMessage {
            message_id: String::new(),
            account_id: ACCOUNT.to_owned(),
            quiz_id: "quiz-1".to_owned(),
            response_id: response.to_string(),
            campaign_id: CAMPAIGN.to_owned(),
            revision: "r1".to_owned(),
            step_id: "passo-1".to_owned(),
            channel: self.channel.name().to_owned(),
            trigger: "abandoned".to_owned(),
            recipient: recipient.to_owned(),
            recipient_name: String::new(),
            language: "pt-BR".to_owned(),
            subject: String::new(),
            body: "Olá".to_owned(),
            html: String::new(),
            provider_template: None,
            due_at: now - 1_000,
            max_late_ms: 6 * 3_600_000,
            quiet_hours: None,
            frequency_cap: None,
            sender_pool: POOL.to_owned(),
            unless_finished: false,
            unless_sent: None,
            made_from_at: now,
        };
        message.message_id = derived_id(&message).to_string();
        message
    }

    /// What the finish of the same response says instead.
    pub(crate) fn later_of(&self, earlier: &CampaignMessage) -> CampaignMessage {
        let mut later = CampaignMessage {
            trigger: "completed".to_owned(),
            unless_sent: Some(earlier.message_id.clone()),
            unless_finished: false,
            ..earlier.clone()
        };
        later.message_id = derived_id(&later).to_string();
        later
    }

    /// Takes messages in as intake does; says how many are new.
    pub(crate) async fn take_in(&self, messages: &[CampaignMessage]) -> u64 {
        let rows = MessageRow::merge(rows_of(messages));
        let mut db = self.pool.acquire().await.unwrap();
        MessageRow::insert(&rows, &self.source(0), &mut db).await.unwrap()
    }

    pub(crate) fn source(&self, partition: i32) -> Source {
        Source { topic: self.channel.topic().to_owned(), incarnation: "1".to_owned(), partition }
    }

    /// A newer version of the campaign than any before.
    pub(crate) async fn campaign(&self, campaign_id: &str, state: &str) {
        let number = self.minted.fetch_add(1, Ordering::Relaxed).cast_signed();
        let row = CampaignRow::of(definition(campaign_id, state), number, 1_000 + number).unwrap().unwrap();
        let mut db = self.pool.acquire().await.unwrap();
        assert_eq!(CampaignRow::insert(&[row], &self.source(0), &mut db).await.unwrap(), 1);
    }

    pub(crate) async fn standing(&self, message_id: Uuid) -> Standing {
        let mut rows = self.standings(&[message_id]).await;
        assert_eq!(rows.len(), 1, "one row for a message");
        rows.remove(0)
    }

    /// In the order of their ids.
    pub(crate) async fn standings(&self, ids: &[Uuid]) -> Vec<Standing> {
        let sql = "SELECT message_id, state, attempt, token, lease_until, not_before, report, reason,
                provider_ref, events, row::text AS whole
            FROM sending.message_ledger AS row WHERE message_id = ANY($1) ORDER BY message_id";
        sqlx::query_as(sql).bind(ids).fetch_all(&self.pool).await.unwrap()
    }

    pub(crate) async fn state(&self, message_id: Uuid) -> String {
        self.standing(message_id).await.state
    }

    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }

    /// A change of one row behind everybody's back: `sql` goes between SET and WHERE.
    pub(crate) async fn set(&self, message_id: Uuid, sql: &str) {
        let sql = format!("UPDATE sending.message_ledger SET {sql} WHERE message_id = $1");
        let done = sqlx::query(AssertSqlSafe(sql)).bind(message_id).execute(&self.pool).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
    }

    pub(crate) async fn lease_runs_out(&self, message_id: Uuid) {
        self.set(message_id, "lease_until = now() - interval '1 second'").await;
    }

    /// Ids of the messages that have used a recipient's room.
    pub(crate) async fn room_used(&self, recipient: &str) -> Vec<Uuid> {
        let sql = "SELECT message_ids FROM sending.recipients
            WHERE account_id = $1 AND channel = $2 AND recipient = $3";
        let found: Option<Vec<Uuid>> = sqlx::query_scalar(sql)
            .bind(ACCOUNT)
            .bind(self.channel.name())
            .bind(recipient)
            .fetch_optional(&self.pool)
            .await
            .unwrap();
        found.unwrap_or_default()
    }

    /// What the bucket of a sender holds, none when nobody has asked it.
    pub(crate) async fn tokens(&self, sender_id: &str) -> Option<f64> {
        let sql = "SELECT tokens FROM sending.sender_buckets WHERE sender_id = $1";
        sqlx::query_scalar(sql).bind(sender_id).fetch_optional(&self.pool).await.unwrap()
    }

    /// Events are numbered without gaps, each is a `CampaignDelivery` of its message, a resting row's state follows
    /// from them, and the tallies equal a count of the rows.
    pub(crate) async fn check_what_is_told(&self) {
        let sql = "SELECT message_id, state, attempt, token, lease_until, not_before, report, reason,
            provider_ref, events, row::text AS whole FROM sending.message_ledger AS row";
        let rows: Vec<Standing> = sqlx::query_as(sql).fetch_all(&self.pool).await.unwrap();
        let sql =
            "SELECT message_id, number, event::text FROM sending.delivery_events ORDER BY message_id, number";
        let stored: Vec<(Uuid, i16, String)> = sqlx::query_as(sql).fetch_all(&self.pool).await.unwrap();
        let mut events: BTreeMap<Uuid, Vec<CampaignDelivery>> = BTreeMap::new();
        for (message_id, number, text) in stored {
            let event: CampaignDelivery = serde_json::from_str(&text).unwrap();
            assert_eq!((&event.message_id, event.number), (&message_id.to_string(), i32::from(number)));
            assert_eq!((event.campaign_id.as_str(), event.channel.as_str()), (CAMPAIGN, self.channel.name()));
            assert!(event.attempt >= 0 && event.happened_at > 1_600_000_000_000, "{event:?}");
            events.entry(message_id).or_default().push(event);
        }
        let mut counted: BTreeMap<String, i64> = BTreeMap::new();
        for row in &rows {
            let of_row = events.remove(&row.message_id).unwrap_or_default();
            let numbers: Vec<i32> = of_row.iter().map(|event| event.number).collect();
            assert_eq!(numbers, (1..=i32::from(row.events)).collect::<Vec<_>>(), "{row:?}");
            *counted.entry("taken_in".to_owned()).or_default() += 1;
            if let Some(report) = &row.report {
                *counted.entry(report.clone()).or_default() += 1;
                assert!(of_row.iter().any(|event| event.what == *report), "{row:?}");
            }
            if !State::from_name(&row.state).unwrap().is_final() {
                continue;
            }
            *counted.entry(row.state.clone()).or_default() += 1;
            let is_refused = of_row.iter().any(|event| event.what == "failed");
            let expected = match row.report.as_deref() {
                Some("undelivered") if !is_refused => "failed",
                Some(_) if !is_refused => "sent",
                Some(_) => "failed",
                None => of_row.last().unwrap().what.as_str(),
            };
            assert_eq!(row.state, expected, "{of_row:?}");
        }
        assert!(events.is_empty(), "events of messages that are not there");
        assert_eq!(self.database.tallies().await, counted);
    }
}

pub(crate) fn id_of(message: &CampaignMessage) -> Uuid {
    message.message_id.parse().unwrap()
}

pub(crate) fn rows_of(messages: &[CampaignMessage]) -> Vec<MessageRow> {
    let rows = messages.iter().cloned().zip(0..);
    rows.map(|(message, offset)| MessageRow::of(message, offset, 0).unwrap().unwrap()).collect()
}

pub(crate) fn definition(campaign_id: &str, state: &str) -> CampaignDefinition {
    CampaignDefinition {
        account_id: ACCOUNT.to_owned(),
        campaign_id: campaign_id.to_owned(),
        revision: format!("{campaign_id}-{state}"),
        quiz_id: "quiz-1".to_owned(),
        state: state.to_owned(),
        changed_at: 0,
        document: "{}".to_owned(),
    }
}

fn derived_id(message: &CampaignMessage) -> Uuid {
    let origin = MessageOrigin {
        account_id: &message.account_id,
        quiz_id: &message.quiz_id,
        campaign_id: &message.campaign_id,
        step_id: &message.step_id,
        channel: &message.channel,
        trigger: &message.trigger,
    };
    message_id(&origin, &TimedId::parse(&message.response_id).unwrap())
}

pub(crate) fn room_of(sender_pool: &str, room: i64) -> PoolRoom {
    PoolRoom { account_id: ACCOUNT.to_owned(), sender_pool: sender_pool.to_owned(), room }
}

pub(crate) fn sender(id: &str, per_second: f64, burst: u32) -> SenderChoice {
    SenderChoice {
        id: id.to_owned(),
        provider: PROVIDER.to_owned(),
        rate: Rate::new(per_second, burst).unwrap(),
    }
}

/// One that never makes anybody wait.
pub(crate) fn fast_sender() -> SenderChoice {
    sender("s-1", 100_000.0, 100_000)
}

/// As the checks hand a leased row on.
pub(crate) fn candidate(row: &LeasedRow, senders: &[SenderChoice]) -> Candidate {
    Candidate { unless_sent: row.unless_sent, ..candidate_of(&row.message, senders) }
}

pub(crate) fn candidate_of(message: &CampaignMessage, senders: &[SenderChoice]) -> Candidate {
    Candidate {
        message_id: id_of(message),
        account_id: message.account_id.clone(),
        contact: message.recipient.to_lowercase(),
        frequency_cap: message.frequency_cap,
        is_paired: false,
        unless_sent: message.unless_sent.as_deref().map(|id| id.parse().unwrap()),
        senders: senders.to_vec(),
    }
}

pub(crate) fn is_send(decision: &Decision) -> bool {
    matches!(decision, Decision::Send { .. })
}

/// The holder's word on a row; what a move to `waiting` is told as is up to the caller.
pub(crate) fn move_to(message_id: Uuid, token: Uuid, to: State) -> Move {
    Move {
        message_id,
        token,
        to,
        reason: Some("test"),
        provider_ref: None,
        what: (to != State::Waiting).then(|| to.name()),
        wait: Duration::ZERO,
        give_back: None,
        is_uncalled: false,
    }
}

/// The call certainly was not taken: again at once, and the recipient's room is given back.
pub(crate) fn not_taken(message_id: Uuid, token: Uuid, recipient: &str) -> Move {
    Move {
        what: Some("deferred"),
        give_back: Some((ACCOUNT.to_owned(), recipient.to_owned())),
        ..move_to(message_id, token, State::Waiting)
    }
}

/// The call was not made: again at once, as if it had never been admitted.
pub(crate) fn not_called(message_id: Uuid, token: Uuid, recipient: &str) -> Move {
    Move { what: None, is_uncalled: true, ..not_taken(message_id, token, recipient) }
}

/// Leases what is due of the usual pool and is told which decisions fall on it.
pub(crate) async fn lease_and_admit(
    store: &LedgerStore,
    room: i64,
    senders: &[SenderChoice],
) -> (Uuid, Vec<(LeasedRow, Decision)>) {
    let token = Uuid::new_v4();
    let rows = store.lease(&[room_of(POOL, room)], 1_000, token, LEASE).await.unwrap();
    let candidates: Vec<Candidate> = rows.iter().map(|row| candidate(row, senders)).collect();
    let mut admission = store.admit(token, LEASE, &candidates).await.unwrap();
    let decided = rows.into_iter().map(|row| {
        let decision = admission.decisions.remove(&row.message_id).unwrap();
        (row, decision)
    });
    (token, decided.collect())
}
