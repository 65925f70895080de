use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;
use vendzz_runtime::crash_point::crash_point;
use vendzz_schemas::events::FrequencyCap;

use super::finished::Statements;
use super::{LedgerStore, millis};
use crate::planted::{self, Fault};
use crate::policy::{CapVerdict, PAIR_INTERVAL, after_pair_interval, within_cap};
use crate::sender::{Bucket, Rate};

static LOCK_RECIPIENTS: LazyLock<String> =
    LazyLock::new(|| planted::in_statement(include_str!("../sql/lock_recipients.sql")));

/// Sends to a recipient are remembered for so long: no cap looks back further.
const REMEMBERED: TimeDelta = TimeDelta::days(32);

/// No sender of the pool has a token; the wait is until one has.
pub const SENDER_RATE: &str = "sender_rate";

/// While the message that an abandonment made is in a worker's hands, the later one waits.
const EARLIER_IN_HAND: Duration = Duration::from_secs(2);

/// A sender that a message may go out by.
#[derive(Debug, Clone, PartialEq)]
pub struct SenderChoice {
    pub id: String,
    pub provider: String,
    pub rate: Rate,
}

/// A leased row that every check has let through.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub message_id: Uuid,
    pub account_id: String,
    /// Of the ledger's column of this name.
    pub contact: String,
    pub frequency_cap: Option<FrequencyCap>,
    /// One message in [`PAIR_INTERVAL`] to the same recipient.
    pub is_paired: bool,
    pub unless_sent: Option<Uuid>,
    /// Most wanted first.
    pub senders: Vec<SenderChoice>,
}

/// What becomes of a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The row says `sending`, and it is committed: call now.
    Send { sender_id: String },
    /// Back to waiting.
    Wait { reason: &'static str, wait: Duration, is_event: bool },
    /// The earlier message of the same step was sent, or may have been.
    AlreadySaid,
    /// Somebody opted out, paused or finished meanwhile, or the lease is over: the checks look again.
    LookAgain,
}

/// The decisions, once their transaction is committed.
pub struct Admission {
    pub decisions: HashMap<Uuid, Decision>,
}

#[derive(sqlx::FromRow)]
struct Recipient {
    account_id: String,
    recipient: String,
    message_ids: Vec<Uuid>,
    sent_at: Vec<DateTime<Utc>>,
}

#[derive(sqlx::FromRow)]
struct StoredBucket {
    account_id: String,
    sender_id: String,
    tokens: f64,
    refilled_at: DateTime<Utc>,
}

/// What one transaction sees and changes.
struct Books {
    now: DateTime<Utc>,
    recipients: BTreeMap<(String, String), Recipient>,
    buckets: BTreeMap<(String, String), (Bucket, Rate)>,
    /// Of the candidates and of the messages that were made before them.
    states: HashMap<Uuid, String>,
}

impl LedgerStore {
    /// Decides which candidates are called for now, and commits that they are: senders' tokens, recipients' caps and
    /// the rows move together. Two workers that decide on the same recipient or sender take turns by row locks,
    /// always in the order of the keys.
    pub async fn admit(
        &self,
        token: Uuid,
        lease: Duration,
        candidates: &[Candidate],
    ) -> sqlx::Result<Admission> {
        let mut session = self.session().await?;
        let statements = self.statements.get(&mut session).await?;
        session.begin().await?;
        let outcome = session
            .answered(async |db| self.decide_and_move(db, &statements, token, lease, candidates).await)
            .await;
        match outcome {
            Ok(decisions) => {
                crash_point("sender.before_sending_commit");
                session.commit().await?;
                session.release();
                Ok(Admission { decisions })
            }
            Err(error) => {
                session.roll_back().await;
                Err(error)
            }
        }
    }

    async fn decide_and_move(
        &self,
        db: &mut PgConnection,
        statements: &Statements,
        token: Uuid,
        lease: Duration,
        candidates: &[Candidate],
    ) -> sqlx::Result<HashMap<Uuid, Decision>> {
        let mut books = self.open_books(db, candidates).await?;
        let mut decisions = HashMap::new();
        let mut admitted: Vec<(&Candidate, SenderChoice)> = Vec::new();
        for candidate in candidates {
            match books.decide(candidate) {
                Ok(sender) => admitted.push((candidate, sender)),
                Err(decision) => {
                    decisions.insert(candidate.message_id, decision);
                }
            }
        }
        let begun = self.begin_sending(db, statements, token, lease, &admitted).await?;
        for (candidate, sender) in admitted {
            if begun.contains(&candidate.message_id) {
                decisions.insert(candidate.message_id, Decision::Send { sender_id: sender.id });
            } else {
                books.take_back(candidate, &sender);
                decisions.insert(candidate.message_id, Decision::LookAgain);
            }
        }
        self.close_books(db, &books).await?;
        Ok(decisions)
    }

    /// Locks senders, then recipients, then rows (the candidates' own and the earlier messages'): everybody in this
    /// order.
    async fn open_books(&self, db: &mut PgConnection, candidates: &[Candidate]) -> sqlx::Result<Books> {
        let now: DateTime<Utc> = sqlx::query_scalar("SELECT now()").fetch_one(&mut *db).await?;
        let mut rates: BTreeMap<(String, String), Rate> = BTreeMap::new();
        for candidate in candidates {
            for sender in &candidate.senders {
                rates.insert((candidate.account_id.clone(), sender.id.clone()), sender.rate);
            }
        }
        let buckets = self.lock_buckets(db, now, &rates).await?;
        let whom: BTreeSet<(&str, &str)> = candidates
            .iter()
            .map(|candidate| (candidate.account_id.as_str(), candidate.contact.as_str()))
            .collect();
        let accounts: Vec<&str> = whom.iter().map(|(account_id, _)| *account_id).collect();
        let contacts: Vec<&str> = whom.iter().map(|(_, recipient)| *recipient).collect();
        sqlx::query(
            "INSERT INTO sending.recipients (channel, account_id, recipient)
            SELECT $1, * FROM unnest($2::text[], $3::text[])
            ON CONFLICT DO NOTHING",
        )
        .bind(self.channel.name())
        .bind(&accounts)
        .bind(&contacts)
        .execute(&mut *db)
        .await?;
        let recipients: Vec<Recipient> = sqlx::query_as(AssertSqlSafe(LOCK_RECIPIENTS.as_str()))
            .bind(self.channel.name())
            .bind(&accounts)
            .bind(&contacts)
            .fetch_all(&mut *db)
            .await?;
        let ids: BTreeSet<Uuid> = candidates
            .iter()
            .flat_map(|candidate| [Some(candidate.message_id), candidate.unless_sent])
            .flatten()
            .collect();
        let states: HashMap<Uuid, String> = sqlx::query_as(include_str!("../sql/lock_rows.sql"))
            .bind(ids.into_iter().collect::<Vec<_>>())
            .fetch_all(&mut *db)
            .await?
            .into_iter()
            .collect();
        let recipients = recipients
            .into_iter()
            .map(|row| ((row.account_id.clone(), row.recipient.clone()), row))
            .collect();
        Ok(Books { now, recipients, buckets, states })
    }

    async fn lock_buckets(
        &self,
        db: &mut PgConnection,
        now: DateTime<Utc>,
        rates: &BTreeMap<(String, String), Rate>,
    ) -> sqlx::Result<BTreeMap<(String, String), (Bucket, Rate)>> {
        let accounts: Vec<&str> = rates.keys().map(|(account_id, _)| account_id.as_str()).collect();
        let senders: Vec<&str> = rates.keys().map(|(_, sender_id)| sender_id.as_str()).collect();
        let full: Vec<f64> = rates.values().map(|rate| Bucket::full(*rate, now).tokens).collect();
        sqlx::query(
            "INSERT INTO sending.sender_buckets (channel, account_id, sender_id, tokens, refilled_at)
            SELECT $1, account_id, sender_id, tokens, now()
            FROM unnest($2::text[], $3::text[], $4::double precision[]) AS sender (account_id, sender_id, tokens)
            ON CONFLICT DO NOTHING",
        )
        .bind(self.channel.name())
        .bind(&accounts)
        .bind(&senders)
        .bind(&full)
        .execute(&mut *db)
        .await?;
        let stored: Vec<StoredBucket> = sqlx::query_as(
            "SELECT account_id, sender_id, tokens, refilled_at FROM sending.sender_buckets
            WHERE channel = $1 AND (account_id, sender_id) IN (SELECT * FROM unnest($2::text[], $3::text[]))
            ORDER BY account_id, sender_id
            FOR UPDATE",
        )
        .bind(self.channel.name())
        .bind(&accounts)
        .bind(&senders)
        .fetch_all(db)
        .await?;
        let mut buckets = BTreeMap::new();
        for row in stored {
            let key = (row.account_id, row.sender_id);
            if let Some(rate) = rates.get(&key) {
                buckets.insert(key, (Bucket { tokens: row.tokens, refilled_at: row.refilled_at }, *rate));
            }
        }
        Ok(buckets)
    }

    async fn begin_sending(
        &self,
        db: &mut PgConnection,
        statements: &Statements,
        token: Uuid,
        lease: Duration,
        admitted: &[(&Candidate, SenderChoice)],
    ) -> sqlx::Result<BTreeSet<Uuid>> {
        let begun: Vec<Uuid> = sqlx::query_scalar(AssertSqlSafe(statements.begin_sending.clone()))
            .bind(admitted.iter().map(|(candidate, _)| candidate.message_id).collect::<Vec<_>>())
            .bind(admitted.iter().map(|(_, sender)| sender.id.as_str()).collect::<Vec<_>>())
            .bind(admitted.iter().map(|(_, sender)| sender.provider.as_str()).collect::<Vec<_>>())
            .bind(token)
            .bind(millis(lease))
            .fetch_all(db)
            .await?;
        Ok(begun.into_iter().collect())
    }

    async fn close_books(&self, db: &mut PgConnection, books: &Books) -> sqlx::Result<()> {
        let keys: Vec<&(String, String)> = books.buckets.keys().collect();
        sqlx::query(
            "UPDATE sending.sender_buckets
            SET tokens = bucket.tokens, refilled_at = bucket.refilled_at
            FROM unnest($2::text[], $3::text[], $4::double precision[], $5::timestamptz[])
                AS bucket (account_id, sender_id, tokens, refilled_at)
            WHERE sender_buckets.channel = $1
                AND sender_buckets.account_id = bucket.account_id
                AND sender_buckets.sender_id = bucket.sender_id",
        )
        .bind(self.channel.name())
        .bind(keys.iter().map(|key| key.0.as_str()).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| key.1.as_str()).collect::<Vec<_>>())
        .bind(books.buckets.values().map(|(bucket, _)| bucket.tokens).collect::<Vec<_>>())
        .bind(books.buckets.values().map(|(bucket, _)| bucket.refilled_at).collect::<Vec<_>>())
        .execute(&mut *db)
        .await?;
        let recipients: Vec<&Recipient> = books.recipients.values().collect();
        sqlx::query(include_str!("../sql/note_recipients.sql"))
            .bind(self.channel.name())
            .bind(recipients.iter().map(|row| row.account_id.as_str()).collect::<Vec<_>>())
            .bind(recipients.iter().map(|row| row.recipient.as_str()).collect::<Vec<_>>())
            .bind(recipients.iter().map(|row| array(&row.message_ids)).collect::<Vec<_>>())
            .bind(recipients.iter().map(|row| array_of_times(&row.sent_at)).collect::<Vec<_>>())
            .execute(db)
            .await?;
        Ok(())
    }
}

impl Books {
    /// Takes a token and the recipient's room, or says why not.
    fn decide(&mut self, candidate: &Candidate) -> Result<SenderChoice, Decision> {
        if let Some(state) = candidate.unless_sent.and_then(|earlier| self.states.get(&earlier)) {
            match state.as_str() {
                "sent" | "unknown" => return Err(Decision::AlreadySaid),
                "leased" | "sending" => return Err(wait("earlier_in_hand", EARLIER_IN_HAND, false)),
                _ => {}
            }
        }
        let whom = (candidate.account_id.clone(), candidate.contact.clone());
        let now = self.now;
        let Some(recipient) = self.recipients.get_mut(&whom) else { return Err(Decision::LookAgain) };
        let wait_until =
            |reason, until: DateTime<Utc>| wait(reason, (until - now).to_std().unwrap_or_default(), true);
        if candidate.is_paired
            && let Some(until) = after_pair_interval(&recipient.sent_at, now)
        {
            return Err(wait_until("pair_rate", until));
        }
        if let Some(cap) = candidate.frequency_cap {
            match within_cap(cap, &recipient.sent_at, now) {
                CapVerdict::Within => {}
                // The checks decide whether it is worth waiting for.
                CapVerdict::From(_) | CapVerdict::Never => return Err(Decision::LookAgain),
            }
        }
        let sender = self.take_token(candidate)?;
        let Some(recipient) = self.recipients.get_mut(&whom) else { return Err(Decision::LookAgain) };
        if !Fault::CapsForgotten.is_planted() {
            recipient.note(candidate.message_id, now);
        }
        Ok(sender)
    }

    /// A token of the most wanted sender that has one.
    fn take_token(&mut self, candidate: &Candidate) -> Result<SenderChoice, Decision> {
        let mut soonest: Option<DateTime<Utc>> = None;
        for sender in &candidate.senders {
            let key = (candidate.account_id.clone(), sender.id.clone());
            let Some((bucket, rate)) = self.buckets.get_mut(&key) else { continue };
            let (rest, taken) = bucket.take(*rate, 1, self.now);
            if taken == 1 {
                *bucket = rest;
                return Ok(sender.clone());
            }
            let next = bucket.next_at(*rate, self.now);
            soonest = Some(soonest.map_or(next, |soonest| soonest.min(next)));
        }
        let until = soonest.unwrap_or(self.now + PAIR_INTERVAL);
        Err(wait(SENDER_RATE, (until - self.now).to_std().unwrap_or_default(), false))
    }

    fn take_back(&mut self, candidate: &Candidate, sender: &SenderChoice) {
        let key = (candidate.account_id.clone(), sender.id.clone());
        if let Some((bucket, rate)) = self.buckets.get_mut(&key) {
            *bucket = bucket.give_back(*rate, 1);
        }
        let whom = (candidate.account_id.clone(), candidate.contact.clone());
        if let Some(recipient) = self.recipients.get_mut(&whom) {
            recipient.forget(candidate.message_id);
        }
    }
}

impl Recipient {
    fn note(&mut self, message_id: Uuid, now: DateTime<Utc>) {
        let kept: Vec<(Uuid, DateTime<Utc>)> = self
            .message_ids
            .iter()
            .copied()
            .zip(self.sent_at.iter().copied())
            .filter(|(_, at)| now - *at < REMEMBERED)
            .chain([(message_id, now)])
            .collect();
        (self.message_ids, self.sent_at) = kept.into_iter().unzip();
    }

    /// Undoes the last [`Self::note`] of the message, and none that another holder of it has committed.
    fn forget(&mut self, message_id: Uuid) {
        if let Some(place) = self.message_ids.iter().rposition(|id| *id == message_id) {
            self.message_ids.remove(place);
            self.sent_at.remove(place);
        }
    }
}

fn wait(reason: &'static str, wait: Duration, is_event: bool) -> Decision {
    Decision::Wait { reason, wait, is_event }
}

/// Text form of a `uuid[]`: UNNEST flattens arrays of arrays.
fn array(ids: &[Uuid]) -> String {
    let ids: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    format!("{{{}}}", ids.join(","))
}

fn array_of_times(times: &[DateTime<Utc>]) -> String {
    let times: Vec<String> = times.iter().map(|time| format!("\"{}\"", time.to_rfc3339())).collect();
    format!("{{{}}}", times.join(","))
}
