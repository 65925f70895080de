//! Tens of thousands of waiting rows over many weeks: what is asked often stays quick.

use std::time::{Duration, Instant};

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row as _};
use uuid::Uuid;
use vendzz_connectors::ledger::State;
use vendzz_connectors::ledger::store::{Candidate, LedgerStore, Move};
use vendzz_runtime::row_fold::Week;
use vendzz_schemas::campaign::Channel;

use crate::world::{
    ACCOUNT, CAMPAIGN, LEASE, POOL, World, candidate, fast_sender, is_send, move_to, room_of,
};

const ROWS: i64 = 50_000;
const WEEKS: i64 = 8;
const WEEK_MS: i64 = 7 * 24 * 3_600_000;
const QUICK: Duration = Duration::from_millis(200);

/// The store's statements, as the store sends them.
const LEASE_SQL: &str = concat!(
    include_str!("../../src/ledger/sql/lease.sql"),
    include_str!("../../src/ledger/sql/take_due.sql"),
    include_str!("../../src/ledger/sql/facts.sql")
);
const LEASE_LATE_SQL: &str = concat!(
    include_str!("../../src/ledger/sql/lease_late.sql"),
    include_str!("../../src/ledger/sql/take_due.sql"),
    include_str!("../../src/ledger/sql/facts.sql")
);
const MOVE_SQL: &str =
    concat!(include_str!("../../src/ledger/sql/move.sql"), include_str!("../../src/ledger/sql/tell.sql"));
const EXPIRE_SQL: &str =
    concat!(include_str!("../../src/ledger/sql/expire.sql"), include_str!("../../src/ledger/sql/tell.sql"));
const BEGIN_SENDING_SQL: &str = include_str!("../../src/ledger/sql/begin_sending.sql");
const LOCK_ROWS_SQL: &str = include_str!("../../src/ledger/sql/lock_rows.sql");
const DUE_SQL: &str = include_str!("../../src/ledger/sql/due.sql");

/// As many rows in each week, whatever day it is: a small week would rightly be read as a whole. Half of the rows are
/// unless_finished, and as many name an earlier one.
async fn with_many_rows() -> World {
    let world = World::new(Channel::Sms).await;
    let mut db = world.pool.acquire().await.unwrap();
    db.execute("DROP TABLE sending.message_ledger_test").await.unwrap();
    let first_week = Week::of(chrono::Utc::now().timestamp_millis() - (WEEKS - 1) * WEEK_MS).unwrap();
    let first = minted_at(first_week.from());
    for number in 0..WEEKS {
        let week = Week::of(first + number * WEEK_MS).unwrap();
        let (name, from, to) = (week.table("message_ledger"), week.from(), week.to());
        let sql = format!(
            "CREATE TABLE sending.{name} PARTITION OF sending.message_ledger FOR VALUES FROM ('{from}') TO ('{to}')"
        );
        db.execute(AssertSqlSafe(sql)).await.unwrap();
    }
    let sql = format!(
        "INSERT INTO sending.message_ledger (message_id, channel, account_id, quiz_id, response_id, campaign_id,
            revision, step_id, recipient, sender_pool, unless_finished, unless_sent, message, due_at, late_from,
            not_before)
        SELECT id, 'sms', '{ACCOUNT}', 'quiz-1', id, '{CAMPAIGN}', 'r1', 'passo-1',
            '+55119' || lpad((number % 20000)::text, 8, '0'), '{POOL}', number % 2 = 0,
            CASE WHEN number % 2 = 1 THEN gen_random_uuid() END,
            replace(replace($3, '@ID', id::text), '@WHO', '+55119' || lpad((number % 20000)::text, 8, '0'))::json,
            now() - number * interval '1 second', now() + interval '1 day', now() - number * interval '1 second'
        FROM (
            SELECT number, (lpad(to_hex($1 + (number * 7919 % $2) * {span} / $2), 12, '0')
                || '8' || substr(md5(number::text), 2, 3) || '8' || substr(md5(number::text), 6, 15))::uuid AS id
            FROM generate_series(0, $2 - 1) AS number
        ) AS minted",
        span = WEEKS * WEEK_MS
    );
    let mut sample = world.message("@WHO");
    "@ID".clone_into(&mut sample.message_id);
    let document = serde_json::to_string(&sample).unwrap();
    let done = sqlx::query(AssertSqlSafe(sql))
        .bind(first)
        .bind(ROWS)
        .bind(document)
        .execute(&mut *db)
        .await
        .unwrap();
    assert_eq!(done.rows_affected(), ROWS.unsigned_abs());
    db.execute("ANALYZE").await.unwrap();
    drop(db);
    world
}

/// The millisecond of a timed id.
fn minted_at(id: Uuid) -> i64 {
    i64::try_from(id.as_u128() >> 80).unwrap()
}

fn taking(sql: &str, token: &str, lease_ms: &str) -> String {
    sql.replace("$STATE", "state_v1").replace("$TOKEN", token).replace("$LEASE_MS", lease_ms)
}

/// The plan that serves any parameters, as a prepared statement gets it after some uses, and the one for these.
async fn plans(db: &mut PgConnection, sql: &str, arguments: &str) -> Vec<String> {
    let mut plans = Vec::new();
    for mode in ["force_generic_plan", "force_custom_plan"] {
        db.execute(AssertSqlSafe(format!("SET plan_cache_mode = {mode}"))).await.unwrap();
        db.execute(AssertSqlSafe(format!("PREPARE asked AS {sql}"))).await.unwrap();
        let explain = format!("EXPLAIN EXECUTE asked ({arguments})");
        let lines: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(explain)).fetch_all(&mut *db).await.unwrap();
        db.execute("DEALLOCATE asked").await.unwrap();
        plans.push(lines.join("\n"));
    }
    plans
}

#[tokio::test]
async fn no_statement_reads_the_whole_ledger() {
    let world = with_many_rows().await;
    let mut db = world.pool.acquire().await.unwrap();
    let sql = "SELECT string_agg(message_id::text, ',') FROM (SELECT message_id FROM sending.message_ledger
        ORDER BY not_before LIMIT 100) AS oldest";
    let ids: String = sqlx::query_scalar(sql).fetch_one(&mut *db).await.unwrap();
    let token = Uuid::new_v4();
    let of_each = |value: &str| format!("array_fill({value}, ARRAY[100])");
    let moves = format!(
        "'{{{ids}}}', {}, {}, {}, {}, {}, {}, 1, {}",
        of_each("'sent'::text"),
        of_each("NULL::text"),
        of_each("'ref'::text"),
        of_each("'sent'::text"),
        of_each("0::bigint"),
        of_each(&format!("'{token}'::uuid")),
        of_each("false")
    );
    let begun =
        format!("'{{{ids}}}', {}, {}, '{token}', 60000", of_each("'s-1'::text"), of_each("'provedor'::text"));
    let statements = [
        (
            "lease",
            taking(LEASE_SQL, "$5", "$6"),
            format!("'sms', '{{{ACCOUNT}}}', '{{{POOL}}}', '{{100}}', '{token}', 60000, 100"),
        ),
        ("lease_late", taking(LEASE_LATE_SQL, "$3", "$4"), format!("'sms', 200, '{token}', 60000")),
        ("move", MOVE_SQL.replace("$SHARD", "$8"), moves),
        ("expire", EXPIRE_SQL.replace("$SHARD", "$3"), "'sms', 1000, 1".to_owned()),
        ("begin_sending", BEGIN_SENDING_SQL.replace("$STATE", "state_v1"), begun),
        ("due", DUE_SQL.to_owned(), format!("'sms', '{{{ACCOUNT}}}', '{{{POOL}}}', 100")),
        ("lock_rows", LOCK_ROWS_SQL.to_owned(), format!("'{{{ids}}}'")),
    ];
    let mut slow = Vec::new();
    for (name, sql, arguments) in statements {
        for plan in plans(&mut db, &sql, &arguments).await {
            // The one for ids of no week is empty.
            if plan.contains("Seq Scan on message_ledger_2") {
                slow.push(format!("{name}:\n{plan}"));
            }
        }
    }
    assert!(slow.is_empty(), "{}", slow.join("\n\n"));
}

#[tokio::test]
async fn what_is_due_is_counted_quickly_for_one_pool_and_for_many() {
    let world = with_many_rows().await;
    let mut config = world.database.config();
    config.connections = 1;
    let store = LedgerStore::new(&config, Channel::Sms, "vendzz-ledger-test", 0);
    let pool = |name: String| (ACCOUNT.to_owned(), name);
    let one = vec![pool(POOL.to_owned())];
    let many: Vec<_> = (1..200).map(|number| pool(format!("pool-{number}"))).chain(one.clone()).collect();
    for state in ["active", "paused"] {
        world.campaign(CAMPAIGN, state).await;
        for (pools, share) in [(&one, 20_000), (&many, 100)] {
            let mut counts = Times(Vec::new());
            for _ in 0..9 {
                let begin = Instant::now();
                let due = store.due(pools, share).await.unwrap();
                counts.0.push(begin.elapsed());
                assert_eq!(due, if state == "active" { share } else { 0 });
            }
            let usual = counts.usual();
            println!("{} pools, {state}: {usual:?}", pools.len());
            assert!(usual < QUICK, "{} pools, {state}: {usual:?}", pools.len());
        }
    }
}

/// What a statement answers, and how many rows and index entries of the ledger it reads for that.
async fn answered_and_read(db: &mut PgConnection, sql: &str, arguments: &str) -> (Vec<PgRow>, i64) {
    let mut transaction = db.begin().await.unwrap();
    transaction.execute(AssertSqlSafe(format!("PREPARE asked AS {sql}"))).await.unwrap();
    let before = entries_read(&mut transaction).await;
    let execute = format!("EXECUTE asked ({arguments})");
    let answered = transaction.fetch_all(AssertSqlSafe(execute)).await.unwrap();
    let read = entries_read(&mut transaction).await - before;
    transaction.execute("DEALLOCATE asked").await.unwrap();
    transaction.commit().await.unwrap();
    println!("{read} read for {}", answered.len());
    (answered, read)
}

/// Of the ledger and its indexes, by this session, counted within a transaction.
async fn entries_read(db: &mut PgConnection) -> i64 {
    let sql = "SELECT (
            (SELECT sum(coalesce(seq_tup_read, 0)) FROM pg_stat_xact_user_tables
                WHERE schemaname = 'sending' AND relname LIKE 'message_ledger%')
            + (SELECT sum(pg_stat_get_xact_tuples_returned(indexrelid)) FROM pg_stat_user_indexes
                WHERE schemaname = 'sending' AND relname LIKE 'message_ledger%')
        )::bigint";
    sqlx::query_scalar(sql).fetch_one(db).await.unwrap()
}

fn lease_of(rows: usize) -> String {
    format!("'sms', '{{{ACCOUNT}}}', '{{{POOL}}}', '{{{rows}}}', '{}', 60000, {rows}", Uuid::new_v4())
}

/// Fifty thousand rows of a campaign that is paused lie before those of one that goes on.
#[tokio::test]
async fn nothing_is_read_of_a_campaign_that_is_paused() {
    let world = with_many_rows().await;
    world.campaign(CAMPAIGN, "paused").await;
    world.campaign("another", "active").await;
    let mut db = world.pool.acquire().await.unwrap();
    let sql = "UPDATE sending.message_ledger SET campaign_id = 'another' WHERE message_id IN
        (SELECT message_id FROM sending.message_ledger ORDER BY not_before DESC LIMIT 500)";
    db.execute(sql).await.unwrap();
    db.execute("VACUUM ANALYZE sending.message_ledger").await.unwrap();
    let (leased, read) = answered_and_read(&mut db, &taking(LEASE_SQL, "$5", "$6"), &lease_of(50)).await;
    assert_eq!(leased.len(), 50);
    assert!(read < 700, "{read} read for a lease of 50");
    let of_pool = format!("'sms', '{{{ACCOUNT}}}', '{{{POOL}}}', 20000");
    let (counted, read) = answered_and_read(&mut db, DUE_SQL, &of_pool).await;
    assert_eq!(counted[0].get::<i64, _>(0), 450);
    assert!(read < 1_000, "{read} read for a count of 450");
}

/// Fifty thousand rows that are due, of sixteen campaigns.
#[tokio::test]
async fn of_many_campaigns_a_lease_reads_little_more_than_it_takes() {
    const CAMPAIGNS: i64 = 16;
    let world = with_many_rows().await;
    for number in 0..CAMPAIGNS {
        world.campaign(&format!("many-{number}"), "active").await;
    }
    let mut db = world.pool.acquire().await.unwrap();
    let sql = "UPDATE sending.message_ledger
        SET campaign_id = 'many-' || abs(hashtext(message_id::text)::bigint % $1)";
    sqlx::query(sql).bind(CAMPAIGNS).execute(&mut *db).await.unwrap();
    db.execute("VACUUM ANALYZE sending.message_ledger").await.unwrap();
    let (leased, read) = answered_and_read(&mut db, &taking(LEASE_SQL, "$5", "$6"), &lease_of(50)).await;
    assert_eq!(leased.len(), 50);
    assert!(read < 700, "{read} read for a lease of 50");
}

/// How long each of some took.
struct Times(Vec<Duration>);

impl Times {
    /// The median: the machine may be busy with something else.
    fn usual(&mut self) -> Duration {
        self.0.sort_unstable();
        self.0[self.0.len() / 2]
    }
}

#[tokio::test]
async fn a_hundred_rows_of_fifty_thousand_are_leased_admitted_and_moved_quickly() {
    let world = with_many_rows().await;
    let mut config = world.database.config();
    // One connection, so that its prepared statements get the plans that serve any parameters.
    config.connections = 1;
    let store = LedgerStore::new(&config, Channel::Sms, "vendzz-ledger-test", 0);
    let [mut leases, mut admissions, mut moves, mut sweeps] = [const { Vec::new() }; 4].map(Times);
    for _ in 0..15 {
        let token = Uuid::new_v4();
        let begin = Instant::now();
        let rows = store.lease(&[room_of(POOL, 100)], 1_000, token, LEASE).await.unwrap();
        leases.0.push(begin.elapsed());
        assert_eq!(rows.len(), 100);
        let candidates: Vec<Candidate> = rows.iter().map(|row| candidate(row, &[fast_sender()])).collect();
        let begin = Instant::now();
        let decisions = store.admit(token, LEASE, &candidates).await.unwrap().decisions;
        admissions.0.push(begin.elapsed());
        assert!(decisions.values().all(is_send));
        let done: Vec<Move> = rows.iter().map(|row| move_to(row.message_id, token, State::Sent)).collect();
        let begin = Instant::now();
        assert_eq!(store.apply(&done).await.unwrap().len(), 100);
        moves.0.push(begin.elapsed());
        let begin = Instant::now();
        assert_eq!(store.expire(1_000).await.unwrap().len(), 0);
        sweeps.0.push(begin.elapsed());
    }
    let usual = [&mut leases, &mut admissions, &mut moves, &mut sweeps].map(Times::usual);
    println!("lease, admit, move, sweep: {usual:?}");
    assert!(usual.iter().all(|time| *time < QUICK), "lease, admit, move, sweep: {usual:?}");
}
